import ImageCodec

/// SplitMix64 by Steele and others, 2014: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// What a decoder made of bytes, for tests that care about no more.
enum Outcome: Equatable {
    case read
    case refused(ImageError.Code)

    init(_ body: () throws(ImageError) -> Void) {
        do throws(ImageError) {
            try body()
            self = .read
        } catch {
            self = .refused(error.code)
        }
    }
}

/// Small limits, so that mutated sizes cannot make a test slow.
let narrowLimits = ImageLimits(maxEdge: 512, maxPixels: 1 << 16, freePixels: 1 << 14)

/// Changes one to eight bytes, cuts, repeats or drops a piece; never the first `protected` bytes.
func mutated(_ bytes: [UInt8], protecting protected: Int, using generator: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0 ..< Int.random(in: 1 ... 8, using: &generator) {
        guard result.count > protected + 1 else { return result }
        let i = Int.random(in: protected ..< result.count, using: &generator)
        switch Int.random(in: 0 ..< 6, using: &generator) {
        case 0: result[i] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: result[i] ^= 1 << UInt8.random(in: 0 ..< 8, using: &generator)
        case 2: result[i] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
        case 3: result.removeSubrange(i ..< min(result.count, i + Int.random(in: 1 ... 9, using: &generator)))
        case 4: result.insert(contentsOf: result[i ..< min(result.count, i + 7)], at: i)
        default: result.insert(UInt8.random(in: .min ... .max, using: &generator), at: i)
        }
    }
    return result
}
