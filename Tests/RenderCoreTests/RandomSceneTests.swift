import RenderCore
import Testing

/// Small scenes of everything, made at random, also of what is thin, flat, huge, mirrored or shines too brightly.
struct RandomSceneTests {
    func number(_ g: inout SeededGenerator, _ odd: [Float], _ range: ClosedRange<Float>) -> Float {
        Int.random(in: 0 ..< 4, using: &g) == 0
            ? odd[Int.random(in: odd.indices, using: &g)] : Float.random(in: range, using: &g)
    }

    func unit(_ g: inout SeededGenerator) -> Float { self.number(&g, [0, 1, 0.5, 1e-6], 0 ... 1) }

    func vector(_ g: inout SeededGenerator, _ range: ClosedRange<Float>) -> SIMD3<Float> {
        SIMD3(
            self.number(&g, [0, range.upperBound], range),
            self.number(&g, [0, range.lowerBound], range),
            self.number(&g, [0], range)
        )
    }

    private func material(_ g: inout SeededGenerator) -> Material {
        let reference = TextureReference(image: 0, wrapS: .mirroredRepeat, isNearest: Bool.random(using: &g))
        let isTextured = Int.random(in: 0 ..< 3, using: &g) == 0
        let isBright = Int.random(in: 0 ..< 5, using: &g) == 0
        var material = Material(
            baseColor: SIMD4(self.unit(&g), self.unit(&g), self.unit(&g), self.unit(&g)),
            baseColorTexture: isTextured ? reference : nil,
            metallic: self.unit(&g),
            roughness: self.unit(&g),
            metallicRoughnessTexture: Bool.random(using: &g) ? nil : reference,
            emission: isBright ? self.vector(&g, 0 ... 1e5) : SIMD3(0, 0, 0),
            emissionTexture: Bool.random(using: &g) ? nil : reference,
            normalTexture: isTextured ? reference : nil,
            normalScale: self.number(&g, [0, -1], 0 ... 4),
            ior: self.number(&g, [1, 3, 1.0001], 1 ... 2.5),
            transmission: Bool.random(using: &g) ? 0 : self.unit(&g),
            alphaMode: [.opaque, .opaque, .mask, .blend][Int.random(in: 0 ..< 4, using: &g)],
            isDoubleSided: Bool.random(using: &g)
        )
        if Bool.random(using: &g) { self.addLobes(&material, reference, &g) }
        if Int.random(in: 0 ..< 8, using: &g) == 0 { material.layers = self.layers(&g) }
        return material
    }

    private func addLobes(_ material: inout Material, _ reference: TextureReference, _ g: inout SeededGenerator) {
        func texture(_ g: inout SeededGenerator) -> TextureReference? { Bool.random(using: &g) ? nil : reference }
        material.transmissionTexture = texture(&g)
        material.dispersion = self.number(&g, [0, 64], 0 ... 2)
        material.thickness = self.number(&g, [0], 0 ... 1)
        if Int.random(in: 0 ..< 4, using: &g) == 0 {
            material.scattering = .init(
                color: SIMD3(self.unit(&g), self.unit(&g), self.unit(&g)),
                distance: SIMD3(
                    self.number(&g, [1e-9, 1e9], 0.01 ... 1),
                    self.number(&g, [1e-9, 1e9], 0.01 ... 1),
                    Float.random(in: 0.01 ... 1, using: &g)
                ),
                anisotropy: self.number(&g, [0, 1, -1], -0.95 ... 0.95)
            )
        }
        if Bool.random(using: &g) {
            material.specular = .init(
                factor: self.unit(&g),
                texture: texture(&g),
                color: self.vector(&g, 0 ... 1e9),
                colorTexture: texture(&g)
            )
        }
        if Bool.random(using: &g) {
            material.clearcoat = .init(
                factor: self.unit(&g),
                texture: texture(&g),
                roughness: self.unit(&g),
                roughnessTexture: texture(&g),
                normalTexture: texture(&g),
                normalScale: self.number(&g, [0, -1], 0 ... 4)
            )
        }
        if Bool.random(using: &g) {
            let color = SIMD3(self.unit(&g), self.unit(&g), self.unit(&g))
            material.sheen = .init(
                color: color,
                colorTexture: texture(&g),
                roughness: self.unit(&g),
                roughnessTexture: texture(&g)
            )
        }
        if Bool.random(using: &g) {
            material.iridescence = .init(
                factor: self.unit(&g),
                texture: texture(&g),
                ior: self.number(&g, [1, 4], 1 ... 4),
                thicknessMaximum: self.number(&g, [0, 1e5], 0 ... 2000),
                thicknessTexture: texture(&g)
            )
        }
        if Bool.random(using: &g) {
            material.anisotropy = .init(
                strength: self.unit(&g),
                rotation: self.number(&g, [0, 1e4], -4 ... 4),
                texture: texture(&g)
            )
        }
        if Bool.random(using: &g) {
            let color = SIMD3(self.unit(&g), self.unit(&g), self.unit(&g))
            material.diffuseTransmission = .init(
                factor: self.unit(&g),
                texture: texture(&g),
                color: color,
                colorTexture: texture(&g)
            )
        }
    }

    private func mesh(_ g: inout SeededGenerator, materials: Int) -> Mesh {
        let count = Int.random(in: 3 ... 9, using: &g)
        let triangles = Int.random(in: 1 ... 6, using: &g)
        let isFlat = Int.random(in: 0 ..< 4, using: &g) == 0
        var positions: [Float] = []
        var normals: [Float] = []
        var coordinates: [Float] = []
        for _ in 0 ..< count {
            let p = self.vector(&g, -2 ... 2)
            let n = g.direction()
            positions += [p.x, p.y, isFlat ? 0 : p.z]
            normals += [n.x, n.y, n.z]
            coordinates += [self.number(&g, [0, 1, -100], -1 ... 2), self.number(&g, [0, 1, 1e6], -1 ... 2)]
        }
        return Mesh(
            positions: positions,
            normals: Bool.random(using: &g) ? normals : [],
            tangents: Bool.random(using: &g) ? (0 ..< 4 * count).map { self.tangent($0, &g) } : [],
            textureCoordinates: Bool.random(using: &g) ? coordinates : [],
            colors: Bool.random(using: &g) ? (0 ..< 3 * count).map { _ in self.unit(&g) } : [],
            indices: (0 ..< 3 * triangles).map { _ in UInt32.random(in: 0 ..< UInt32(count), using: &g) },
            material: Int.random(in: 0 ..< materials, using: &g)
        )
    }

    func transform(_ g: inout SeededGenerator) -> Transform {
        func row(_ g: inout SeededGenerator) -> SIMD4<Float> {
            SIMD4(
                self.number(&g, [0, 1, -1, 1e-4], -1 ... 1),
                self.number(&g, [0, 1, 1e-4], -1 ... 1),
                self.number(&g, [0, 1], -1 ... 1),
                Float.random(in: -2 ... 2, using: &g)
            )
        }
        return Transform(x: row(&g), y: row(&g), z: row(&g))
    }

    private func light(_ g: inout SeededGenerator) -> Light {
        switch Int.random(in: 0 ..< 3, using: &g) {
        case 0:
            .point(position: self.vector(&g, -2 ... 2), intensity: self.vector(&g, 0 ... 1e4), range: self.unit(&g))
        case 1:
            .spot(
                position: self.vector(&g, -2 ... 2),
                direction: g.direction(),
                intensity: self.vector(&g, 0 ... 1e4),
                range: 0,
                innerConeAngle: 0,
                outerConeAngle: self.number(&g, [1e-3], 0.1 ... 1.5)
            )
        default: .directional(direction: g.direction(), illuminance: self.vector(&g, 0 ... 1e4))
        }
    }

    private func scene(_ g: inout SeededGenerator) throws -> Scene {
        let materials = (0 ..< Int.random(in: 1 ... 3, using: &g)).map { _ in self.material(&g) }
        let meshes = (0 ..< Int.random(in: 1 ... 3, using: &g)).map { _ in self.mesh(&g, materials: materials.count) }
        let sky = (0 ..< 24).map { _ in self.number(&g, [0, 1e5], 0 ... 2) }
        var assets = SceneAssets(
            meshes: meshes,
            materials: materials,
            images: [self.image(&g)],
            environment: Bool.random(using: &g)
                ? .map(width: 4, height: 2, texels: sky, rotation: 1) : .constant(self.vector(&g, 0 ... 2))
        )
        var frame = SceneFrame(
            instances: meshes.indices.map { Instance(mesh: $0, transform: self.transform(&g)) },
            lights: (0 ..< Int.random(in: 0 ... 2, using: &g)).map { _ in self.light(&g) },
            camera: self.camera(&g)
        )
        if Bool.random(using: &g) { self.addParticles(to: &assets, &frame, &g) }
        if Int.random(in: 0 ..< 8, using: &g) == 0 { self.addVolume(to: &assets, &frame, &g) }
        if Bool.random(using: &g) { self.addMotion(to: &frame, assets, &g) }
        return try Scene(assets: try assets.encoded(), frame: try frame.encoded(for: assets))
    }

    @Test(arguments: 0 ..< 20)
    func `no random scene makes a sample that is not a number`(part: Int) throws {
        var generator = SeededGenerator(seed: UInt64(part))
        for number in 0 ..< 500 {
            let scene = try self.scene(&generator)
            let settings = RenderSettings(
                width: 4,
                height: 4,
                samples: 1,
                maxDepth: 12,
                seed: UInt32(number),
                filter: number % 2 == 0 ? .blackmanHarris : .box,
                channels: .all
            )
            let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 4, height: 4)
            #expect(block.work.zeroedSamples == 0, "scene \(number) of part \(part)")
            #expect(block.pixels.allSatisfy { $0.isFinite && $0 >= 0 })
            // What reads payloads refuses numbers out of range in any channel.
            #expect(
                FilmBlock(payload: block.payload, width: 4, height: 4, channels: .all) == block,
                "scene \(number) of part \(part)"
            )
        }
    }
}
