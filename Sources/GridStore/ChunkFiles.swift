import GridWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The calls of the system that change what is on the disk, so that tests and the simulator can fill it, or cut its power.
package struct DiskCalls: Sendable {
    /// As `write(2)`.
    package var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int
    /// As `fsync(2)`.
    package var synchronize: @Sendable (_ descriptor: Int32) -> Int32

    #if canImport(Glibc)
    /// Those of the system.
    package static let system = DiskCalls(write: { Glibc.write($0, $1, $2) }, synchronize: { Glibc.fsync($0) })
    #elseif canImport(Musl)
    /// Those of the system.
    package static let system = DiskCalls(write: { Musl.write($0, $1, $2) }, synchronize: { Musl.fsync($0) })
    #endif

    /// Puts calls together.
    package init(
        write: @escaping @Sendable (Int32, UnsafeRawPointer, Int) -> Int,
        synchronize: @escaping @Sendable (Int32) -> Int32
    ) {
        self.write = write
        self.synchronize = synchronize
    }
}

/// The files of a chunk store: `chunks/ab/abcdef…` for what is there, `chunks/incoming/` for what is being written.
///
/// A file under its final name was written whole. All methods block.
struct ChunkFiles: Sendable {
    /// A chunk file that lay there at the start.
    struct Found: Sendable {
        let id: ChunkID
        let size: Int
        /// When it was used last, in nanoseconds since 1970; only the order counts.
        let usedAt: Int64
    }

    /// What came of reading a file.
    enum ReadResult {
        /// The whole file; its content is not verified yet.
        case bytes([UInt8])
        /// There is no such file.
        case missing
        /// The device could not read it, or it is longer than any chunk.
        case unreadable
    }

    let root: String
    private let incoming: String
    private let calls: DiskCalls

    init(root: String, calls: DiskCalls) {
        self.root = root
        self.incoming = "\(root)/incoming"
        self.calls = calls
    }

    /// The final path of a chunk.
    func path(of id: ChunkID) -> String {
        let name = id.description
        return "\(self.root)/\(name.prefix(2))/\(name)"
    }

    /// Makes the directories, removes what was being written when the last process ended, and lists what is there.
    ///
    /// Files with other names are left alone and not listed.
    func prepare() throws(StoreError) -> [Found] {
        try DataDirectory.makeDirectories(self.incoming)
        for name in try Self.names(in: self.incoming) {
            unlink("\(self.incoming)/\(name)")
        }
        var found: [Found] = []
        for folder in try Self.names(in: self.root) where folder.utf8.count == 2 && Hex.decode(folder) != nil {
            for name in try Self.names(in: "\(self.root)/\(folder)") where name.hasPrefix(folder) {
                guard let id = ChunkID(name), id.description == name else { continue }
                let path = "\(self.root)/\(folder)/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                // A power cut can leave an empty file of a chunk that was not forced to the disk.
                guard status.st_size > 0 else {
                    unlink(path)
                    continue
                }
                let usedAt = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
                found.append(Found(id: id, size: Int(status.st_size), usedAt: usedAt))
            }
        }
        return found
    }

    /// Writes the bytes to a new file in `incoming`, forced to the disk where that is asked, and gives its path.
    func writeIncoming(
        _ bytes: [UInt8],
        of id: ChunkID,
        serial: UInt64,
        durability: Durability
    ) throws(StoreError) -> String {
        let path = "\(self.incoming)/\(id).\(serial)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(action: "create", path: path, errno: errno) }
        var failure = self.writeAll(bytes, to: descriptor)
        if failure == nil, durability == .durable, self.calls.synchronize(descriptor) != 0 { failure = errno }
        if close(descriptor) != 0, failure == nil { failure = errno }
        if let failure {
            unlink(path)
            throw StoreError(action: "write", path: path, errno: failure)
        }
        return path
    }

    /// Gives a written file its final name.
    func publish(_ temporary: String, as id: ChunkID) throws(StoreError) {
        let final = self.path(of: id)
        if rename(temporary, final) == 0 { return }
        var number = errno
        if number == ENOENT {
            do throws(StoreError) {
                try DataDirectory.makeDirectories(self.folder(of: id))
            } catch {
                unlink(temporary)
                throw error
            }
            if rename(temporary, final) == 0 { return }
            number = errno
        }
        unlink(temporary)
        throw StoreError(action: "write", path: final, errno: number)
    }

    /// Forces a published chunk and its name to the disk.
    func synchronize(_ id: ChunkID, withContent: Bool) throws(StoreError) {
        if withContent { try self.synchronize(self.path(of: id), flags: O_RDONLY) }
        try self.synchronize(self.folder(of: id), flags: O_RDONLY | O_DIRECTORY)
    }

    /// A descriptor of a chunk's file, which the caller closes; nothing where there is no such file.
    private func opened(_ id: ChunkID) throws(StoreError) -> CInt? {
        let path = self.path(of: id)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else { return descriptor }
        let number = errno
        if number == ENOENT { return nil }
        throw StoreError(action: "read", path: path, errno: number)
    }

    /// Reads a chunk whole and notes that it was used now.
    func read(_ id: ChunkID, sizeMax: Int) throws(StoreError) -> ReadResult {
        guard let descriptor = try self.opened(id) else { return .missing }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size <= sizeMax else { return .unreadable }
        let size = Int(status.st_size)
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let start = buffer.baseAddress {
                // The call's own name is hidden by this method's.
                let step = pread(descriptor, start + count, size - count, off_t(count))
                if step > 0 {
                    count += step
                } else if step == 0 || errno != EINTR {
                    isWhole = false
                    return
                }
            }
        }
        // The order of use is kept in the time of modification, since many file systems are mounted without atime.
        futimens(descriptor, nil)
        return isWhole ? .bytes(bytes) : .unreadable
    }

    /// What came of mapping a file.
    enum MapResult {
        /// Its bytes lie where they were wanted; their content is not verified yet.
        case mapped
        /// There is no such file.
        case missing
        /// It has another size, or the system does not map it.
        case unreadable
    }

    /// Puts a chunk's file into the address space, in the place of what is there, and notes that it was used now.
    ///
    /// - Parameter place: memory that the caller has reserved, at a multiple of the size of a page.
    func map(_ id: ChunkID, to place: UnsafeMutableRawBufferPointer) throws(StoreError) -> MapResult {
        guard let descriptor = try self.opened(id) else { return .missing }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == place.count, let base = place.baseAddress,
            mmap(base, place.count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) == base
        else { return .unreadable }
        futimens(descriptor, nil)
        return .mapped
    }

    /// Removes a chunk's file; one that is not there is fine.
    func remove(_ id: ChunkID) {
        unlink(self.path(of: id))
    }

    private func folder(of id: ChunkID) -> String {
        "\(self.root)/\(id.description.prefix(2))"
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let start = buffer.baseAddress {
                let step = self.calls.write(descriptor, start + done, buffer.count - done)
                if step > 0 {
                    done += step
                } else if step == 0 {
                    return ENOSPC
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }

    private func synchronize(_ path: String, flags: Int32) throws(StoreError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(action: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard self.calls.synchronize(descriptor) == 0 else {
            throw StoreError(action: "write", path: path, errno: errno)
        }
    }

    private static func names(in directory: String) throws(StoreError) -> [String] {
        guard let stream = opendir(directory) else {
            throw StoreError(action: "read the directory", path: directory, errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { field in
                String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
