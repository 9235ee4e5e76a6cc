#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The directory that one node keeps everything in, held by one process at a time.
///
///     let directory = try DataDirectory(path: "/home/ada/.local/share/tessera")
///     let database = try GridDatabase(in: directory)
///     let chunks = try ChunkStore(in: directory, quota: 10 << 30)
///
/// The hold is an advisory lock on `tessera.lock` (`flock`), which the kernel drops when the process ends, however it
/// ends. It is *not* kept over network file systems that ignore `flock`.
public final class DataDirectory: Sendable {
    /// The directory's path as it was given; an empty one is the current directory.
    public let path: String
    private let lockDescriptor: Int32

    /// Makes the directory (mode 0700, with its parents) where it is missing, and takes hold of it.
    ///
    /// - Throws: ``StoreError`` with code `inUse` when another process holds it, `notWritable`, `diskFull`,
    ///   `inputOutput`.
    public init(path: String) throws(StoreError) {
        let path = path.isEmpty ? "." : path
        self.path = path
        try Self.makeDirectories(path)
        let lockPath = "\(path)/tessera.lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(action: "create", path: lockPath, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard number == EWOULDBLOCK else { throw StoreError(action: "lock", path: lockPath, errno: number) }
            throw StoreError(
                .inUse,
                path: path,
                message: "another node uses this data directory: \(path)\(holder); stop it, or give this one its own "
                    + "with --data"
            )
        }
        self.lockDescriptor = descriptor
        // The process id is only for the message above; the lock itself is what counts.
        let note = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, note, note.count, 0) }
    }

    deinit {
        close(self.lockDescriptor)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return "" }
        let digits = bytes.prefix(count).prefix { (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }

    /// Makes a directory and its missing parents; one that is there already is fine.
    static func makeDirectories(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o700) != 0 else { continue }
            let number = errno
            if Self.isDirectory(made) { continue }
            throw StoreError(action: "create the directory", path: made, errno: number)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
