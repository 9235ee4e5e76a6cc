/// The only source of chance in a run (SplitMix64: Steele, Lea, Flood 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mix(self.state)
    }

    /// The finaliser: a bijection whose outputs look random.
    static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// True with a probability.
    mutating func happens(_ probability: Double) -> Bool {
        probability > 0 && self.unit() < probability
    }

    /// A number within 0..<1.
    mutating func unit() -> Double {
        Double(self.next() >> 11) * 0x1p-53
    }

    /// A number within a range.
    mutating func within(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * self.unit()
    }

    /// A number below a bound, which must be positive.
    mutating func below(_ bound: Int) -> Int {
        Int(self.next() % UInt64(bound))
    }

    /// A waiting time with a mean, for events that have no memory.
    ///
    /// By von Neumann's comparisons of uniform numbers (1951), since the logarithm of `libm` differs between machines.
    mutating func exponential(mean: Double) -> Double {
        var whole = 0.0
        while true {
            let first = self.unit()
            var previous = first
            var isAccepted = true
            while true {
                let next = self.unit()
                if next > previous { break }
                previous = next
                isAccepted.toggle()
            }
            if isAccepted { return mean * (whole + first) }
            whole += 1
        }
    }

    /// A number with about the standard normal distribution: the sum of twelve uniform ones less six.
    mutating func normal() -> Double {
        (0 ..< 12).reduce(-6.0) { sum, _ in sum + self.unit() }
    }

    /// A log-normal number with mean 1: the exponential function as a power of its 1024th root.
    mutating func logNormal(spread: Double) -> Double {
        var base = 1 + (spread * self.normal() - spread * spread / 2) / 1_024
        for _ in 0 ..< 10 {
            base *= base
        }
        return base
    }
}
