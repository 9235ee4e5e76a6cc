/// A BLAKE2b-256 hash value (RFC 7693, 32 bytes of output, no key).
public struct Digest: Hashable, Sendable, Comparable {
    /// The number of bytes of a digest.
    public static let byteCount = 32

    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Creates a digest from exactly 32 bytes, or nothing from any other number.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (i, byte) in bytes.enumerated() {
            words[i / 8] |= UInt64(byte) << UInt64(56 - 8 * (i % 8))
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// The digest of a message.
    public init(hashing message: some Sequence<UInt8>) {
        var hash = Blake2b256()
        hash.update(message)
        self = hash.finalize()
    }

    /// The 32 bytes, in the order in which BLAKE2b gives them.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for word in [self.words.0, self.words.1, self.words.2, self.words.3] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }

    /// Whether the two digests hold the same bytes.
    public static func == (a: Self, b: Self) -> Bool {
        a.words == b.words
    }

    /// Lexicographic order of the bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.words < b.words
    }

    /// Feeds the bytes to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
        hasher.combine(self.words.3)
    }
}
