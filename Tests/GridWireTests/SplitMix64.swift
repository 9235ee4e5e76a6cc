/// A small seeded generator (Steele, Lea, Flood 2014), so that every test replays.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0 ..< count).map { _ in UInt8(truncatingIfNeeded: self.next()) }
    }

    /// Flips, inserts, removes or overwrites some bytes.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0 ..< Int.random(in: 1 ... 3, using: &self) {
            guard !bytes.isEmpty else { return self.bytes(1) }
            let i = Int.random(in: 0 ..< bytes.count, using: &self)
            switch Int.random(in: 0 ..< 5, using: &self) {
            case 0: bytes[i] ^= 1 << UInt8.random(in: 0 ..< 8, using: &self)
            case 1: bytes[i] = UInt8.random(in: 0 ... 255, using: &self)
            case 2: bytes.insert(UInt8.random(in: 0 ... 255, using: &self), at: i)
            case 3: bytes.remove(at: i)
            default:
                bytes[i] =
                    [0x00, 0x17, 0x18, 0x1b, 0x3b, 0x5b, 0x7f, 0x9b, 0xbb, 0xff].randomElement(using: &self) ?? 0
            }
        }
        return bytes
    }
}
