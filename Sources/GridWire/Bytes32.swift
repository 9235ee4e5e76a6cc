/// Thirty-two bytes in one value without an allocation; the storage of digests and public keys.
struct Bytes32: Hashable, Sendable, Comparable {
    /// The number of bytes.
    static let count = 32

    /// The bytes as big-endian words, so that comparing words compares bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Creates the value from exactly 32 bytes, or nothing from any other number.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var words = SIMD4<UInt64>.zero
        var i = 0
        for byte in bytes {
            words[i / 8] |= UInt64(byte) << UInt64(56 - 8 * (i % 8))
            i += 1
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// Creates the value from little-endian words, as BLAKE2b leaves them.
    init(littleEndianWords words: SIMD4<UInt64>) {
        self.words = (words[0].byteSwapped, words[1].byteSwapped, words[2].byteSwapped, words[3].byteSwapped)
    }

    /// The 32 bytes in order.
    var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.count) { buffer, count in
            var i = 0
            for word in [self.words.0, self.words.1, self.words.2, self.words.3] {
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    buffer[i] = UInt8(truncatingIfNeeded: word >> shift)
                    i += 1
                }
            }
            count = Self.count
        }
    }

    /// Whether the two values hold the same bytes.
    static func == (a: Self, b: Self) -> Bool {
        a.words == b.words
    }

    /// Lexicographic order of the bytes.
    static func < (a: Self, b: Self) -> Bool {
        a.words < b.words
    }

    /// Feeds the bytes to a hasher.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
        hasher.combine(self.words.3)
    }
}
