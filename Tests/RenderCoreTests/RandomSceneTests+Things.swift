import RenderCore

// What random scenes hold beside meshes, plain materials and lights.
extension RandomSceneTests {
    /// A number of a tangent: three of any length, zero too, and a sign.
    func tangent(_ i: Int, _ g: inout SeededGenerator) -> Float {
        i % 4 == 3 ? (Bool.random(using: &g) ? 1 : -1) : self.number(&g, [0], -1 ... 1)
    }

    func image(_ g: inout SeededGenerator) -> Image {
        let bytes = (0 ..< 16).map { _ in UInt8.random(in: 0 ... 255, using: &g) }
        switch Int.random(in: 0 ..< 4, using: &g) {
        case 0: return Image(width: 2, height: 2, texels: .sRGB8(bytes))
        case 1: return Image(width: 4, height: 1, texels: .linear8(bytes))
        case 2: return Image(width: 2, height: 2, texels: .linear16(bytes.map { UInt16($0) << 8 }))
        default:
            let numbers = (0 ..< 16).map { _ in self.number(&g, [0, 1, 1e9, -1], 0 ... 2) }
            return Image(width: 1, height: 4, texels: .linearFloat(numbers))
        }
    }

    func layers(_ g: inout SeededGenerator) -> LayerStack {
        func color(_ g: inout SeededGenerator) -> SIMD3<Float> {
            SIMD3(self.unit(&g), self.unit(&g), self.unit(&g))
        }
        func film(_ g: inout SeededGenerator) -> Layer.Film? {
            Bool.random(using: &g)
                ? nil
                : .init(ior: self.number(&g, [1, 4], 1 ... 3), thickness: self.number(&g, [0, 2000], 0 ... 1000))
        }
        var layers = (0 ..< Int.random(in: 0 ... 6, using: &g)).map { _ -> Layer in
            switch Int.random(in: 0 ..< 3, using: &g) {
            case 0:
                .dielectric(ior: self.number(&g, [1, 4], 1 ... 2), roughness: self.unit(&g), film: film(&g))
            case 1: .flakes(color: color(&g), roughness: self.unit(&g), coverage: self.unit(&g))
            default:
                .medium(
                    absorption: self.vector(&g, 0 ... 64),
                    scattering: self.number(&g, [0, 64], 0 ... 2),
                    albedo: color(&g),
                    anisotropy: self.number(&g, [0, 0.95, -0.95], -0.9 ... 0.9)
                )
            }
        }
        layers.append(
            Bool.random(using: &g)
                ? .diffuse(color: color(&g)) : .metal(color: color(&g), roughness: self.unit(&g), film: film(&g))
        )
        return LayerStack(layers)
    }

    func camera(_ g: inout SeededGenerator) -> Camera {
        let isParallel = Int.random(in: 0 ..< 3, using: &g) == 0
        return Camera(
            transform: Transform(eye: self.vector(&g, -3 ... 3) + SIMD3(0, 0, 4), target: SIMD3(0, 0.01, 0)),
            projection: isParallel
                ? .orthographic(
                    xMagnification: self.number(&g, [1e-6, 1e6], 0.5 ... 4),
                    yMagnification: self.number(&g, [1e-6, 1e6], 0.5 ... 4)
                ) : .perspective(verticalFieldOfView: self.number(&g, [1e-3, 3.1], 0.2 ... 2)),
            lensRadius: self.number(&g, [0], 0 ... 0.5),
            focusDistance: self.number(&g, [1e-6, 1e6], 0.5 ... 8),
            lensBlades: [0, 3, 6, 32][Int.random(in: 0 ..< 4, using: &g)],
            lensRotation: Float.random(in: -4 ... 4, using: &g)
        )
    }

    func addParticles(to assets: inout SceneAssets, _ frame: inout SceneFrame, _ g: inout SeededGenerator) {
        let count = Int.random(in: 1 ... 40, using: &g)
        var set = ParticleSet(
            centers: [],
            radii: [],
            material: Int.random(in: 0 ..< assets.materials.count, using: &g)
        )
        let (isColored, isMoving) = (Bool.random(using: &g), Bool.random(using: &g))
        for _ in 0 ..< count {
            let (from, to) = (self.vector(&g, -2 ... 2), self.vector(&g, -2 ... 2))
            set.centers += [from.x, from.y, from.z]
            if isMoving { set.closingCenters += [to.x, to.y, to.z] }
            set.radii.append(self.number(&g, [1e-9, 1e-4, 10, 1e4], 0.01 ... 0.5))
            if isColored { set.colors.append(UInt32.random(in: 0 ... 0xff_ffff, using: &g)) }
        }
        assets.particles = [set]
        frame.instances.append(Instance(particles: 0))
        frame.instances.append(Instance(particles: 0, transform: self.transform(&g)))
    }

    func addVolume(to assets: inout SceneAssets, _ frame: inout SceneFrame, _ g: inout SeededGenerator) {
        let isHot = Bool.random(using: &g)
        assets.volumes = [
            Volume(
                width: 3,
                height: 2,
                depth: 2,
                low: SIMD3(-1, -1, -1),
                high: SIMD3(1, self.number(&g, [-0.999, 100], 0 ... 2), 1),
                densities: (0 ..< 12).map { _ in self.number(&g, [0, 100], 0 ... 1) },
                temperatures: isHot ? (0 ..< 12).map { _ in self.unit(&g) } : [],
                absorption: self.vector(&g, 0 ... 8),
                scattering: self.vector(&g, 0 ... 8),
                anisotropy: self.number(&g, [0, 0.95, -0.95], -0.9 ... 0.9),
                emission: isHot ? [SIMD3(0, 0, 0), self.vector(&g, 0 ... 1e5)] : []
            )
        ]
        frame.volumes = [VolumeInstance(volume: 0), VolumeInstance(volume: 0, transform: self.transform(&g))]
    }

    /// Another pose for about a half of everything when the shutter closes.
    func addMotion(to frame: inout SceneFrame, _ assets: SceneAssets, _ g: inout SeededGenerator) {
        for i in frame.instances.indices where Bool.random(using: &g) {
            frame.instances[i].closingTransform = self.transform(&g)
        }
        if Bool.random(using: &g) {
            frame.camera.closingTransform = Transform(eye: self.vector(&g, -1 ... 1) + SIMD3(0, 0, 5), target: SIMD3())
        }
        var pose = TestScenes.growing(0, of: assets) { $0 * self.number(&g, [0, -1], 0.5 ... 2) }
        pose.closingNormals = pose.normals.map { $0 * self.number(&g, [0, -1], 0.5 ... 2) }
        frame.deformedMeshes = [pose]
        frame.instances.append(Instance(mesh: assets.meshes.count, transform: self.transform(&g)))
    }
}
