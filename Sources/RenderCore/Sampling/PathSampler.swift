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
        self.init(reversedIndex: reversedBits(index), seed: seed)
    }

    @inline(__always) init(reversedIndex: UInt32, seed: UInt32) {
        self.reversedIndex = reversedIndex
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

    /// Two numbers in 0..<1.
    @inline(__always) func pair(_ dimension: UInt32) -> (Float, Float) {
        let (a, b) = self.bits(dimension)
        return (unitFloat(a), unitFloat(b))
    }
}
