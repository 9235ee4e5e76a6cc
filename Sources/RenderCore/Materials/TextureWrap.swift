extension TextureReference.Wrap {
    /// The texel at a coordinate, whatever it is.
    @inline(__always) func texel(_ coordinate: Float, count: Int) -> Int {
        self.wrapped(floorToInt(coordinate * Float(count)), count: count)
    }

    /// A texel number moved into 0..<count.
    @inline(__always) package func wrapped(_ i: Int, count: Int) -> Int {
        switch self {
        case .clampToEdge: return i < 0 ? 0 : i < count ? i : count &- 1
        case .repeat:
            if i >= 0, i < count { return i }
            let m = i % count
            return m < 0 ? m &+ count : m
        case .mirroredRepeat:
            let period = 2 &* count
            let r = i % period
            let m = r < 0 ? r &+ period : r
            return m < count ? m : period &- 1 &- m
        }
    }
}

/// The linear values of 8-bit sRGB codes.
package func sRGBTable() -> [Float] {
    (0 ..< 256).map { linearOfSRGB(Double($0) / 255) }
}

/// The linear value of an sRGB value of 0...1 (IEC 61966-2-1).
func linearOfSRGB(_ c: Double) -> Float {
    Float(c * 100_000 <= 4045 ? c * 100 / 1292 : power((c * 1000 + 55) / 1055, 12.0 / 5.0))
}
