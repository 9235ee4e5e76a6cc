/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
package struct SeededRandom {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to 1.
    package mutating func unit() -> Double {
        Double(self.next() >> 11) * 0x1p-53
    }

    /// A number between two.
    package mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * self.unit()
    }

    /// A direction, evenly spread.
    mutating func direction() -> SIMD3<Double> {
        let y = self.between(-1, 1)
        let (s, c) = DeterministicMath.sineCosine(self.between(0, 2 * .pi))
        let r = max(0, 1 - y * y).squareRoot()
        return SIMD3(r * c, y, r * s)
    }

    /// A random rotation.
    mutating func frame() -> Affine {
        let z = self.direction()
        let x = normalized(cross(self.direction(), z), or: SIMD3(1, 0, 0))
        return Affine(x: x, y: cross(z, x), z: z, translation: .zero)
    }
}
