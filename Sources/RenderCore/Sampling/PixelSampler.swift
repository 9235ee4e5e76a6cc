/// What the samples of a pixel have in common: where they stand in the sequence that the whole picture shares.
///
/// All pixels take consecutive blocks of one scrambled Sobol sequence, in the order of a curve that keeps neighbours
/// together at every scale. Any 2 x 2, 4 x 4, ... pixels on that grid together have a well-stratified set again, so
/// their errors cancel: the noise that is left is of high frequency (A. Ahmed and P. Wonka, "Screen-Space Blue-Noise
/// Diffusion of Monte Carlo Sampling Error via Hierarchical Ordering of Pixels", SIGGRAPH Asia 2020).
///
/// Three things differ from the paper, all to need no loop for a sample: its random order of four is made of a random
/// pairing of the four pixels here and of binary nested scrambling there (``PathSampler``); the sequence has 32 bits, so it
/// begins anew, with another scramble, every 256 pixels or more; and the pairing is the same in all dimensions.
package struct PixelSampler: BitwiseCopyable {
    /// The place of the first sample in the sequence; the others follow.
    private let first: UInt32
    /// What scrambles the sequence here.
    private let seed: UInt32

    /// Prepares the samples 0..<`samples` of a pixel; later ones belong to other pixels.
    ///
    /// A sample depends on the next power of two of `samples`. Other numbers than powers of two leave gaps in the
    /// sequence, so that a pixel is as well stratified as ever, but its neighbours less with it.
    package init(x: Int, y: Int, samples: Int, seed: UInt32) {
        let count = UInt32(truncatingIfNeeded: min(max(samples, 1), RenderSettings.samplesMax))
        let sampleBits = 32 &- UInt32(truncatingIfNeeded: (count &- 1).leadingZeroBitCount)
        let levels = (32 &- sampleBits) / 2
        let x = UInt32(truncatingIfNeeded: x)
        let y = UInt32(truncatingIfNeeded: y)
        let tile = levels < 16 ? (x &>> levels) | (y &>> levels) &<< 16 : 0
        self.seed = mixedBits(tile ^ mixedBits(seed &+ 0x9e37_79b9))
        var order: UInt32 = 0
        var level = levels
        while level > 0 {
            level &-= 1
            let right = (x &>> level) & 1
            let down = (y &>> level) & 1
            // Binary scrambling orders the four pixels freely but for which two are a pair: those of a row, of a column or
            // of a diagonal.
            let pairing = ((mixedBits(order ^ mixedBits(self.seed &+ level)) &>> 16) &* 3) &>> 16
            let pair = pairing == 0 ? down : pairing == 1 ? right : right ^ down
            order = order &<< 2 | pair &<< 1 | (pairing == 1 ? down : right)
        }
        self.first = order &<< sampleBits
    }

    /// The random numbers of one sample.
    @inline(__always) package func path(_ sample: Int) -> PathSampler {
        PathSampler(index: self.first &+ UInt32(truncatingIfNeeded: sample), seed: self.seed)
    }
}
