/// Thirty-two bytes in one value without an allocation; the storage of digests and public keys.
struct Bytes32: Hashable, Sendable, Comparable {
    /// The number of bytes.
    static let count = 32

    /// The bytes in memory order.
    ///
    /// Not a vector of 32 bytes: the frames of asynchronous functions are aligned to 16, and Swift 6.3 makes them too small
    /// for what needs more (LLVM's coroutine frames are laid out for the lesser alignment and then padded for the greater
    /// one), so that such a function writes over its neighbour's memory.
    private var storage: Words

    private struct Words: Equatable {
        var a, b, c, d: UInt64
    }

    /// Creates the value from exactly 32 bytes, or nothing from any other number.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var storage = Words(a: 0, b: 0, c: 0, d: 0)
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
        self.storage = Words(
            a: words[0].littleEndian,
            b: words[1].littleEndian,
            c: words[2].littleEndian,
            d: words[3].littleEndian
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
        hasher.combine(self.storage.b)
    }

    /// Lexicographic order of the bytes.
    static func < (a: Self, b: Self) -> Bool {
        let (a, b) = (a.storage, b.storage)
        if a.a != b.a { return UInt64(bigEndian: a.a) < UInt64(bigEndian: b.a) }
        if a.b != b.b { return UInt64(bigEndian: a.b) < UInt64(bigEndian: b.b) }
        if a.c != b.c { return UInt64(bigEndian: a.c) < UInt64(bigEndian: b.c) }
        return UInt64(bigEndian: a.d) < UInt64(bigEndian: b.d)
    }
}
