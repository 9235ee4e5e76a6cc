/// The random numbers of one random walk, whose length nobody knows beforehand.
///
/// A pure function of the seed. Numbers of one walk are independent of each other; a walk has too many dimensions for
/// points that are spread evenly. PCG32 of M. O'Neill 2014.
struct WalkStream {
    private var state: UInt64

    @inline(__always) init(seed: UInt32) {
        self.state = UInt64(mixedBits(seed)) | UInt64(mixedBits(seed ^ 0x9e37_79b9)) &<< 32
    }

    /// A number in 0..<1.
    @inline(__always) mutating func next() -> Float {
        let old = self.state
        self.state = old &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let shifted = UInt32(truncatingIfNeeded: ((old &>> 18) ^ old) &>> 27)
        let turn = UInt32(truncatingIfNeeded: old &>> 59)
        return unitFloat((shifted &>> turn) | (shifted &<< ((0 &- turn) & 31)))
    }
}
