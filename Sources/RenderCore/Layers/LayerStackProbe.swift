/// A stack by itself, for tests and for looking at its lobes.
package final class LayerStackProbe {
    private let memory = SceneMemory()
    private let stack: UnsafeMutablePointer<LayerStackData>
    private let scratch: UnsafeMutablePointer<LayerDescent>

    /// The steps that all walks so far have taken.
    package private(set) var steps: UInt32 = 0

    /// Checks and prepares a stack.
    package init(_ stack: LayerStack) throws(SceneBlobError) {
        let data = LayerStackData(try stack.checked("the layers"), mixtures: nil, memory: self.memory)
        self.stack = self.memory.allocate(LayerStackData.self, count: 1)
        self.stack.initialize(to: data)
        self.scratch = LayerDescent.scratch(memory: self.memory)
    }

    private var walk: LayerWalk { LayerWalk(stack: UnsafePointer(self.stack), tint: Vector3(1)) }

    /// Draws a direction: value times cosine over density, and the density or zero for what light samples cannot find.
    package func sample(
        _ wo: SIMD3<Float>,
        seed: UInt32
    ) -> (wi: SIMD3<Float>, weight: SIMD3<Float>, density: Float)? {
        var stream = WalkStream(seed: seed)
        guard let sample = self.walk.sample(Vector3(wo), &stream, &self.steps) else { return nil }
        return (
            SIMD3(sample.wi.x, sample.wi.y, sample.wi.z),
            SIMD3(sample.weight.x, sample.weight.y, sample.weight.z),
            sample.density
        )
    }

    /// An estimate of value times cosine.
    package func evaluate(_ wo: SIMD3<Float>, _ wi: SIMD3<Float>, seed: UInt32) -> SIMD3<Float> {
        var stream = WalkStream(seed: seed)
        let value = self.walk.evaluate(Vector3(wo), Vector3(wi), &stream, self.scratch, &self.steps)
        return SIMD3(value.x, value.y, value.z)
    }

    /// The approximate density of ``sample(_:seed:)``.
    package func density(_ wo: SIMD3<Float>, _ wi: SIMD3<Float>) -> Float {
        self.walk.density(Vector3(wo), Vector3(wi))
    }
}
