/// Base64 with the standard alphabet (RFC 4648, section 4); padding may be missing.
enum Base64 {
    /// The bytes, or nothing when the text has another character or an impossible length.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var digits = text
        for _ in 0 ..< 2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        let count = digits.count * 3 / 4
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            digits.withUnsafeBufferPointer { input in
                var bits: UInt32 = 0
                var bitCount: UInt32 = 0
                // An invalid digit has value 255, so that its upper bits tell in the end.
                var seen: UInt8 = 0
                self.values.withUnsafeBufferPointer { values in
                    for digit in input {
                        let value = values[Int(digit)]
                        seen |= value
                        bits = (bits &<< 6 | UInt32(value & 63)) & 0xFFFFFF
                        bitCount &+= 6
                        if bitCount >= 8 {
                            bitCount &-= 8
                            output[written] = UInt8(truncatingIfNeeded: bits &>> bitCount)
                            written += 1
                        }
                    }
                }
                isValid = seen < 64
            }
        }
        return isValid ? bytes : nil
    }

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, digit) in alphabet.utf8.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
}
