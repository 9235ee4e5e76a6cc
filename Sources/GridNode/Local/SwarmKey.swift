import FoundationEssentials
import PeerSession

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The key file of a private grid, as libp2p programs have it.
public enum SwarmKey {
    /// The file in a data directory that is used when no other is named.
    static let fileName = "swarm.key"

    /// Reads the key of a private grid: from the named file, else from the data directory's `swarm.key`, else none.
    ///
    /// - Throws: ``NodeError`` when the file cannot be read, can be read by others, or holds no key.
    static func load(_ path: String?, dataDirectory: String) throws -> PreSharedKey? {
        if let path { return try self.read(path) }
        // What submits has a directory of its own inside of the node's.
        let parent = dataDirectory.hasSuffix("/submitter") ? [String(dataDirectory.dropLast("/submitter".count))] : []
        let candidates = ([dataDirectory] + parent).map { "\($0)/\(self.fileName)" }
        return try candidates.first { FileManager.default.fileExists(atPath: $0) }.map { try self.read($0) }
    }

    /// What people compare to see whether they have the same key, or nil where a data directory has none.
    ///
    /// - Throws: As the node does when it reads the file.
    public static func fingerprint(in dataDirectory: String) throws -> String? {
        try self.load(nil, dataDirectory: dataDirectory)?.fingerprint
    }

    /// Makes the key of a new private grid and writes it to a file that only its owner can read.
    ///
    /// - Returns: The key's fingerprint.
    /// - Throws: ``NodeError`` when the file exists or cannot be written.
    public static func create(at path: String) throws -> String {
        let key = PreSharedKey.generate()
        var text = key.fileBytes
        defer { SodiumMemory.wipe(&text) }
        try SecretFile.write(text, to: path)
        return key.fingerprint
    }

    private static func read(_ path: String) throws -> PreSharedKey {
        var bytes = try SecretFile.read(path, limit: PreSharedKey.fileSizeMax)
        defer { SodiumMemory.wipe(&bytes) }
        do {
            return try PreSharedKey(parsing: bytes)
        } catch {
            throw NodeError(
                .storage,
                "\(path) holds no key of a private grid: \(error)",
                hint: "ask for the file again, or make a new grid: tessera keys grid FILE"
            )
        }
    }
}

/// Files that only their owner may read.
enum SecretFile {
    /// Reads at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw NodeError(.storage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw NodeError(
                .storage,
                "\(path) can be read by others, so it is no secret any more",
                hint: "if nobody else had access: chmod 600 \(path)"
            )
        }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        defer { SodiumMemory.wipe(&bytes) }
        let size = bytes.withUnsafeMutableBytes { readBytes($0, from: descriptor) }
        guard size >= 0, size <= limit else {
            throw NodeError(.storage, "\(path) is no key: it has more than \(limit) bytes, or cannot be read")
        }
        return Array(bytes.prefix(size))
    }

    /// Writes a new file, readable by its owner only.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let number = errno
            throw NodeError(
                .storage,
                "\(path) cannot be written: \(String(cString: strerror(number)))",
                hint: number == EEXIST ? "choose another file; keys are never written over" : nil
            )
        }
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ writeBytes($0, to: descriptor) }) == bytes.count, fsync(descriptor) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(path)
            throw NodeError(.storage, "\(path) cannot be written: \(reason)")
        }
    }
}

// Inside of the type, `read` and `write` would mean its own functions.
private func readBytes(_ memory: UnsafeMutableRawBufferPointer, from descriptor: CInt) -> Int {
    read(descriptor, memory.baseAddress, memory.count)
}

private func writeBytes(_ memory: UnsafeRawBufferPointer, to descriptor: CInt) -> Int {
    write(descriptor, memory.baseAddress, memory.count)
}
