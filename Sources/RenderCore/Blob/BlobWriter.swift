/// Writes the sections of a blob one after the other.
///
/// A blob is: eight bytes of magic, the version and the number of sections as 32-bit numbers, the byte count of each
/// section as a 64-bit number, then the sections. Each begins at a multiple of ``BlobFormat/alignment``; what lies
/// between them is zero. All numbers are little-endian. A scene has exactly one encoding.
struct BlobWriter<Output: BlobOutput> {
    private var output: Output
    private var sizes: [UInt64] = []
    private var end: Int
    private let sectionCount: Int

    /// Begins a blob of so many sections.
    init(sections: Int, to output: consuming Output) {
        self.sectionCount = sections
        self.output = output
        self.end = BlobFormat.headerSize(sections: sections)
    }

    mutating func section(_ words: [UInt32]) throws(SceneBlobError) {
        try self.section(arrays: [words])
    }

    mutating func section(_ numbers: [Float]) throws(SceneBlobError) {
        try self.section(arrays: [numbers])
    }

    /// Arrays one after the other.
    mutating func section<Number: BitwiseCopyable>(arrays: [[Number]]) throws(SceneBlobError) {
        let size = arrays.reduce(0) { $0 + $1.count } * MemoryLayout<Number>.size
        var at = self.reserve(size)
        for array in arrays { try self.fill(&at, array) }
    }

    /// Pieces one after the other, of which one at a time is in memory.
    mutating func section(pieces: Int, _ write: (Int, inout [UInt8]) -> Void) throws(SceneBlobError) {
        var at = self.end
        for piece in 0 ..< pieces {
            var bytes: [UInt8] = []
            write(piece, &bytes)
            try self.fill(&at, bytes)
        }
        _ = self.reserve(at - self.end)
    }

    /// Makes room for a section whose bytes come later, and says where.
    mutating func reserve(_ size: Int) -> Int {
        let start = self.end
        self.sizes.append(UInt64(size))
        self.end += BlobFormat.aligned(size)
        return start
    }

    /// Writes numbers as they lie in memory and moves the offset behind them.
    ///
    /// Memory is little-endian on every machine that this runs on: loaded blobs are used in place as well.
    mutating func fill<Number: BitwiseCopyable>(
        _ offset: inout Int,
        _ numbers: [Number]
    ) throws(SceneBlobError) {
        guard !numbers.isEmpty else { return }
        // Typed throws do not pass through the standard library's function here.
        let result: Result<Void, SceneBlobError> = numbers.withUnsafeBytes { bytes in
            do throws(SceneBlobError) {
                return .success(try self.output.write(bytes, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        offset += numbers.count * MemoryLayout<Number>.size
    }

    /// The whole blob, after all its sections.
    consuming func finished(magic: UInt64) throws(SceneBlobError) -> Output {
        precondition(self.sizes.count == self.sectionCount, "a blob has a fixed number of sections")
        var header: [UInt8] = []
        header.append(littleEndian: magic)
        header.append(littleEndian: BlobFormat.version)
        header.append(littleEndian: UInt32(self.sizes.count))
        for size in self.sizes { header.append(littleEndian: size) }
        var start = 0
        try self.fill(&start, header)
        try self.output.finish(byteCount: self.end)
        return self.output
    }
}

/// What both kinds of blob have in common.
enum BlobFormat {
    /// The version of the format.
    static var version: UInt32 { 13 }
    /// Sections begin at multiples of this many bytes.
    static var alignment: Int { 64 }
    /// "TSRASSET".
    static var assetsMagic: UInt64 { 0x5445_5353_4152_5354 }
    /// "TSRFRAME".
    static var frameMagic: UInt64 { 0x454d_4152_4652_5354 }

    /// The bytes before the first section.
    static func headerSize(sections: Int) -> Int { aligned(16 + 8 * sections) }

    /// The next multiple of ``alignment``.
    static func aligned(_ size: Int) -> Int { (size + self.alignment - 1) / self.alignment * self.alignment }
}
