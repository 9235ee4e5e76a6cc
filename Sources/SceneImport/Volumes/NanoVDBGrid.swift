/// A decoded grid of a NanoVDB file: a tree of 32, 16 and 8 cells to the edge below a list of tiles.
///
/// Offsets after PNanoVDB.h of the OpenVDB project, for numbers of 32 bits and the quantised kinds.
struct NanoVDBGrid {
    /// Voxels from the first to the last, both included.
    struct Range: Equatable {
        var low: SIMD3<Int>
        var high: SIMD3<Int>

        var count: SIMD3<Int> { self.high &- self.low &+ SIMD3(1, 1, 1) }

        func union(_ other: Range) -> Range {
            Range(
                low: SIMD3(
                    min(self.low.x, other.low.x),
                    min(self.low.y, other.low.y),
                    min(self.low.z, other.low.z)
                ),
                high: SIMD3(
                    max(self.high.x, other.high.x),
                    max(self.high.y, other.high.y),
                    max(self.high.z, other.high.z)
                )
            )
        }
    }

    private enum Size {
        static let grid = 672
        static let root = 64
        static let tile = 32
        static let upper = 270_400
        static let lower = 33_856
        static let leafTable = 96
    }

    /// Beyond, indices are damage.
    private static let indexMax = 1 << 24

    private let bytes: ByteView
    private let root: Int
    private let kind: UInt32
    /// The voxels that count.
    let range: Range
    /// Metres a voxel, along each axis.
    let voxelSize: SIMD3<Double>
    /// Where voxel 0 is.
    let origin: SIMD3<Double>

    init(_ bytes: ByteView, limits: ImportLimits) throws(ImportError) {
        self.bytes = bytes
        guard bytes.count >= Size.grid + 64 + Size.root else { throw Self.damaged }
        func words(_ at: Int, _ count: Int) -> [UInt32] {
            var reader = ByteReader(bytes, at: at)
            return (0 ..< count).map { _ in reader.word32() ?? 0 }
        }
        func doubles(_ at: Int, _ count: Int) -> [Double] {
            var reader = ByteReader(bytes, at: at)
            return (0 ..< count).map { _ in reader.double() ?? 0 }
        }
        let kinds = words(632, 2)
        guard kinds[0] != 1 else {
            throw ImportError(.unsupported, "it is a level set; volumes need densities: convert it to a fog volume")
        }
        guard kinds[1] == 1 || (13 ... 16).contains(kinds[1]) else {
            throw ImportError(
                .unsupported,
                "its numbers are of kind \(kinds[1]); those of 32 bits (1) and the quantised ones (13 to 16) are read"
            )
        }
        self.kind = kinds[1]
        let matrix = doubles(296 + 88, 9)
        let diagonal = SIMD3(matrix[0], matrix[4], matrix[8])
        let others = [1, 2, 3, 5, 6, 7].map { matrix[$0].magnitude }
        guard diagonal.min() > 1e-9, diagonal.max() < 1e9, others.allSatisfy({ $0 <= 1e-9 * diagonal.min() }) else {
            throw ImportError(
                .unsupported,
                "its voxels are turned or mirrored in space: turn the node instead, and leave the grid straight"
            )
        }
        self.voxelSize = diagonal
        let offset = doubles(296 + 232, 3)
        self.origin = SIMD3(offset[0], offset[1], offset[2])
        guard offset.allSatisfy({ $0.magnitude < 1e9 }) else { throw Self.damaged }
        var tree = ByteReader(bytes, at: Size.grid + 24)
        guard let rootOffset = tree.word64(), rootOffset <= UInt64(bytes.count - Size.grid - Size.root) else {
            throw Self.damaged
        }
        self.root = Size.grid + Int(rootOffset)
        let box = words(self.root, 6).map { Int(Int32(bitPattern: $0)) }
        guard box.allSatisfy({ $0.magnitude <= Self.indexMax }), box[0] <= box[3], box[1] <= box[4], box[2] <= box[5]
        else {
            throw ImportError(.malformed, "it has no voxels, or damaged ones")
        }
        self.range = Range(low: SIMD3(box[0], box[1], box[2]), high: SIMD3(box[3], box[4], box[5]))
    }

    private static var damaged: ImportError {
        ImportError(.malformed, "its tree refers to what is not there: it is cut off or damaged")
    }

    /// The numbers of a box of voxels, x fastest; what is not active is zero.
    ///
    /// The caller has bounded the box.
    func values(in range: Range) throws(ImportError) -> [Float] {
        let count = range.count
        var values = [Float](repeating: 0, count: count.x * count.y * count.z)
        try self.bytes.withUnsafeBytes { (bytes) throws(ImportError) in
            var fill = NanoVDBFill(bytes: bytes, kind: self.kind, range: range)
            let tiles = Int(bytes.loadUnaligned(fromByteOffset: self.root + 24, as: UInt32.self))
            guard tiles <= (bytes.count - self.root - Size.root) / Size.tile else { throw Self.damaged }
            for i in 0 ..< tiles {
                let at = self.root + Size.root + i * Size.tile
                let key = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let child = bytes.loadUnaligned(fromByteOffset: at + 8, as: Int64.self)
                let corner = SIMD3(Self.index(key >> 42), Self.index(key >> 21), Self.index(key))
                if child != 0 {
                    try fill.inner(try fill.place(self.root, child, size: Size.upper), corner, isUpper: true, &values)
                } else if bytes.loadUnaligned(fromByteOffset: at + 16, as: UInt32.self) != 0 {
                    try fill.tile(bytes.loadUnaligned(fromByteOffset: at + 20, as: Float.self), corner, 4_096, &values)
                }
            }
        }
        return values
    }

    /// A signed number of 20 bits in units of 4096 voxels.
    private static func index(_ bits: UInt64) -> Int {
        let low = Int(bits & 0xf_ffff)
        return (low >= 1 << 19 ? low - 1 << 20 : low) << 12
    }
}

/// Copies the nodes of a grid into a box of numbers.
struct NanoVDBFill {
    let bytes: UnsafeRawBufferPointer
    let kind: UInt32
    let range: NanoVDBGrid.Range
    /// The bytes of nodes that may still be visited: each belongs to one node, so that none is visited again and again.
    private var bytesLeft: Int
    /// The voxels that tiles may still fill: no two tiles overlap.
    private var voxelsLeft: Int

    init(bytes: UnsafeRawBufferPointer, kind: UInt32, range: NanoVDBGrid.Range) {
        self.bytes = bytes
        self.kind = kind
        self.range = range
        self.bytesLeft = bytes.count
        self.voxelsLeft = range.count.x * range.count.y * range.count.z
    }

    private var damaged: ImportError {
        ImportError(.malformed, "its tree refers to what is not there: it is cut off or damaged")
    }

    /// Where a child is.
    mutating func place(_ parent: Int, _ offset: Int64, size: Int) throws(ImportError) -> Int {
        let (at, overflow) = parent.addingReportingOverflow(Int(offset))
        guard !overflow, at >= 0, at <= self.bytes.count - size, size <= self.bytesLeft else {
            throw self.damaged
        }
        self.bytesLeft -= size
        return at
    }

    /// Copies a node of 32 or 16 children to the edge.
    mutating func inner(
        _ at: Int,
        _ corner: SIMD3<Int>,
        isUpper: Bool,
        _ values: inout [Float]
    ) throws(ImportError) {
        let bits = isUpper ? 5 : 4
        let edge = isUpper ? 128 : 8
        let (active, children, table) = isUpper ? (32, 4_128, 8_256) : (32, 544, 1_088)
        for i in 0 ..< 1 << (3 * bits) {
            let place = SIMD3(i >> (2 * bits), i >> bits & (1 << bits - 1), i & (1 << bits - 1))
            let own = corner &+ place &* SIMD3(repeating: edge)
            let entry = at + table + 8 * i
            if self.isSet(at + children, i) {
                let offset = self.bytes.loadUnaligned(fromByteOffset: entry, as: Int64.self)
                guard offset != 0 else { throw self.damaged }
                if isUpper {
                    try self.inner(try self.place(at, offset, size: 33_856), own, isUpper: false, &values)
                } else {
                    try self.leaf(try self.place(at, offset, size: 96), own, &values)
                }
            } else if self.isSet(at + active, i) {
                try self.tile(self.bytes.loadUnaligned(fromByteOffset: entry, as: Float.self), own, edge, &values)
            }
        }
    }

    private func isSet(_ at: Int, _ bit: Int) -> Bool {
        self.bytes[at + bit >> 3] >> UInt8(bit & 7) & 1 != 0
    }

    /// Copies 8 x 8 x 8 voxels.
    private func leaf(_ at: Int, _ corner: SIMD3<Int>, _ values: inout [Float]) throws(ImportError) {
        // Binary logarithm of the bits a voxel.
        var logBits = 5
        switch self.kind {
        case 13: logBits = 2
        case 14: logBits = 3
        case 15: logBits = 4
        case 16:
            logBits = Int(self.bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self) >> 29)
            guard logBits <= 4 else { throw self.damaged }
        default: break
        }
        guard at + 96 + 64 << logBits <= self.bytes.count else { throw self.damaged }
        let least = self.bytes.loadUnaligned(fromByteOffset: at + 80, as: Float.self)
        let quantum = self.bytes.loadUnaligned(fromByteOffset: at + 84, as: Float.self)
        for i in 0 ..< 512 where self.isSet(at + 16, i) {
            let place = corner &+ SIMD3(i >> 6, i >> 3 & 7, i & 7)
            guard let target = self.target(place) else { continue }
            if logBits == 5 {
                values[target] = self.bytes.loadUnaligned(fromByteOffset: at + 96 + 4 * i, as: Float.self)
            } else {
                let bit = i << logBits
                let word = self.bytes.loadUnaligned(fromByteOffset: at + 96 + 4 * (bit >> 5), as: UInt32.self)
                let code = word >> UInt32(bit & 31) & (1 << (1 << UInt32(logBits)) - 1)
                values[target] = Float(code) * quantum + least
            }
        }
    }

    /// Fills a cube with one number.
    mutating func tile(
        _ value: Float,
        _ corner: SIMD3<Int>,
        _ edge: Int,
        _ values: inout [Float]
    ) throws(ImportError) {
        let low = corner &- self.range.low
        let count = self.range.count
        func part(_ start: Int, _ count: Int) -> Swift.Range<Int> {
            let first = min(max(start, 0), count)
            return first ..< min(max(start + edge, first), count)
        }
        let (xs, ys, zs) = (part(low.x, count.x), part(low.y, count.y), part(low.z, count.z))
        let voxels = xs.count * ys.count * zs.count
        guard voxels <= self.voxelsLeft else { throw self.damaged }
        self.voxelsLeft -= voxels
        for z in zs {
            for y in ys {
                for x in xs { values[(z * count.y + y) * count.x + x] = value }
            }
        }
    }

    private func target(_ place: SIMD3<Int>) -> Int? {
        let p = place &- self.range.low
        let count = self.range.count
        guard p.min() >= 0, p.x < count.x, p.y < count.y, p.z < count.z else { return nil }
        return (p.z * count.y + p.y) * count.x + p.x
    }
}
