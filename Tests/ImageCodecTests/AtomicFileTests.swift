import Foundation
import ImageCodec
import Testing

struct AtomicFileTests {
    /// Runs `body` with a new directory, and removes it.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/tessera-atomic-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func contents(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    private func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test
    func `a file is written, and replaced, and nothing else remains`() throws {
        try withDirectory { directory in
            let path = directory + "/a.png"
            try AtomicFile.write([1, 2, 3], to: path)
            #expect(contents(path) == [1, 2, 3])
            try AtomicFile.write([], to: path)
            #expect(contents(path) == [])
            #expect(try names(in: directory) == ["a.png"])
        }
    }

    @Test
    func `directories, devices and missing directories are refused`() throws {
        try withDirectory { directory in
            for path in [
                "", directory, directory + "/", directory + "/new/", directory + "/no/such/a.png", "/dev/null",
            ] {
                #expect(throws: ImageError(.badPath, ""), "\(path)") { try AtomicFile.write([1], to: path) }
            }
            let left = try names(in: directory)
            #expect(left.isEmpty)
        }
    }

    @Test
    func `a disk that fills up leaves the old file, and no other`() throws {
        try withDirectory { directory in
            let path = directory + "/a.png"
            try AtomicFile.write([1, 2, 3], to: path)
            var room = 1000
            let error = #expect(throws: ImageError(.noSpace, "")) {
                try AtomicFile.write([UInt8](repeating: 7, count: 5000), to: path) { descriptor, buffer in
                    guard room > 0 else {
                        errno = ENOSPC
                        return -1
                    }
                    let count = write(descriptor, buffer.baseAddress, min(room, buffer.count, 300))
                    room -= count
                    return count
                }
            }
            #expect(error?.message.contains("full") == true)
            #expect(contents(path) == [1, 2, 3])
            #expect(try names(in: directory) == ["a.png"])
        }
    }

    @Test
    func `writes that are interrupted or short go on`() throws {
        try withDirectory { directory in
            let bytes = (0 ..< 1000).map { UInt8($0 & 0xFF) }
            var calls = 0
            try AtomicFile.write(bytes, to: directory + "/a") { descriptor, buffer in
                calls += 1
                guard calls % 3 != 0 else {
                    errno = EINTR
                    return -1
                }
                return write(descriptor, buffer.baseAddress, min(7, buffer.count))
            }
            #expect(contents(directory + "/a") == bytes)
        }
    }

    @Test
    func `a limit on file sizes is reported as a full disk`() async throws {
        await #expect(processExitsWith: .success) {
            // In a process of its own, since the limit is the process's.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let path = NSTemporaryDirectory() + "/tessera-limit-\(UUID().uuidString)"
            #expect(throws: ImageError(.noSpace, "")) {
                try AtomicFile.write([UInt8](repeating: 1, count: 100_000), to: path)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test
    func `a link is followed, and permissions stay`() throws {
        try withDirectory { directory in
            let real = directory + "/real"
            try AtomicFile.write([1], to: real)
            #expect(chmod(real, 0o640) == 0)
            #expect(symlink("real", directory + "/link") == 0)
            try AtomicFile.write([2], to: directory + "/link")
            #expect(contents(real) == [2])
            var status = stat()
            #expect(lstat(directory + "/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
            #expect(stat(real, &status) == 0 && status.st_mode & 0o777 == 0o640)
        }
    }
}
