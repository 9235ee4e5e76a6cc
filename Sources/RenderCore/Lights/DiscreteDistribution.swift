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
        return areAscending(UnsafeBufferPointer(start: starts, count: count))
    }

    // MARK: Guides

    /// The logarithm of the number of entries of a guide for `count` starts, at most 2^15: their next power of two.
    @inline(__always) static func guideBits(count: Int) -> Int {
        count <= 1 ? 0 : Int.bitWidth &- (count &- 1).leadingZeroBitCount
    }

    /// For each part of the numbers, all of one width, the entry that its first number chooses: with it
    /// ``pick(_:_:count:guide:)`` need not search (Chen and Asau 1974).
    static func guide(_ starts: some RandomAccessCollection<UInt32>) -> [UInt16] {
        let bits = Self.guideBits(count: starts.count)
        var guide: [UInt16] = []
        guide.reserveCapacity(1 << bits)
        var entry = 0
        var next = starts.index(after: starts.startIndex)
        for part in 0 ..< 1 << bits {
            let number = UInt32(truncatingIfNeeded: UInt64(part) << UInt64(32 - bits))
            while next != starts.endIndex, starts[next] <= number {
                next = starts.index(after: next)
                entry += 1
            }
            guide.append(UInt16(truncatingIfNeeded: entry))
        }
        return guide
    }

    /// Whether a guide that comes from outside is the one of these starts.
    static func isValid(guide: UnsafePointer<UInt16>, _ starts: UnsafePointer<UInt32>, count: Int) -> Bool {
        let bits = Self.guideBits(count: count)
        var wrong = 0
        for part in 0 ..< 1 << bits {
            let number = UInt64(part) << UInt64(32 - bits)
            let entry = Int(guide[part])
            guard entry < count else { return false }
            let end = entry &+ 1 < count ? UInt64(starts[entry &+ 1]) : 0x1_0000_0000
            wrong |= (UInt64(starts[entry]) <= number ? 0 : 1) | (number < end ? 0 : 1)
        }
        return wrong == 0
    }

    /// The entry of a guide of 2^`bits` for a number.
    @inline(__always) static func part(_ u: UInt32, bits: Int) -> Int {
        Int(UInt64(u) &>> UInt64(32 &- bits))
    }

    /// The same as ``pick(_:_:count:)``.
    @inline(__always) static func pick(
        _ u: UInt32,
        _ starts: UnsafePointer<UInt32>,
        count: Int,
        guide: UnsafePointer<UInt16>
    ) -> Int {
        let bits = Self.guideBits(count: count)
        let part = Self.part(u, bits: bits)
        var low = Int(guide[part])
        var high = part &+ 1 < 1 &<< bits ? Int(guide[part &+ 1]) &+ 1 : count
        while high &- low > 1 {
            let middle = (low &+ high) &>> 1
            if starts[middle] <= u { low = middle } else { high = middle }
        }
        return low
    }

    /// Where within the share of entry `i` a number lies that chose it, 0..<1.
    @inline(__always) static func rest(
        _ u: UInt32,
        _ starts: UnsafePointer<UInt32>,
        _ i: Int,
        count: Int
    ) -> Float {
        let width = Self.width(i, starts, count: count)
        guard width > 0 else { return 0.5 }
        return smaller(Float(u &- starts[i]) / Float(width), 0x1.fffffep-1)
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
