import CZlib

/// A `.nvdb` file: sparse grids of numbers, as NanoVDB writes them (versions 32.3 and later of its format).
///
/// Layout after the header NanoVDB.h of the OpenVDB project: segments of a file header, descriptions of grids with their
/// names, and the grids one after the other, as they are or by zlib.
struct NanoVDBFile {
    /// A grid of the file.
    struct Entry {
        var name: String
        var bytes: ByteView
        var codec: UInt16
        /// The bytes of the grid when it is decoded.
        var size: Int
    }

    private static let magics: Set<UInt64> = [0x3042_4456_6f6e_614e, 0x3242_4456_6f6e_614e]
    private static let descriptionSize = 176
    /// The most grids of a file.
    private static let gridsMax = 1_024
    /// What zlib makes of a byte at most.
    private static let expansionMax = 1_032

    let entries: [Entry]

    /// Reads which grids there are.
    init(_ file: ByteView) throws(ImportError) {
        var entries: [Entry] = []
        var at = 0
        while at < file.count {
            var reader = ByteReader(file, at: at)
            guard let magic = reader.word64(), Self.magics.contains(magic) else {
                throw ImportError(
                    .malformed,
                    at == 0
                        ? "it is neither a NanoVDB nor an OpenVDB file: export the grids as .vdb or .nvdb"
                        : "behind its grids something else follows, at byte \(at): it is damaged"
                )
            }
            guard let version = reader.word32(), let count = reader.word16(), let codec = reader.word16() else {
                throw Self.cutOff(at)
            }
            guard version >> 21 == 32, (version >> 10) & 0x7ff >= 3 else {
                throw ImportError(
                    .unsupported,
                    "it has version \(version >> 21).\((version >> 10) & 0x7ff) of NanoVDB; 32.3 and later are read"
                )
            }
            guard count > 0, entries.count + Int(count) <= Self.gridsMax else {
                throw ImportError(.tooLarge, "it has \(count) grids in a row; 1 to \(Self.gridsMax) are read")
            }
            at = reader.at
            var segment: [(name: String, size: Int, stored: Int)] = []
            for _ in 0 ..< count {
                var description = ByteReader(file, at: at)
                guard let size = description.word64(), let stored = description.word64() else { throw Self.cutOff(at) }
                var names = ByteReader(file, at: at + 136)
                guard let nameSize = names.word32(), nameSize > 0, nameSize <= 4_096,
                    let name = ByteReader(file, at: at + Self.descriptionSize).text(Int(nameSize))
                else { throw Self.cutOff(at) }
                guard size <= UInt64(Int.max) / 2, stored <= UInt64(file.count) else { throw Self.cutOff(at) }
                segment.append((name, Int(size), Int(stored)))
                at += Self.descriptionSize + Int(nameSize)
            }
            for grid in segment {
                guard grid.stored <= file.count - at else { throw Self.cutOff(at) }
                let bytes = file[at ..< at + grid.stored]
                entries.append(Entry(name: grid.name, bytes: bytes, codec: codec, size: grid.size))
                at += grid.stored
            }
        }
        guard !entries.isEmpty else { throw ImportError(.malformed, "it is empty") }
        self.entries = entries
    }

    private static func cutOff(_ at: Int) -> ImportError {
        ImportError(.malformed, "it ends or makes no sense behind byte \(at): it is cut off or damaged")
    }

    /// The grid of a name.
    func grid(_ name: String, limits: ImportLimits) throws(ImportError) -> NanoVDBGrid {
        do throws(ImportError) {
            return try NanoVDBGrid(try self.decoded(name, limits: limits), limits: limits)
        } catch {
            throw error.located(at: "grid \"\(ResourceLoader.shortened(name))\"")
        }
    }

    /// The bytes of the grid of a name.
    func decoded(_ name: String, limits: ImportLimits) throws(ImportError) -> ByteView {
        guard let entry = self.entries.first(where: { $0.name == name }) else {
            let names = self.entries.prefix(8).map { "\"\(ResourceLoader.shortened($0.name))\"" }
            throw ImportError(
                .malformed,
                "it has no grid \"\(ResourceLoader.shortened(name))\", but \(names.joined(separator: ", "))"
            )
        }
        return try Self.decoded(entry, limits: limits)
    }

    private static func decoded(_ entry: Entry, limits: ImportLimits) throws(ImportError) -> ByteView {
        switch entry.codec {
        case 0:
            guard entry.size <= entry.bytes.count else {
                throw ImportError(.malformed, "it has less of grid \"\(entry.name)\" than it claims")
            }
            return entry.bytes[0 ..< entry.size]
        case 1:
            var reader = ByteReader(entry.bytes, at: 0)
            guard let length = reader.word64(), length <= UInt64(entry.bytes.count - 8),
                entry.size / Self.expansionMax <= entry.bytes.count, entry.size <= limits.maxResourceBytes
            else { throw ImportError(.malformed, "it has less of grid \"\(entry.name)\" than it claims") }
            let source = entry.bytes[8 ..< 8 + Int(length)]
            var size = uLongf(entry.size)
            let bytes = [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, count in
                let result = source.withUnsafeBytes { bytes in
                    uncompress(buffer.baseAddress, &size, bytes.bindMemory(to: UInt8.self).baseAddress, uLong(length))
                }
                count = result == Z_OK ? Int(size) : 0
            }
            guard bytes.count == entry.size else {
                throw ImportError(.malformed, "what zlib has compressed of grid \"\(entry.name)\" is damaged")
            }
            return ByteView(bytes)
        default:
            throw ImportError(.unsupported, "it is compressed by Blosc: write it with the codec zip or none")
        }
    }
}

/// Little-endian numbers of some bytes; nothing beyond their end.
struct ByteReader {
    private let bytes: ByteView
    private(set) var at: Int

    init(_ bytes: ByteView, at: Int) {
        self.bytes = bytes
        self.at = at
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard self.at >= 0, self.at <= self.bytes.count - size else { return nil }
        let start = self.at
        self.at += size
        return self.bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: Number.self))
        }
    }

    mutating func word16() -> UInt16? { self.number(UInt16.self) }
    mutating func word32() -> UInt32? { self.number(UInt32.self) }
    mutating func word64() -> UInt64? { self.number(UInt64.self) }
    mutating func double() -> Double? { self.word64().map { Double(bitPattern: $0) } }

    /// A text that ends with a zero within `count` bytes.
    func text(_ count: Int) -> String? {
        guard self.at >= 0, count <= self.bytes.count, self.at <= self.bytes.count - count else { return nil }
        let part = self.bytes[self.at ..< self.at + count].array
        return String(validating: part.prefix { $0 != 0 }, as: UTF8.self)
    }
}
