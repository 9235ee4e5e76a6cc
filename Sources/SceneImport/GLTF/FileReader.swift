import Glibc

/// Reads whole files, and only regular ones: a pipe or a device may never end.
enum FileReader {
    /// The bytes of a file.
    static func read(_ path: String, maxBytes: Int) throws(ImportError) -> [UInt8] {
        // Without O_NONBLOCK, opening a pipe waits for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw self.failure(path, errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw self.failure(path, errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
            throw ImportError(.unreadable, "\(path) is \(kind): name a file")
        }
        let size = Int(status.st_size)
        guard size <= maxBytes else {
            throw ImportError(.tooLarge, "\(path) has \(size) bytes, \(maxBytes) are allowed")
        }
        var bytes = [UInt8](repeating: 0, count: size)
        var offset = 0
        while offset < size {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + offset }, size - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw self.failure(path, errno)
            }
            guard count > 0 else {
                throw ImportError(.unreadable, "\(path) became shorter while it was read: try again")
            }
            offset += count
        }
        return bytes
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
