import GRDBSQLite
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A layer between SQLite and the files of simulated nodes, which knows what was written and not forced to the disk.
///
/// SQLite lets a program put its own file system (`sqlite3_vfs`, <https://sqlite.org/vfs.html>) in the place of the operating
/// system's, and tests its own safety against power cuts in this way (<https://sqlite.org/testing.html#crash_testing>). This
/// one hands everything on, and tells the ``SimulatedDisk`` of a file what is written, cut off and forced to the disk. Files
/// elsewhere are left alone.
enum CrashingFileSystem {
    /// The disks by the path below which their files lie.
    private static let disks = Mutex<[String: SimulatedDisk]>([:])
    /// Whether SQLite opens files by this layer, from the first question on.
    private static let isInstalled = Self.install()

    /// The system's own way to files; never freed, as SQLite demands.
    private static var base: UnsafeMutablePointer<sqlite3_vfs> {
        guard let base = sqlite3_vfs_find("unix") else { preconditionFailure("SQLite has no file system") }
        return base
    }

    /// Files below `path` are those of a disk from now on.
    static func attach(_ disk: SimulatedDisk, at path: String) {
        precondition(self.isInstalled, "SQLite refuses another file system")
        self.disks.withLock { $0[path] = disk }
    }

    /// Files below `path` that are opened from now on are like any others.
    static func detach(_ path: String) {
        self.disks.withLock { _ = $0.removeValue(forKey: path) }
    }

    private static func disk(of path: String) -> SimulatedDisk? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return self.disks.withLock { $0[String(path[..<slash])] }
    }

    private static func install() -> Bool {
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: self.base.pointee)
        layer.pointee.zName = UnsafePointer(strdup("tessera-crashing"))
        layer.pointee.pNext = nil
        // An open file of the system's, and behind it whose it is.
        layer.pointee.szOsFile += CInt(MemoryLayout<UnsafeMutableRawPointer>.size)
        layer.pointee.xOpen = { _, name, file, flags, outFlags in
            let base = CrashingFileSystem.base
            guard let open = base.pointee.xOpen, let file else { return SQLITE_CANTOPEN }
            let code = open(base, name, file, flags, outFlags)
            guard code == SQLITE_OK, let name, flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL) != 0,
                let disk = CrashingFileSystem.disk(of: String(cString: name)), let methods = file.pointee.pMethods
            else { return code }
            let watched = WatchedFile(name: String(cString: name), disk: disk, methods: methods)
            CrashingFileSystem.slot(file).pointee = Unmanaged.passRetained(watched).toOpaque()
            file.pointee.pMethods = UnsafePointer(watched.ownMethods)
            return code
        }
        return sqlite3_vfs_register(layer, 1) == SQLITE_OK
    }

    /// Where it stands whose file it is.
    fileprivate static func slot(
        _ file: UnsafeMutablePointer<sqlite3_file>
    ) -> UnsafeMutablePointer<UnsafeMutableRawPointer> {
        (UnsafeMutableRawPointer(file) + Int(self.base.pointee.szOsFile))
            .assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }
}

/// An open file of SQLite's whose writes are told to a disk.
private final class WatchedFile {
    let name: String
    let disk: SimulatedDisk
    /// What the system does with the file.
    let methods: UnsafePointer<sqlite3_io_methods>
    /// What SQLite is told to call instead.
    let ownMethods: UnsafeMutablePointer<sqlite3_io_methods>

    init(name: String, disk: SimulatedDisk, methods: UnsafePointer<sqlite3_io_methods>) {
        self.name = String(name[name.index(after: name.lastIndex(of: "/") ?? name.startIndex)...])
        self.disk = disk
        self.methods = methods
        self.ownMethods = UnsafeMutablePointer.allocate(capacity: 1)
        self.ownMethods.initialize(to: methods.pointee)
        self.ownMethods.pointee.xWrite = { file, bytes, count, offset in
            guard let file, let bytes, let watched = WatchedFile.of(file) else { return SQLITE_IOERR }
            return watched.write(file, UnsafeRawBufferPointer(start: bytes, count: Int(count)), at: offset)
        }
        self.ownMethods.pointee.xTruncate = { file, size in
            guard let file, let watched = WatchedFile.of(file) else { return SQLITE_IOERR }
            return watched.truncate(file, to: size)
        }
        self.ownMethods.pointee.xSync = { file, _ in
            guard let file, let watched = WatchedFile.of(file) else { return SQLITE_IOERR }
            // What survives is for the disk to say; forcing the real one would only take time.
            watched.disk.synchronized(watched.name)
            return SQLITE_OK
        }
        self.ownMethods.pointee.xClose = { file in
            guard let file, let watched = WatchedFile.of(file) else { return SQLITE_IOERR }
            let methods = watched.methods
            Unmanaged<WatchedFile>.fromOpaque(CrashingFileSystem.slot(file).pointee).release()
            file.pointee.pMethods = methods
            return methods.pointee.xClose?(file) ?? SQLITE_IOERR
        }
    }

    deinit { self.ownMethods.deallocate() }

    static func of(_ file: UnsafeMutablePointer<sqlite3_file>) -> WatchedFile? {
        Unmanaged<WatchedFile>.fromOpaque(CrashingFileSystem.slot(file).pointee).takeUnretainedValue()
    }

    private func write(
        _ file: UnsafeMutablePointer<sqlite3_file>,
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64
    ) -> CInt {
        guard !self.disk.isFull else { return SQLITE_FULL }
        let old = self.content(of: file, from: offset, to: offset + Int64(bytes.count))
        let code = self.methods.pointee.xWrite?(file, bytes.baseAddress, CInt(bytes.count), offset) ?? SQLITE_IOERR
        if code == SQLITE_OK {
            self.disk.wrote(self.name, Array(bytes), over: old.bytes, at: Int(offset), sizeBefore: old.fileSize)
        }
        return code
    }

    private func truncate(_ file: UnsafeMutablePointer<sqlite3_file>, to size: Int64) -> CInt {
        let old = self.content(of: file, from: size, to: .max)
        let code = self.methods.pointee.xTruncate?(file, size) ?? SQLITE_IOERR
        if code == SQLITE_OK {
            self.disk.wrote(self.name, nil, over: old.bytes, at: Int(size), sizeBefore: old.fileSize)
        }
        return code
    }

    /// What stands in a part of a file, and how large the file is.
    private func content(
        of file: UnsafeMutablePointer<sqlite3_file>,
        from begin: Int64,
        to end: Int64
    ) -> (bytes: [UInt8], fileSize: Int) {
        var size: Int64 = 0
        guard self.methods.pointee.xFileSize?(file, &size) == SQLITE_OK, size > begin else { return ([], Int(size)) }
        let count = Int(min(end, size) - begin)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            guard self.methods.pointee.xRead?(file, buffer.baseAddress, CInt(count), begin) == SQLITE_OK else {
                preconditionFailure("the file \(self.name) of a simulated node cannot be read")
            }
            used = count
        }
        return (bytes, Int(size))
    }
}
