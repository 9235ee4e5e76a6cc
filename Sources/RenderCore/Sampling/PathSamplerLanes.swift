/// ``PathSampler`` for the samples of as many paths as there are lanes: the same bits, about nine instructions a number
/// and lane.
package struct PathSamplerLanes: BitwiseCopyable {
    /// The places in the sequence, bits reversed; see ``PathSampler/reversedIndex``.
    package let reversedIndex: UIntLanes
    /// What scrambles the sequence.
    package let seed: UIntLanes

    @inline(__always) package init(reversedIndex: UIntLanes, seed: UIntLanes) {
        self.reversedIndex = reversedIndex
        self.seed = seed
    }

    /// Numbers that belong to these samples alone.
    @inline(__always) var key: UIntLanes { mixedBits(self.seed ^ self.reversedIndex) }

    /// Two numbers in 0..<2^32.
    @inline(__always) package func bits(_ dimension: UInt32) -> (UIntLanes, UIntLanes) {
        let seed = mixedBits(self.seed &+ UIntLanes(dimension &* 0x9e37_79b9))
        let index = reversedBits(scrambledReversed(self.reversedIndex, seed))
        return (
            reversedBits(scrambledReversed(index, mixedBits(seed ^ 0x68bc_21eb))),
            reversedBits(scrambledReversed(reversedSobol1(index), mixedBits(seed ^ 0x02e5_be93)))
        )
    }

    /// Two numbers in 0..<1.
    @inline(__always) func pair(_ dimension: UInt32) -> (FloatLanes, FloatLanes) {
        let (a, b) = self.bits(dimension)
        return (unitFloat(a), unitFloat(b))
    }
}

// The functions of Sobol.swift; no operation but those of one instruction, shifts by constants only.

@inline(__always) func reversedBits(_ x: UIntLanes) -> UIntLanes {
    var r = x
    r = ((r &>> 1) & 0x5555_5555) | ((r & 0x5555_5555) &<< 1)
    r = ((r &>> 2) & 0x3333_3333) | ((r & 0x3333_3333) &<< 2)
    r = ((r &>> 4) & 0x0f0f_0f0f) | ((r & 0x0f0f_0f0f) &<< 4)
    r = ((r &>> 8) & 0x00ff_00ff) | ((r & 0x00ff_00ff) &<< 8)
    return (r &>> 16) | (r &<< 16)
}

@inline(__always) func scrambledReversed(_ x: UIntLanes, _ seed: UIntLanes) -> UIntLanes {
    var r = x
    r = r ^ (r &* 0x3d20_adea)
    r = r &+ seed
    r = r &* ((seed &>> 16) | 1)
    r = r ^ (r &* 0x0552_6c56)
    return r ^ (r &* 0x53a2_2864)
}

@inline(__always) func mixedBits(_ x: UIntLanes) -> UIntLanes {
    var r = x
    r = r ^ (r &>> 16)
    r = r &* 0x7feb_352d
    r = r ^ (r &>> 15)
    r = r &* 0x846c_a68b
    return r ^ (r &>> 16)
}

@inline(__always) func reversedSobol1(_ i: UIntLanes) -> UIntLanes {
    var r = i
    r = r ^ ((r & 0xaaaa_aaaa) &>> 1)
    r = r ^ ((r & 0xcccc_cccc) &>> 2)
    r = r ^ ((r & 0xf0f0_f0f0) &>> 4)
    r = r ^ ((r & 0xff00_ff00) &>> 8)
    return r ^ ((r & 0xffff_0000) &>> 16)
}

/// The upper 24 bits as numbers in 0..<1.
@inline(__always) func unitFloat(_ bits: UIntLanes) -> FloatLanes {
    FloatLanes(IntLanes(bitPattern: bits &>> 8)) * 0x1p-24
}
