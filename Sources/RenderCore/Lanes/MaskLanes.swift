import CVector

#if LANES_1
private typealias MaskStorage = Int32
#elseif LANES_4
private typealias MaskStorage = SIMD4<Int32>
#elseif LANES_8
private typealias MaskStorage = SIMD8<Int32>
#else
private typealias MaskStorage = SIMD16<Int32>
#endif

/// Yes or no for each lane: all bits of a lane, or none.
package struct MaskLanes: BitwiseCopyable, Sendable {
    private var vector: MaskStorage

    @inline(__always) init(vector: lanes_int) { self.vector = vector }

    /// What the C functions take.
    @inline(__always) var lanes: lanes_int { self.vector }

    /// The same in every lane.
    @inline(__always) package init(_ isSet: Bool) { self.init(vector: lanes_repeat_int(isSet ? -1 : 0)) }

    /// Lane i is set when bit i is.
    @inline(__always) package init(bits: UInt32) { self.init(vector: lanes_from_bits(bits)) }

    /// The first `count` lanes.
    @inline(__always) package init(first count: Int) {
        self = UIntLanes.numbers .< UIntLanes(UInt32(truncatingIfNeeded: count))
    }

    /// Bit i is set when lane i is.
    @inline(__always) package var bits: UInt32 { lanes_bits(self.lanes) }

    /// Whether any lane is set.
    @inline(__always) package var any: Bool { self.bits != 0 }

    /// Whether every lane is set.
    @inline(__always) package var all: Bool { self.bits == UInt32(truncatingIfNeeded: (1 &<< laneCount) &- 1) }

    @inline(__always) package static func .& (a: MaskLanes, b: MaskLanes) -> MaskLanes {
        MaskLanes(vector: lanes_mask_and(a.lanes, b.lanes))
    }
    @inline(__always) package static func .| (a: MaskLanes, b: MaskLanes) -> MaskLanes {
        MaskLanes(vector: lanes_mask_or(a.lanes, b.lanes))
    }
    /// Whether a lane is set.
    @inline(__always) package func contains(_ lane: Int) -> Bool {
        self.bits &>> UInt32(truncatingIfNeeded: lane) & 1 != 0
    }

    @inline(__always) package static func .^ (a: MaskLanes, b: MaskLanes) -> MaskLanes {
        MaskLanes(vector: lanes_mask_xor(a.lanes, b.lanes))
    }
    @inline(__always) package static prefix func .! (a: MaskLanes) -> MaskLanes {
        MaskLanes(vector: lanes_mask_not(a.lanes))
    }
}

/// `a` where the mask is set, `b` elsewhere.
@inline(__always) package func select(_ mask: MaskLanes, _ a: MaskLanes, _ b: MaskLanes) -> MaskLanes {
    MaskLanes(vector: lanes_select_int(mask.lanes, a.lanes, b.lanes))
}

/// The lanes of a mask's bits, lowest first.
struct LaneSequence: Sequence, IteratorProtocol {
    private var bits: UInt32

    @inline(__always) init(_ mask: MaskLanes) { self.bits = mask.bits }

    @inline(__always) mutating func next() -> Int? {
        guard self.bits != 0 else { return nil }
        let lane = self.bits.trailingZeroBitCount
        self.bits &= self.bits &- 1
        return lane
    }
}
