// Owen-scrambled Sobol points by hashing: B. Burley, "Practical Hash-based Owen Scrambling", JCGT 9(4), 2020; the hash
// is N. Vegdahl's improvement of it (2021).

@inline(__always) func reversedBits(_ x: UInt32) -> UInt32 {
    var r = x
    r = ((r &>> 1) & 0x5555_5555) | ((r & 0x5555_5555) &<< 1)
    r = ((r &>> 2) & 0x3333_3333) | ((r & 0x3333_3333) &<< 2)
    r = ((r &>> 4) & 0x0f0f_0f0f) | ((r & 0x0f0f_0f0f) &<< 4)
    return r.byteSwapped
}

/// Owen scrambling of a number whose bits are reversed.
@inline(__always) func scrambledReversed(_ x: UInt32, _ seed: UInt32) -> UInt32 {
    var r = x
    r ^= r &* 0x3d20_adea
    r &+= seed
    r &*= (seed &>> 16) | 1
    r ^= r &* 0x0552_6c56
    r ^= r &* 0x53a2_2864
    return r
}

/// A number with well-mixed bits that depends on all bits of `x`.
///
/// After C. Wellons' lowbias32.
@inline(__always) func mixedBits(_ x: UInt32) -> UInt32 {
    var r = x
    r ^= r &>> 16
    r &*= 0x7feb_352d
    r ^= r &>> 15
    r &*= 0x846c_a68b
    r ^= r &>> 16
    return r
}

/// The second dimension of the Sobol sequence, bits reversed.
@inline(__always) func reversedSobol1(_ i: UInt32) -> UInt32 {
    var r = i
    r ^= (r & 0xaaaa_aaaa) &>> 1
    r ^= (r & 0xcccc_cccc) &>> 2
    r ^= (r & 0xf0f0_f0f0) &>> 4
    r ^= (r & 0xff00_ff00) &>> 8
    r ^= (r & 0xffff_0000) &>> 16
    return r
}

/// The upper 24 bits as a number in 0..<1.
@inline(__always) func unitFloat(_ bits: UInt32) -> Float { Float(Int32(truncatingIfNeeded: bits &>> 8)) * 0x1p-24 }
