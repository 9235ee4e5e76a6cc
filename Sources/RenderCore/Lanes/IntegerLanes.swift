import CVector

#if LANES_1
private typealias UIntStorage = UInt32
private typealias IntStorage = Int32
#elseif LANES_4
private typealias UIntStorage = SIMD4<UInt32>
private typealias IntStorage = SIMD4<Int32>
#elseif LANES_8
private typealias UIntStorage = SIMD8<UInt32>
private typealias IntStorage = SIMD8<Int32>
#else
private typealias UIntStorage = SIMD16<UInt32>
private typealias IntStorage = SIMD16<Int32>
#endif

/// One 32-bit number without sign a lane; arithmetic wraps around.
package struct UIntLanes: BitwiseCopyable, Sendable, ExpressibleByIntegerLiteral {
    private var vector: UIntStorage

    @inline(__always) init(vector: lanes_uint) { self.vector = vector }

    /// What the C functions take.
    @inline(__always) var lanes: lanes_uint { self.vector }

    /// The same number in every lane.
    @inline(__always) package init(_ x: UInt32) { self.init(vector: lanes_repeat_uint(x)) }
    @inline(__always) package init(integerLiteral x: UInt32) { self.init(x) }

    /// Numbers one after the other, aligned to the size of all of them.
    @inline(__always) package init(at memory: UnsafeRawPointer) { self.init(vector: lanes_load_uint(memory)) }

    /// The numbers `base[index]`; every index must be valid, also those of lanes that do not matter.
    @inline(__always) package init(at base: UnsafePointer<UInt32>, gather index: UIntLanes) {
        self.init(vector: lanes_gather_uint(base, index.lanes))
    }

    /// The same bits without a sign.
    @inline(__always) package init(bitPattern: IntLanes) { self.init(vector: lanes_int_bits(bitPattern.lanes)) }

    /// 0, 1, 2 and so on.
    @inline(__always) package static var numbers: UIntLanes { UIntLanes(vector: lanes_numbers()) }

    /// Writes the numbers one after the other, aligned to the size of all of them.
    @inline(__always) package func store(to memory: UnsafeMutableRawPointer) { lanes_store_uint(memory, self.lanes) }

    /// One lane, 0..<``laneCount``.
    ///
    /// For loops over lanes that do something large.
    @inline(__always) package subscript(lane: Int) -> UInt32 {
        get { lanes_get_uint(self.lanes, lane) }
        set { self = UIntLanes(vector: lanes_set_uint(self.lanes, lane, newValue)) }
    }

    @inline(__always) package static func &+ (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_add_uint(a.lanes, b.lanes))
    }
    @inline(__always) package static func &- (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_sub_uint(a.lanes, b.lanes))
    }
    @inline(__always) package static func &* (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_mul_uint(a.lanes, b.lanes))
    }
    @inline(__always) package static func & (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_and(a.lanes, b.lanes))
    }
    @inline(__always) package static func | (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_or(a.lanes, b.lanes))
    }
    @inline(__always) package static func ^ (a: UIntLanes, b: UIntLanes) -> UIntLanes {
        UIntLanes(vector: lanes_xor(a.lanes, b.lanes))
    }
    @inline(__always) package static prefix func ~ (a: UIntLanes) -> UIntLanes { UIntLanes(vector: lanes_not(a.lanes)) }

    /// Shifts by a constant below 32.
    @inline(__always) package static func &<< (a: UIntLanes, count: UInt32) -> UIntLanes {
        UIntLanes(vector: lanes_shl(a.lanes, count))
    }

    /// Shifts by a constant below 32.
    @inline(__always) package static func &>> (a: UIntLanes, count: UInt32) -> UIntLanes {
        UIntLanes(vector: lanes_shr(a.lanes, count))
    }

    @inline(__always) package static func .== (a: UIntLanes, b: UIntLanes) -> MaskLanes {
        MaskLanes(vector: lanes_eq_uint(a.lanes, b.lanes))
    }
    @inline(__always) package static func .!= (a: UIntLanes, b: UIntLanes) -> MaskLanes { .!(a .== b) }
    @inline(__always) package static func .< (a: UIntLanes, b: UIntLanes) -> MaskLanes {
        MaskLanes(vector: lanes_lt_uint(a.lanes, b.lanes))
    }
}

/// One 32-bit number with sign a lane; arithmetic wraps around.
package struct IntLanes: BitwiseCopyable, Sendable, ExpressibleByIntegerLiteral {
    private var vector: IntStorage

    @inline(__always) init(vector: lanes_int) { self.vector = vector }

    /// What the C functions take.
    @inline(__always) var lanes: lanes_int { self.vector }

    /// The same number in every lane.
    @inline(__always) package init(_ x: Int32) { self.init(vector: lanes_repeat_int(x)) }
    @inline(__always) package init(integerLiteral x: Int32) { self.init(x) }

    /// Numbers rounded towards zero; all must fit, also those of lanes that do not matter.
    @inline(__always) package init(truncating x: FloatLanes) { self.init(vector: lanes_to_int(x.lanes)) }

    /// The same bits with a sign.
    @inline(__always) package init(bitPattern: UIntLanes) { self.init(vector: lanes_bits_int(bitPattern.lanes)) }

    /// One lane, 0..<``laneCount``.
    @inline(__always) package subscript(lane: Int) -> Int32 { Int32(bitPattern: UIntLanes(bitPattern: self)[lane]) }

    @inline(__always) package static func + (a: IntLanes, b: IntLanes) -> IntLanes {
        IntLanes(bitPattern: UIntLanes(bitPattern: a) &+ UIntLanes(bitPattern: b))
    }
    @inline(__always) package static func - (a: IntLanes, b: IntLanes) -> IntLanes {
        IntLanes(bitPattern: UIntLanes(bitPattern: a) &- UIntLanes(bitPattern: b))
    }
    @inline(__always) package static prefix func - (a: IntLanes) -> IntLanes { 0 - a }
    @inline(__always) package static func .< (a: IntLanes, b: IntLanes) -> MaskLanes {
        MaskLanes(vector: lanes_lt_int(a.lanes, b.lanes))
    }
    @inline(__always) package static func .== (a: IntLanes, b: IntLanes) -> MaskLanes {
        MaskLanes(vector: lanes_eq_int(a.lanes, b.lanes))
    }
}

/// `a` where the mask is set, `b` elsewhere.
@inline(__always) package func select(_ mask: MaskLanes, _ a: UIntLanes, _ b: UIntLanes) -> UIntLanes {
    UIntLanes(vector: lanes_select_uint(mask.lanes, a.lanes, b.lanes))
}

/// `a` where the mask is set, `b` elsewhere.
@inline(__always) package func select(_ mask: MaskLanes, _ a: IntLanes, _ b: IntLanes) -> IntLanes {
    IntLanes(vector: lanes_select_int(mask.lanes, a.lanes, b.lanes))
}
