extension [UInt8] {
    mutating func append(littleEndian value: UInt32) {
        self.append(UInt8(truncatingIfNeeded: value))
        self.append(UInt8(truncatingIfNeeded: value &>> 8))
        self.append(UInt8(truncatingIfNeeded: value &>> 16))
        self.append(UInt8(truncatingIfNeeded: value &>> 24))
    }

    mutating func append(littleEndian value: UInt64) {
        self.append(littleEndian: UInt32(truncatingIfNeeded: value))
        self.append(littleEndian: UInt32(truncatingIfNeeded: value &>> 32))
    }

    /// The number at an offset, which must be inside.
    func littleEndian32(at offset: Int) -> UInt32 {
        UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }
}

extension [UInt8] {
    /// Appends the bytes of numbers as they lie in memory, which is little-endian on every machine that this runs on:
    /// loaded blobs are used in place as well.
    mutating func append<Number: BitwiseCopyable>(littleEndianNumbers numbers: [Number]) {
        numbers.withUnsafeBytes { self.append(contentsOf: $0) }
    }
}
