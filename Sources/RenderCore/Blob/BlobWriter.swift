/// Writes the sections of a blob one after the other.
///
/// A blob is: eight bytes of magic, the version and the number of sections as 32-bit numbers, the byte count of each
/// section as a 64-bit number, then the sections. Each begins at a multiple of ``BlobFormat/alignment``; what lies
/// between them is zero. All numbers are little-endian. A scene has exactly one encoding.
struct BlobWriter {
    private var bytes: [UInt8] = []
    private var sizes: [UInt64] = []
    private let sectionCount: Int

    /// Begins a blob of so many sections; a `capacity` in bytes that is right spares copies of everything written so far.
    init(sections: Int, capacity: Int) {
        self.sectionCount = sections
        let header = BlobFormat.headerSize(sections: sections)
        self.bytes.reserveCapacity(header + capacity + sections * BlobFormat.alignment)
        self.bytes.append(contentsOf: repeatElement(0, count: header))
    }

    mutating func section(_ words: [UInt32]) {
        self.section(words: [words])
    }

    mutating func section(_ numbers: [Float]) {
        self.section(floats: [numbers])
    }

    /// Arrays one after the other.
    mutating func section(words arrays: [[UInt32]]) {
        self.section { bytes in
            for array in arrays { bytes.append(littleEndianNumbers: array) }
        }
    }

    /// Arrays one after the other.
    mutating func section(floats arrays: [[Float]]) {
        self.section { bytes in
            for array in arrays { bytes.append(littleEndianNumbers: array) }
        }
    }

    mutating func section(_ write: (inout [UInt8]) -> Void) {
        let start = self.bytes.count
        write(&self.bytes)
        self.sizes.append(UInt64(self.bytes.count - start))
        while self.bytes.count % BlobFormat.alignment != 0 { self.bytes.append(0) }
    }

    /// The whole blob, after all its sections.
    consuming func finished(magic: UInt64) -> [UInt8] {
        precondition(self.sizes.count == self.sectionCount, "a blob has a fixed number of sections")
        var header: [UInt8] = []
        header.append(littleEndian: magic)
        header.append(littleEndian: BlobFormat.version)
        header.append(littleEndian: UInt32(self.sizes.count))
        for size in self.sizes { header.append(littleEndian: size) }
        for (i, byte) in header.enumerated() { self.bytes[i] = byte }
        return self.bytes
    }
}

/// What both kinds of blob have in common.
enum BlobFormat {
    /// The version of the format.
    static var version: UInt32 { 10 }
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
