/// Writes the sections of a blob one after the other.
///
/// A blob is: eight bytes of magic, the version and the number of sections as 32-bit numbers, the byte count of each
/// section as a 64-bit number, then the sections. Each begins at a multiple of ``BlobFormat/alignment``; what lies
/// between them is zero. All numbers are little-endian. A scene has exactly one encoding.
struct BlobWriter {
    private var body: [UInt8] = []
    private var sizes: [UInt64] = []

    mutating func section(_ words: [UInt32]) {
        self.section(words: [words])
    }

    mutating func section(_ numbers: [Float]) {
        self.section(floats: [numbers])
    }

    /// Arrays one after the other.
    mutating func section(words arrays: [[UInt32]]) {
        self.section(byteCount: arrays.reduce(0) { $0 + $1.count * 4 }) { body in
            for array in arrays { body.append(littleEndianNumbers: array) }
        }
    }

    /// Arrays one after the other.
    mutating func section(floats arrays: [[Float]]) {
        self.section(byteCount: arrays.reduce(0) { $0 + $1.count * 4 }) { body in
            for array in arrays { body.append(littleEndianNumbers: array) }
        }
    }

    mutating func section(byteCount: Int, _ write: (inout [UInt8]) -> Void) {
        self.body.reserveCapacity(self.body.count + byteCount + BlobFormat.alignment)
        let start = self.body.count
        write(&self.body)
        self.sizes.append(UInt64(self.body.count - start))
        while self.body.count % BlobFormat.alignment != 0 { self.body.append(0) }
    }

    /// The whole blob.
    func finished(magic: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        let header = BlobFormat.headerSize(sections: self.sizes.count)
        bytes.reserveCapacity(header + self.body.count)
        bytes.append(littleEndian: magic)
        bytes.append(littleEndian: BlobFormat.version)
        bytes.append(littleEndian: UInt32(self.sizes.count))
        for size in self.sizes { bytes.append(littleEndian: size) }
        while bytes.count < header { bytes.append(0) }
        bytes += self.body
        return bytes
    }
}

/// What both kinds of blob have in common.
enum BlobFormat {
    /// The version of the format.
    static var version: UInt32 { 2 }
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
