/// A choice among weighted entries in exact integers.
///
/// Entry i is chosen by the 32-bit numbers from `starts[i]` up to the start of the next one (2^32 after the last), so its
/// probability is a known multiple of 2^-32 and the estimator stays unbiased whatever the table says.
package enum DiscreteDistribution {
    /// Builds the starts for weights that are finite and not negative; every positive weight gets a chance.
    ///
    /// Nothing when all weights are zero or there are none. At most 2^24 entries.
    package static func starts(weights: [Float]) -> [UInt32]? {
        var total = 0.0
        var positive = 0.0
        for w in weights where w > 0 {
            total += Double(w)
            positive += 1
        }
        guard total > 0, weights.count <= 1 << 24 else { return nil }
        // One unit for each positive entry is set aside, and as much again for rounding. What is left over goes to the
        // last entry, which is harmless even where its weight is zero: a sample of it then adds nothing.
        let scale = (0x1p32 - 2 * positive) / total
        var starts: [UInt32] = []
        starts.reserveCapacity(weights.count)
        var sum: UInt64 = 0
        for w in weights {
            starts.append(UInt32(truncatingIfNeeded: sum))
            if w > 0 { sum &+= 1 &+ UInt64(Double(w) * scale) }
        }
        return starts
    }

    /// Whether starts that come from outside are zero first and never decrease.
    static func isValid(_ starts: UnsafePointer<UInt32>, count: Int) -> Bool {
        guard count > 0, starts[0] == 0 else { return false }
        for i in 1 ..< max(1, count) where starts[i] < starts[i - 1] { return false }
        return true
    }

    /// The number of 32-bit numbers that choose entry `i`.
    @inline(__always) static func width(_ i: Int, _ starts: UnsafePointer<UInt32>, count: Int) -> UInt64 {
        let end = i &+ 1 < count ? UInt64(starts[i &+ 1]) : 0x1_0000_0000
        return end &- UInt64(starts[i])
    }

    /// The entry that a number chooses; `starts` has `count` entries, at least one, not decreasing from zero.
    @inline(__always) static func pick(_ u: UInt32, _ starts: UnsafePointer<UInt32>, count: Int) -> Int {
        var low = 0
        var high = count
        while high &- low > 1 {
            let middle = (low &+ high) &>> 1
            if starts[middle] <= u { low = middle } else { high = middle }
        }
        return low
    }
}
