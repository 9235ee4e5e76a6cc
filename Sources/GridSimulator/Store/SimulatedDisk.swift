import GridStore
import GridWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What of a simulated node's files would be there after a power cut.
///
/// The files themselves are real ones, and what is in them is what the operating system would give to the next process after
/// `kill -9`. Beside them this keeps what was written and not yet forced to the disk, and so knows what a power cut may take:
/// any part of that, in any order, in pieces of sectors. What was forced is safe, and so is what was written ``writeBack`` ago.
///
/// Sectors next to one that is written stay whole, as SQLite assumes ("powersafe overwrite",
/// <https://sqlite.org/psow.html>), and files do not lose their names in the directory of the database, where none is made
/// while a node runs.
final class SimulatedDisk: Sendable {
    /// What is written is on the disk after this time, whether somebody forces it or not: Linux writes what is older than
    /// 30 seconds and looks every 5 (`vm.dirty_expire_centisecs`, `vm.dirty_writeback_centisecs`).
    static let writeBack = 35.0
    /// The smallest piece that is written wholly or not at all.
    static let sectorSize = 512
    /// So many writes are remembered before old ones are looked for that need not be.
    private static let writesKept = 4_096

    /// A change of a file of the database.
    private struct Write {
        let time: VirtualTime
        let offset: Int
        /// What was written; nothing when the file was cut off here.
        let new: [UInt8]?
        /// What stood there, as far as the file went.
        let old: [UInt8]
        /// How long the file was.
        let sizeBefore: Int
    }

    /// A file of the chunk store that is not forced to the disk with its name.
    private struct Chunk {
        let time: VirtualTime
        var hasContent = false
    }

    private struct State {
        var now = VirtualTime.zero
        var isFull = false
        var writes: [String: [Write]] = [:]
        var chunks: [String: Chunk] = [:]
        var random: SeededRandom
    }

    private let state: Mutex<State>
    /// The share of calls that force something to the disk which do nothing and say that they did.
    private let lostSyncRate: Double

    /// Creates an empty disk.
    init(seed: UInt64, lostSyncRate: Double) {
        self.state = Mutex(State(random: SeededRandom(seed: seed)))
        self.lostSyncRate = lostSyncRate
    }

    /// The disk as the next process finds it, when the one before was killed; what that still does changes nothing here.
    init(after disk: SimulatedDisk) {
        self.state = Mutex(disk.state.withLock { $0 })
        self.lostSyncRate = disk.lostSyncRate
    }

    /// The time of what is written from now on.
    var now: VirtualTime {
        get { self.state.withLock { $0.now } }
        set { self.state.withLock { $0.now = newValue } }
    }

    /// Whether there is no room for another byte.
    var isFull: Bool {
        get { self.state.withLock { $0.isFull } }
        set { self.state.withLock { $0.isFull = newValue } }
    }

    // MARK: The database

    /// SQLite wrote to a file, or cut it off.
    func wrote(_ name: String, _ new: [UInt8]?, over old: [UInt8], at offset: Int, sizeBefore: Int) {
        self.state.withLock { state in
            let write = Write(time: state.now, offset: offset, new: new, old: old, sizeBefore: sizeBefore)
            state.writes[name, default: []].append(write)
            guard let count = state.writes[name]?.count, count.isMultiple(of: Self.writesKept) else { return }
            let now = state.now
            state.writes[name]?.removeAll { $0.time + Self.writeBack < now }
        }
    }

    /// SQLite forced a file to the disk.
    func synchronized(_ name: String) {
        self.state.withLock { state in
            guard !state.random.happens(self.lostSyncRate) else { return }
            state.writes[name] = nil
        }
    }

    /// Takes from the content of a database's file what a power cut takes.
    func afterPowerCut(_ name: String, _ content: [UInt8]) -> [UInt8] {
        self.state.withLock { state in
            var content = content
            let now = state.now
            let writes = (state.writes[name] ?? []).drop { $0.time + Self.writeBack < now }
            for write in writes.reversed() {
                if content.count < write.offset + write.old.count {
                    content += [UInt8](repeating: 0, count: write.offset + write.old.count - content.count)
                }
                content.replaceSubrange(write.offset ..< write.offset + write.old.count, with: write.old)
                content.removeLast(max(0, content.count - write.sizeBefore))
            }
            // How much of it reached the disk, and in which order, differs from disk to disk.
            let fate = state.random.below(4)
            let inOrder = state.random.below(writes.count + 1)
            let share = state.random.unit()
            for (number, write) in writes.enumerated() {
                switch fate {
                case 0: return content
                case 1 where number > inOrder: return content
                case 1 where number == inOrder: Self.redo(write, in: &content, share: share, &state.random)
                case 1, 2: Self.redo(write, in: &content)
                default: Self.redo(write, in: &content, share: share, &state.random)
                }
            }
            return content
        }
    }

    private static func redo(_ write: Write, in content: inout [UInt8]) {
        guard let new = write.new else { return content.removeLast(max(0, content.count - write.offset)) }
        Self.put(new[...], at: write.offset, in: &content)
    }

    /// Does a part of a write again, sector by sector; of those that were about to be written some are neither what they
    /// were nor what they should be.
    private static func redo(_ write: Write, in content: inout [UInt8], share: Double, _ random: inout SeededRandom) {
        guard let new = write.new else {
            if random.happens(share) { Self.redo(write, in: &content) }
            return
        }
        var begin = 0
        while begin < new.count {
            let sectorEnd = (write.offset + begin) / Self.sectorSize * Self.sectorSize + Self.sectorSize
            let end = min(new.count, sectorEnd - write.offset)
            if random.happens(share) {
                Self.put(new[begin ..< end], at: write.offset + begin, in: &content)
            } else if random.happens(0.1) {
                let garbage = (begin ..< end).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                Self.put(garbage[...], at: write.offset + begin, in: &content)
            }
            begin = end
        }
    }

    private static func put(_ bytes: ArraySlice<UInt8>, at offset: Int, in content: inout [UInt8]) {
        if content.count < offset + bytes.count {
            content += [UInt8](repeating: 0, count: offset + bytes.count - content.count)
        }
        content.replaceSubrange(offset ..< offset + bytes.count, with: bytes)
    }

    // MARK: Chunks

    /// The calls by which the chunk store writes on this disk.
    var calls: DiskCalls {
        DiskCalls(
            write: { descriptor, bytes, count in
                guard !self.isFull else {
                    errno = ENOSPC
                    return -1
                }
                let path = Self.path(of: descriptor)
                self.state.withLock { state in state.chunks[Self.chunkName(path)] = Chunk(time: state.now) }
                return write(descriptor, bytes, count)
            },
            synchronize: { descriptor in
                let path = Self.path(of: descriptor)
                self.state.withLock { state in
                    guard !state.random.happens(self.lostSyncRate) else { return }
                    let name = Self.chunkName(path)
                    if state.chunks[name] != nil {
                        state.chunks[name]?.hasContent = true
                    } else {
                        // A directory: whose content is there is there for good.
                        for chunk in state.chunks.keys where chunk.hasPrefix(name) {
                            if state.chunks[chunk]?.hasContent == true { state.chunks[chunk] = nil }
                        }
                    }
                }
                return 0
            }
        )
    }

    /// Does to the files of the chunk store below a path what a power cut does.
    func cutPower(ofChunksAt root: String) {
        self.state.withLock { state in
            for (name, chunk) in state.chunks.sorted(by: { $0.key < $1.key })
            where chunk.time + Self.writeBack >= state.now {
                let path = "\(root)/\(name.prefix(2))/\(name)"
                var status = stat()
                guard stat(path, &status) == 0 else { continue }
                let size = Int(status.st_size)
                switch state.random.below(5) {
                case 0: unlink(path)
                case 1 where !chunk.hasContent: truncate(path, 0)
                case 2 where !chunk.hasContent: truncate(path, off_t(state.random.below(size + 1)))
                case 3 where !chunk.hasContent:
                    // The size is there, and not what was to be in it.
                    truncate(path, off_t(state.random.below(size + 1)))
                    truncate(path, off_t(size))
                default: break
                }
            }
        }
    }

    /// All that was written is on the disk, as it is when a machine has its power again, or was left alone for a while.
    func settle() {
        self.state.withLock { state in
            state.writes = [:]
            state.chunks = [:]
        }
    }

    private static func path(of descriptor: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count - 1)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The chunk that a file holds or is to hold, or the name of a directory.
    private static func chunkName(_ path: String) -> String {
        let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        return String(name.prefix { $0 != "." })
    }
}
