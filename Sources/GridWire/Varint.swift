/// Unsigned LEB128 numbers as libp2p writes them: minimal, at most nine bytes, so at most 63 bits.
public enum Varint {
    /// The most bytes of a number.
    public static let sizeMax = 9
    /// The largest number.
    public static let valueMax = UInt64.max >> 1

    /// Appends a number, which must be at most ``valueMax``.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        precondition(value <= Self.valueMax, "a varint holds 63 bits, got \(value)")
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The bytes of a number, which must be at most ``valueMax``.
    public static func encode(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        self.append(value, to: &bytes)
        return bytes
    }

    /// Reads the number at the front of some bytes.
    ///
    /// - Returns: The number and how many bytes it took, or nothing when more bytes are needed to know.
    /// - Throws: ``WireError/Code-swift.struct/malformed`` when it is longer than nine bytes or not minimal.
    public static func decode(_ bytes: some Sequence<UInt8>) throws(WireError) -> (value: UInt64, size: Int)? {
        var value: UInt64 = 0
        var size = 0
        for byte in bytes {
            value |= UInt64(byte & 0x7f) << UInt64(7 * size)
            size += 1
            if byte < 0x80 {
                guard byte != 0 || size == 1 else {
                    throw WireError(.notCanonical, "a varint of \(size) bytes ends in a zero byte")
                }
                return (value, size)
            }
            guard size < Self.sizeMax else {
                throw WireError(.malformed, "a varint takes more than \(Self.sizeMax) bytes")
            }
        }
        return nil
    }
}
