/// The random numbers of one sample of one pixel.
///
/// A pure function of (pixel, sample, dimension, seed). Each dimension is a pair of numbers: the first two dimensions of
/// the Sobol sequence, shuffled and scrambled independently of the other pairs.
package struct PathSampler: BitwiseCopyable {
    /// The place in the sequence, bits reversed.
    package let reversedIndex: UInt32
    /// What scrambles the sequence.
    package let seed: UInt32

    @inline(__always) init(index: UInt32, seed: UInt32) {
        self.reversedIndex = reversedBits(index)
        self.seed = seed
    }

    /// A number that belongs to this sample alone.
    @inline(__always) var key: UInt32 { mixedBits(self.seed ^ self.reversedIndex) }

    /// Two numbers in 0..<2^32.
    @inline(__always) package func bits(_ dimension: UInt32) -> (UInt32, UInt32) {
        let seed = mixedBits(self.seed &+ dimension &* 0x9e37_79b9)
        let index = reversedBits(scrambledReversed(self.reversedIndex, seed))
        return (
            reversedBits(scrambledReversed(index, mixedBits(seed ^ 0x68bc_21eb))),
            reversedBits(scrambledReversed(reversedSobol1(index), mixedBits(seed ^ 0x02e5_be93)))
        )
    }

    /// Four pairs of numbers at once: the same as ``bits(_:)`` for `dimension` and the three after it.
    @inline(__always) package func fourBits(_ dimension: UInt32) -> (SIMD4<UInt32>, SIMD4<UInt32>) {
        let step: UInt32 = 0x9e37_79b9
        let first = self.seed &+ dimension &* step
        let seed = mixedBits(SIMD4(first, first &+ step, first &+ 2 &* step, first &+ 3 &* step))
        let index = reversedBits(scrambledReversed(SIMD4(repeating: self.reversedIndex), seed))
        return (
            reversedBits(scrambledReversed(index, mixedBits(seed ^ SIMD4(repeating: 0x68bc_21eb)))),
            reversedBits(scrambledReversed(reversedSobol1(index), mixedBits(seed ^ SIMD4(repeating: 0x02e5_be93))))
        )
    }

    /// Two numbers in 0..<1.
    @inline(__always) func pair(_ dimension: UInt32) -> (Float, Float) {
        let (a, b) = self.bits(dimension)
        return (unitFloat(a), unitFloat(b))
    }
}

// The functions of Sobol.swift for four numbers at once.

@inline(__always) private func reversedBits(_ x: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var r = x
    r = ((r &>> 1) & 0x5555_5555) | ((r & 0x5555_5555) &<< 1)
    r = ((r &>> 2) & 0x3333_3333) | ((r & 0x3333_3333) &<< 2)
    r = ((r &>> 4) & 0x0f0f_0f0f) | ((r & 0x0f0f_0f0f) &<< 4)
    r = ((r &>> 8) & 0x00ff_00ff) | ((r & 0x00ff_00ff) &<< 8)
    return (r &>> 16) | (r &<< 16)
}

@inline(__always) private func scrambledReversed(_ x: SIMD4<UInt32>, _ seed: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var r = x
    r ^= r &* 0x3d20_adea
    r &+= seed
    r &*= (seed &>> 16) | 1
    r ^= r &* 0x0552_6c56
    r ^= r &* 0x53a2_2864
    return r
}

@inline(__always) private func mixedBits(_ x: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var r = x
    r ^= r &>> 16
    r &*= 0x7feb_352d
    r ^= r &>> 15
    r &*= 0x846c_a68b
    r ^= r &>> 16
    return r
}

@inline(__always) private func reversedSobol1(_ i: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var r = i
    r ^= (r & 0xaaaa_aaaa) &>> 1
    r ^= (r & 0xcccc_cccc) &>> 2
    r ^= (r & 0xf0f0_f0f0) &>> 4
    r ^= (r & 0xff00_ff00) &>> 8
    r ^= (r & 0xffff_0000) &>> 16
    return r
}
