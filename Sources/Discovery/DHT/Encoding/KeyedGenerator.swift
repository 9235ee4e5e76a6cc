/// Unpredictable numbers from one seed of 32 bytes, so that a machine needs the system's randomness once and a simulation
/// replays.
///
/// ChaCha20 with fast key erasure: each block begins with the seed of the next one.
package struct KeyedGenerator: RandomNumberGenerator, Sendable {
    private static let blockSize = 512

    private var seed: [UInt8]
    private var block: ArraySlice<UInt8> = []

    /// Creates a generator.
    ///
    /// - Precondition: `seed` has 32 bytes.
    package init(seed: [UInt8]) {
        precondition(seed.count == Sodium.keySize, "a seed has 32 bytes, got \(seed.count)")
        self.seed = seed
    }

    /// So many random bytes, at most 256.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        precondition((0 ... 256).contains(count), "0 to 256 bytes at a time, not \(count)")
        if self.block.count < count {
            let next = Sodium.stream(seed: self.seed, count: Sodium.keySize + Self.blockSize)
            self.seed = [UInt8](next.prefix(Sodium.keySize))
            self.block = next.dropFirst(Sodium.keySize)
        }
        defer { self.block = self.block.dropFirst(count) }
        return [UInt8](self.block.prefix(count))
    }

    /// A random number.
    package mutating func next() -> UInt64 {
        self.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A random point of the DHT's space.
    package mutating func key() -> DHTKey {
        DHTKey(self.bytes(DHTKey.byteCount)) ?? DHTKey.zero
    }
}
