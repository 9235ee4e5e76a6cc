import CVector

#if LANES_1
private typealias FloatStorage = Float
#elseif LANES_4
private typealias FloatStorage = SIMD4<Float>
#elseif LANES_8
private typealias FloatStorage = SIMD8<Float>
#else
private typealias FloatStorage = SIMD16<Float>
#endif

/// The number of paths that go through the same instructions together: 16, or what `TESSERA_LANES` says.
///
/// No result depends on it: every lane does the same operations of IEEE 754 in the same order. The build with one lane
/// is the scalar reference.
@inline(__always) package var laneCount: Int { Int(LANES_COUNT) }

/// One binary32 number a lane.
///
/// A struct of its own around the vector, so that its operators are few, each is one instruction, and one lane looks like
/// sixteen.
package struct FloatLanes: BitwiseCopyable, Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    private var vector: FloatStorage

    @inline(__always) init(vector: lanes_float) { self.vector = vector }

    /// What the C functions take.
    @inline(__always) var lanes: lanes_float { self.vector }

    /// The same number in every lane.
    @inline(__always) package init(_ x: Float) { self.init(vector: lanes_repeat(x)) }
    @inline(__always) package init(floatLiteral x: Float) { self.init(x) }
    @inline(__always) package init(integerLiteral x: Int16) { self.init(Float(x)) }

    /// Numbers one after the other, aligned to the size of all of them.
    @inline(__always) package init(at memory: UnsafeRawPointer) { self.init(vector: lanes_load(memory)) }

    /// The numbers `base[index]`; every index must be valid, also those of lanes that do not matter.
    @inline(__always) package init(at base: UnsafePointer<Float>, gather index: UIntLanes) {
        self.init(vector: lanes_gather(base, index.lanes))
    }

    /// The four neighbours from `base[4 index]` on; every index must be valid, also those of lanes that do not matter.
    @inline(__always) static func quads(
        at base: UnsafePointer<Float>,
        gather index: UIntLanes
    ) -> (FloatLanes, FloatLanes, FloatLanes, FloatLanes) {
        #if LANES_1
        let at = base + 4 &* Int(index[0])
        return (FloatLanes(at[0]), FloatLanes(at[1]), FloatLanes(at[2]), FloatLanes(at[3]))
        #else
        let p = lanes_load_slots(base, index.lanes, 0)
        let q = lanes_load_slots(base, index.lanes, 1)
        let r = lanes_load_slots(base, index.lanes, 2)
        let s = lanes_load_slots(base, index.lanes, 3)
        let low = (lanes_mingle_low(p, q), lanes_mingle_low(r, s))
        let high = (lanes_mingle_high(p, q), lanes_mingle_high(r, s))
        return (
            FloatLanes(vector: lanes_join_low(low.0, low.1)), FloatLanes(vector: lanes_join_high(low.0, low.1)),
            FloatLanes(vector: lanes_join_low(high.0, high.1)), FloatLanes(vector: lanes_join_high(high.0, high.1))
        )
        #endif
    }

    /// Integers as the nearest numbers.
    @inline(__always) package init(_ x: IntLanes) { self.init(vector: lanes_from_int(x.lanes)) }

    /// Numbers of these bits.
    @inline(__always) package init(bitPattern: UIntLanes) { self.init(vector: lanes_bits_float(bitPattern.lanes)) }

    @inline(__always) package var bitPattern: UIntLanes { UIntLanes(vector: lanes_float_bits(self.lanes)) }

    /// Writes the numbers one after the other, aligned to the size of all of them.
    @inline(__always) package func store(to memory: UnsafeMutableRawPointer) { lanes_store(memory, self.lanes) }

    /// One lane, 0..<``laneCount``.
    ///
    /// For loops over lanes that do something large.
    @inline(__always) package subscript(lane: Int) -> Float {
        get { lanes_get(self.lanes, lane) }
        set { self = FloatLanes(vector: lanes_set(self.lanes, lane, newValue)) }
    }

    /// The least of all lanes, none of which may be not a number.
    @inline(__always) package var least: Float { lanes_least(self.lanes) }

    /// The greatest of all lanes, none of which may be not a number.
    @inline(__always) package var greatest: Float { lanes_greatest(self.lanes) }

    @inline(__always) package static prefix func - (a: FloatLanes) -> FloatLanes {
        FloatLanes(vector: lanes_neg(a.lanes))
    }
    @inline(__always) package static func + (a: FloatLanes, b: FloatLanes) -> FloatLanes {
        FloatLanes(vector: lanes_add(a.lanes, b.lanes))
    }
    @inline(__always) package static func - (a: FloatLanes, b: FloatLanes) -> FloatLanes {
        FloatLanes(vector: lanes_sub(a.lanes, b.lanes))
    }
    @inline(__always) package static func * (a: FloatLanes, b: FloatLanes) -> FloatLanes {
        FloatLanes(vector: lanes_mul(a.lanes, b.lanes))
    }
    @inline(__always) package static func / (a: FloatLanes, b: FloatLanes) -> FloatLanes {
        FloatLanes(vector: lanes_div(a.lanes, b.lanes))
    }
    @inline(__always) package static func += (a: inout FloatLanes, b: FloatLanes) { a = a + b }
    @inline(__always) package static func -= (a: inout FloatLanes, b: FloatLanes) { a = a - b }
    @inline(__always) package static func *= (a: inout FloatLanes, b: FloatLanes) { a = a * b }

    @inline(__always) package static func .< (a: FloatLanes, b: FloatLanes) -> MaskLanes {
        MaskLanes(vector: lanes_lt(a.lanes, b.lanes))
    }
    @inline(__always) package static func .<= (a: FloatLanes, b: FloatLanes) -> MaskLanes {
        MaskLanes(vector: lanes_le(a.lanes, b.lanes))
    }
    @inline(__always) package static func .> (a: FloatLanes, b: FloatLanes) -> MaskLanes { b .< a }
    @inline(__always) package static func .>= (a: FloatLanes, b: FloatLanes) -> MaskLanes { b .<= a }
    @inline(__always) package static func .== (a: FloatLanes, b: FloatLanes) -> MaskLanes {
        MaskLanes(vector: lanes_eq(a.lanes, b.lanes))
    }
    @inline(__always) package static func .!= (a: FloatLanes, b: FloatLanes) -> MaskLanes {
        MaskLanes(vector: lanes_ne(a.lanes, b.lanes))
    }

    @inline(__always) package func squareRoot() -> FloatLanes { FloatLanes(vector: lanes_sqrt(self.lanes)) }

    @inline(__always) package var magnitude: FloatLanes { FloatLanes(vector: lanes_abs(self.lanes)) }

    /// Where the number is neither infinite nor not a number.
    @inline(__always) package var isFinite: MaskLanes { self.magnitude .<= FloatLanes(.greatestFiniteMagnitude) }
}

/// `a` where the mask is set, `b` elsewhere.
@inline(__always) package func select(_ mask: MaskLanes, _ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
    FloatLanes(vector: lanes_select(mask.lanes, a.lanes, b.lanes))
}

/// The smaller of two; the first where one is not a number.
@inline(__always) package func smaller(_ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
    FloatLanes(vector: lanes_min(a.lanes, b.lanes))
}

/// The larger of two; the first where one is not a number.
@inline(__always) package func larger(_ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
    FloatLanes(vector: lanes_max(a.lanes, b.lanes))
}

/// `x` moved into low...high; `low` where it is not a number.
@inline(__always) package func clamped(_ x: FloatLanes, _ low: FloatLanes, _ high: FloatLanes) -> FloatLanes {
    select(x .>= low, select(x .<= high, x, high), low)
}

@inline(__always) package func mix(_ a: FloatLanes, _ b: FloatLanes, _ t: FloatLanes) -> FloatLanes { a + (b - a) * t }

/// The largest integer that is at most `x`, for |x| up to 2^30; zero elsewhere and for what is not a number.
@inline(__always) package func floorToInt(_ x: FloatLanes) -> IntLanes {
    let safe = select(x.magnitude .<= 0x1p30, x, 0)
    let truncated = IntLanes(truncating: safe)
    // A set lane of a mask is minus one.
    return truncated + IntLanes(vector: (FloatLanes(truncated) .> safe).lanes)
}
