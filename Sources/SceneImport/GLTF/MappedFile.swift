import Glibc

/// A file whose bytes lie in the address space and are read from the disk when they are looked at.
///
/// So an asset may be larger than the machine's memory. Whoever shortens the file meanwhile ends this process, as the
/// system has it; imports are for files at rest.
///
/// `@unchecked Sendable` is sound: the mapping is private and only read, and goes with the last reference.
final class MappedFile: @unchecked Sendable {
    /// The contents.
    let bytes: UnsafeRawBufferPointer

    /// Maps a regular file; a pipe or a device, which may never end, is refused.
    init(_ path: String, maxBytes: Int) throws(ImportError) {
        // Without O_NONBLOCK, opening a pipe waits for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Self.failure(path, errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw Self.failure(path, errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
            throw ImportError(.unreadable, "\(path) is \(kind): name a file")
        }
        let size = Int(status.st_size)
        guard size <= maxBytes else {
            throw ImportError(.tooLarge, "\(path) has \(size) bytes, \(maxBytes) are allowed", limit: .bytes)
        }
        guard size > 0 else {
            self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw Self.failure(path, errno)
        }
        self.bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        if let base = self.bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), self.bytes.count)
        }
    }

    /// Gives back the memory of what was looked at; the system reads it again where it is looked at again.
    func releasePages() {
        guard let base = self.bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base), self.bytes.count, MADV_DONTNEED)
    }

    /// The path without symbolic links, or nothing when it does not exist.
    static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure(_ path: String, _ code: Int32) -> ImportError {
        let reason =
            switch code {
            case ENOENT, ENOTDIR: "does not exist: check the path"
            case EACCES, EPERM: "may not be read by this user: check its permissions"
            case ENAMETOOLONG: "has too long a name"
            default: "cannot be read (\(String(cString: strerror(code))))"
            }
        return ImportError(.unreadable, "\(path) \(reason)")
    }
}
