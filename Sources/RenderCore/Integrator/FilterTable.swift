/// The inverse of a pixel filter's distribution along one axis: samples drawn by it all weigh the same.
///
/// After M. Ernst et al., "Filter Importance Sampling", 2006.
struct FilterTable {
    private static var cells: Int { 256 }
    /// The places of 257 even steps through the distribution, in pixels; nothing for the box, which needs none.
    private let places: UnsafePointer<Float>?

    init(_ filter: PixelFilter, memory: SceneMemory) {
        guard filter == .blackmanHarris else {
            self.places = nil
            return
        }
        let radius = 1.5
        let steps = 4096
        var sums: [Double] = [0]
        for i in 0 ..< steps {
            let t = (Float(i) + 0.5) / Float(steps)
            // F. Harris 1978, the minimum of four terms; 35875, 48829, 14128 and 1168 of 100,000.
            let waves = (
                48_829 * sinCos(turns: t).cos, 14_128 * sinCos(turns: 2 * t).cos, 1168 * sinCos(turns: 3 * t).cos
            )
            sums.append(sums[i] + Double(larger(0, ((35_875 - waves.0) + waves.1) - waves.2)))
        }
        let places = memory.allocate(Float.self, count: Self.cells + 1)
        var step = 0
        for cell in 0 ... Self.cells {
            let wanted = sums[steps] * Double(cell) / Double(Self.cells)
            while step < steps - 1, sums[step + 1] < wanted { step += 1 }
            let width = sums[step + 1] - sums[step]
            let rest = width > 0 ? (wanted - sums[step]) / width : 0
            places[cell] = Float(((Double(step) + rest) / Double(steps) * 2 - 1) * radius)
        }
        self.places = UnsafePointer(places)
    }

    /// Where numbers of 0..<1 put their samples, in pixels from the middle of the pixel.
    @inline(__always) func offset(_ u: FloatLanes) -> FloatLanes {
        guard let places = self.places else { return u - 0.5 }
        let x = u * FloatLanes(Float(Self.cells))
        let cell = IntLanes(truncating: x)
        let at = UIntLanes(bitPattern: cell)
        return mix(FloatLanes(at: places, gather: at), FloatLanes(at: places, gather: at &+ 1), x - FloatLanes(cell))
    }
}
