import RenderCore

/// Volumes that tests build from.
enum VolumeScenes {
    /// A box with the same density everywhere, which is one.
    static func fog(
        halfEdge h: Float = 1,
        absorption: SIMD3<Float> = SIMD3(0, 0, 0),
        scattering: SIMD3<Float> = SIMD3(0, 0, 0),
        anisotropy: Float = 0,
        emission: [SIMD3<Float>] = []
    ) -> Volume {
        Volume(
            width: 2,
            height: 2,
            depth: 2,
            low: SIMD3(-h, -h, -h),
            high: SIMD3(h, h, h),
            densities: [Float](repeating: 1, count: 8),
            absorption: absorption,
            scattering: scattering,
            anisotropy: anisotropy,
            emission: emission
        )
    }

    /// A box of clumps and holes around the origin.
    static func cloud(
        halfEdge h: Float = 1,
        seed: UInt64 = 3,
        absorption: SIMD3<Float> = SIMD3(0, 0, 0),
        scattering: SIMD3<Float> = SIMD3(0, 0, 0),
        anisotropy: Float = 0,
        emission: [SIMD3<Float>] = []
    ) -> Volume {
        var generator = SeededGenerator(seed: seed)
        let (width, height, depth) = (23, 17, 30)
        var densities: [Float] = []
        var temperatures: [Float] = []
        for z in 0 ..< depth {
            for y in 0 ..< height {
                for x in 0 ..< width {
                    let isHole = x < 8 && z > 12 || y > 14
                    densities.append(isHole ? 0 : Float.random(in: 0 ... 1, using: &generator))
                    temperatures.append(Float(x + y + z) / Float(width + height + depth))
                }
            }
        }
        return Volume(
            width: width,
            height: height,
            depth: depth,
            low: SIMD3(-h, -h, -h),
            high: SIMD3(h, h, h),
            densities: densities,
            temperatures: emission.isEmpty ? [] : temperatures,
            absorption: absorption,
            scattering: scattering,
            anisotropy: anisotropy,
            emission: emission
        )
    }

    /// Volumes where they were modelled, with nothing but a sky around them.
    static func scene(
        _ volumes: [Volume],
        meshes: [Mesh] = [],
        materials: [Material] = [Material()],
        environment: Environment = .constant(SIMD3(0, 0, 0)),
        lights: [Light] = [],
        camera: Camera = Camera(),
        transform: Transform = Transform()
    ) throws -> Scene {
        var assets = SceneAssets(meshes: meshes, materials: materials, environment: environment)
        assets.volumes = volumes
        var frame = SceneFrame(
            instances: meshes.indices.map { Instance(mesh: $0) },
            lights: lights,
            camera: camera
        )
        frame.volumes = volumes.indices.map { VolumeInstance(volume: $0, transform: transform) }
        return try TestScenes.scene(assets, frame)
    }

    /// A map whose every texel is the same, which light samples go to.
    static var evenSky: Environment {
        .map(width: 8, height: 4, texels: [Float](repeating: 1, count: 96))
    }
}

/// The mean of random results and how sure it is.
struct Mean {
    private var sum = SIMD3<Double>()
    private var squares = SIMD3<Double>()
    private var count = 0.0

    mutating func add(_ value: SIMD3<Float>) {
        let value = SIMD3<Double>(value)
        self.sum += value
        self.squares += value * value
        self.count += 1
    }

    var value: SIMD3<Double> { self.sum / self.count }

    /// The largest difference to what is expected, in standard errors.
    func deviation(_ expected: SIMD3<Double>) -> Double {
        let mean = self.value
        let variance = self.squares / self.count - mean * mean
        var most = 0.0
        for i in 0 ..< 3 {
            let error = (max(0, variance[i]) / self.count + 1e-12).squareRoot()
            most = max(most, (mean[i] - expected[i]).magnitude / error)
        }
        return most
    }
}
