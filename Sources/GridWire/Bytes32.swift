/// Thirty-two bytes in one value without an allocation; the storage of digests and public keys.
struct Bytes32: Hashable, Sendable, Comparable {
    /// The number of bytes.
    static let count = 32

    /// The bytes in memory order.
    private var storage: SIMD4<UInt64>

    /// Creates the value from exactly 32 bytes, or nothing from any other number.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var storage = SIMD4<UInt64>.zero
        let copied: Void? = bytes.withContiguousStorageIfAvailable { source in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(source)) }
        }
        if copied == nil {
            withUnsafeMutableBytes(of: &storage) { target in
                for (i, byte) in bytes.enumerated() {
                    target[i] = byte
                }
            }
        }
        self.storage = storage
    }

    /// Creates the value from little-endian words, as BLAKE2b leaves them.
    init(littleEndianWords words: SIMD4<UInt64>) {
        self.storage = SIMD4(
            words[0].littleEndian,
            words[1].littleEndian,
            words[2].littleEndian,
            words[3].littleEndian
        )
    }

    /// The 32 bytes in order.
    var bytes: [UInt8] {
        self.withUnsafeBytes { Array($0) }
    }

    /// Calls a closure with the 32 bytes in order.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: self.storage, body)
    }

    /// Feeds eight of the bytes to a hasher: nobody finds many digests or keys that agree in these.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.storage[1])
    }

    /// Lexicographic order of the bytes.
    static func < (a: Self, b: Self) -> Bool {
        for i in 0 ..< 4 where a.storage[i] != b.storage[i] {
            return UInt64(bigEndian: a.storage[i]) < UInt64(bigEndian: b.storage[i])
        }
        return false
    }
}
