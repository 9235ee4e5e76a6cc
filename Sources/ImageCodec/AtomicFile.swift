import Glibc

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Writes bytes to a file, replacing one of that name.
    ///
    /// The bytes go into a hidden file in the same directory, reach the disk, and then take the name in one step, so no
    /// reader, crash or full disk ever leaves half a file under it. A symbolic link is followed. An existing file keeps
    /// its permissions; a new one has 0666 less the process's mask.
    ///
    /// - Throws: ``ImageError`` with the codes `badPath`, `noSpace` or `fileSystem`. Whatever the file held before stays.
    public static func write(_ bytes: [UInt8], to path: String) throws(ImageError) {
        try self.write(bytes, to: path) { Glibc.write($0, $1.baseAddress, $1.count) }
    }

    /// As above, with the system call that writes as an argument, so that tests can have the disk fail.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        writeSome: (Int32, UnsafeRawBufferPointer) -> Int
    ) throws(ImageError) {
        let target = try Target(path)
        let temporary = "\(target.directory)/.\(getpid())-\(UInt64.random(in: .min ... .max)).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw self.failure("create a file in", target.directory, errno) }
        do throws(ImageError) {
            defer { close(descriptor) }
            try self.fill(descriptor, bytes, target: target, writeSome: writeSome)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target.path) == 0 else {
            let code = errno
            unlink(temporary)
            throw self.failure("put a file in place at", target.path, code)
        }
        // Makes the new name last. Some file systems refuse this, and the file is there all the same.
        let directory = open(target.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private static func fill(
        _ descriptor: Int32,
        _ bytes: [UInt8],
        target: Target,
        writeSome: (Int32, UnsafeRawBufferPointer) -> Int
    ) throws(ImageError) {
        if let mode = target.mode, fchmod(descriptor, mode) != 0 {
            throw self.failure("keep the permissions of", target.path, errno)
        }
        var written = 0
        while written < bytes.count {
            let (count, code) = bytes.withUnsafeBytes { buffer in
                let count = writeSome(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
                return (count, errno)
            }
            if count > 0 {
                written += count
            } else if count == 0 || code != EINTR {
                throw self.failure("write \(bytes.count) bytes to", target.path, count == 0 ? ENOSPC : code)
            }
        }
        // A full disk or network share may only say so here.
        guard fsync(descriptor) == 0 else {
            throw self.failure("write \(bytes.count) bytes to", target.path, errno)
        }
    }

    private static func failure(_ what: String, _ path: String, _ code: Int32) -> ImageError {
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            ImageError(
                .noSpace,
                "cannot \(what) \(path): the disk or the quota is full; make room and run it again (nothing was replaced)"
            )
        case EACCES, EPERM, EROFS:
            ImageError(.fileSystem, "cannot \(what) \(path): no permission; choose another place (\(self.text(code)))")
        default:
            ImageError(.fileSystem, "cannot \(what) \(path): \(self.text(code))")
        }
    }

    fileprivate static func text(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}

/// Where a file is to appear, with links followed.
private struct Target {
    let path: String
    let directory: String
    /// The permissions of the file that is there, if any.
    let mode: mode_t?

    init(_ path: String) throws(ImageError) {
        guard !path.isEmpty else { throw ImageError(.badPath, "the path of the file to write is empty") }
        var status = stat()
        var resolved = path
        if stat(path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFREG: break
            case S_IFDIR: throw ImageError(.badPath, "\(path) is a directory: name a file, such as \(path)/frame.png")
            default: throw ImageError(.badPath, "\(path) is a device or a pipe: name a regular file")
            }
            guard let real = realpath(path, nil) else {
                throw ImageError(.badPath, "cannot follow \(path): \(AtomicFile.text(errno))")
            }
            defer { free(real) }
            resolved = String(cString: real)
            self.mode = status.st_mode & 0o7777
        } else {
            guard path.last != "/" else {
                throw ImageError(.badPath, "\(path) names a directory: name a file, such as \(path)frame.png")
            }
            self.mode = nil
        }
        let parts = resolved.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = parts.map { String(resolved[..<$0]) } ?? "."
        self.directory = directory.isEmpty ? "/" : directory
        self.path = resolved
        guard stat(self.directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ImageError(.badPath, "there is no directory \(self.directory) for \(path): create it first")
        }
    }
}
