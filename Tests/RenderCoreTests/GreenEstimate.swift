import RenderCore

extension Scene {
    /// Mean and standard error of the green of a picture of 4x4 pixels over 32 seeds.
    func greenEstimate(depth: Int) -> (mean: Double, error: Double) {
        let values = (0 ..< 32).map { seed in
            let settings = RenderSettings(
                width: 4,
                height: 4,
                samples: 64,
                maxDepth: depth,
                seed: UInt32(seed),
                filter: .box
            )
            let block = BlockRenderer(scene: self, settings: settings).render(x: 0, y: 0, width: 4, height: 4)
            return (0 ..< 16).reduce(0.0) { $0 + Double(block.pixels[3 * $1 + 1]) } / 16
        }
        let mean = values.reduce(0, +) / 32
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 31
        return (mean, (variance / 32).squareRoot())
    }
}
