import GridStore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct DataDirectoryTests {
    private let temporary: TemporaryDirectory

    init() throws {
        self.temporary = try TemporaryDirectory()
    }

    @Test
    func `missing parents are made, for this user alone`() throws {
        let path = "\(self.temporary.path)/a/b/c"
        let directory = try DataDirectory(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(directory.path == path)
    }

    @Test
    func `a second holder is refused by name until the first is gone`() throws {
        let path = "\(self.temporary.path)/data"
        var first: DataDirectory? = try DataDirectory(path: path)
        #expect(first?.path == path)
        let error = try #require(throws: StoreError.self) { _ = try DataDirectory(path: path) }
        #expect(error.code == .inUse)
        #expect(error.message.contains("another node uses this data directory: \(path) (process \(getpid()))"))
        first = nil
        _ = try DataDirectory(path: path)
    }

    @Test
    func `a file in the way is named`() throws {
        try self.temporary.write([1], to: "file")
        let path = "\(self.temporary.path)/file/data"
        let error = try #require(throws: StoreError.self) { _ = try DataDirectory(path: path) }
        #expect(error.code == .notWritable)
        #expect(error.message.contains("\(self.temporary.path)/file"))
    }

    @Test
    func `a directory that cannot be written says what to do`() throws {
        // For root every mode is writable, so a kernel file system stands in.
        let path = geteuid() == 0 ? "/sys/kernel/tessera" : "\(self.temporary.path)/closed"
        if geteuid() != 0 {
            #expect(mkdir(path, 0o500) == 0)
        }
        let error = try #require(throws: StoreError.self) { _ = try DataDirectory(path: path) }
        #expect(error.code == .notWritable)
        #expect(error.message.contains(path))
        #expect(error.message.contains("choose another data directory"))
    }
}
