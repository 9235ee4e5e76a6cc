import FoundationEssentials
import PeerSession

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The node's key file.
enum NodeIdentity {
    /// Where the key of a data directory lies: libp2p's PrivateKey encoding of an Ed25519 key.
    static func path(in dataDirectory: String) -> String {
        dataDirectory + "/identity.key"
    }

    /// Reads the key of a data directory, or makes one on first start (directory 0700, file 0600).
    ///
    /// - Throws: ``NodeError`` when the file is readable by others, damaged, or cannot be made.
    static func loadOrCreate(in dataDirectory: String) throws -> IdentityKey {
        try self.makeDirectory(dataDirectory)
        let path = self.path(in: dataDirectory)
        guard FileManager.default.fileExists(atPath: path) else { return try self.create(at: path) }
        return try self.load(path)
    }

    /// The key that signs what is submitted from a directory: its own where it has one, and else that of the node in whose
    /// directory `submitter` lies, so that the grid knows who lends and who asks as one.
    ///
    /// - Throws: As ``loadOrCreate(in:)``.
    static func ofSubmitter(in dataDirectory: String) throws -> IdentityKey {
        try self.makeDirectory(dataDirectory)
        return try self.loadOrCreate(in: self.submitterHome(dataDirectory))
    }

    /// Where the key of ``ofSubmitter(in:)`` lies.
    static func submitterHome(_ dataDirectory: String) -> String {
        let suffix = "/submitter"
        let hasOwn = FileManager.default.fileExists(atPath: self.path(in: dataDirectory))
        return hasOwn || !dataDirectory.hasSuffix(suffix) ? dataDirectory : String(dataDirectory.dropLast(suffix.count))
    }

    /// Makes the data directory, for its owner only, unless it is there.
    static func makeDirectory(_ dataDirectory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: dataDirectory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw NodeError(
                .storage,
                "the data directory \(dataDirectory) cannot be made",
                hint: "choose another with --data"
            )
        }
    }

    private static func load(_ path: String) throws -> IdentityKey {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw NodeError(.storage, "the key \(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw NodeError(
                .storage,
                "the key \(path) can be read by others, so it is no secret any more",
                hint: "if nobody else had access: chmod 600 \(path)"
            )
        }
        var bytes = [UInt8](repeating: 0, count: IdentityKey.encodedSize + 1)
        defer { SodiumMemory.wipe(&bytes) }
        let count = read(descriptor, &bytes, bytes.count)
        guard count == IdentityKey.encodedSize else {
            throw NodeError(
                .storage,
                "the key \(path) is damaged (\(count) bytes instead of \(IdentityKey.encodedSize))",
                hint: "restore it from a backup, or move it away: the node then makes a new identity"
            )
        }
        bytes.removeLast(bytes.count - count)
        return try IdentityKey(encoded: bytes)
    }

    /// Makes a key; when another program makes one at the same moment, the first one is the key of both.
    private static func create(at path: String) throws -> IdentityKey {
        let key = IdentityKey.generate()
        var bytes = key.encoded()
        defer { SodiumMemory.wipe(&bytes) }
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw NodeError(
                .storage,
                "the key \(path) cannot be made: \(String(cString: strerror(errno)))",
                hint: "choose a directory that you can write, with --data"
            )
        }
        defer { unlink(temporary) }
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        // A link, unlike a rename, never replaces a key that is there.
        guard isWritten, link(temporary, path) == 0 else {
            let number = errno
            if isWritten, number == EEXIST { return try self.load(path) }
            throw NodeError(.storage, "the key \(path) cannot be written: \(String(cString: strerror(number)))")
        }
        return key
    }
}
