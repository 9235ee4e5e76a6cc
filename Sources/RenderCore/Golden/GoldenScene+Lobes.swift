extension GoldenScene {
    /// The materials with further lobes: together they have every lobe and every texture.
    static var lobedMaterials: [Material] {
        let checks = TextureReference(image: 0)
        let bumps = TextureReference(image: 1, transform: .init(a: 0.5, e: 0.5))
        let surface = TextureReference(image: 2)
        let leaf = TextureReference(image: 3, wrapS: .mirroredRepeat, wrapT: .clampToEdge)
        return [
            Material(
                baseColor: SIMD4(0.5, 0.0625, 0.125, 1),
                roughness: 0.5,
                normalTexture: bumps,
                specular: .init(factor: 0.875, texture: leaf, color: SIMD3(2, 1.5, 1), colorTexture: checks),
                clearcoat: .init(
                    factor: 1,
                    texture: surface,
                    roughness: 0.25,
                    roughnessTexture: surface,
                    normalTexture: bumps,
                    normalScale: 0.5
                )
            ),
            Material(
                baseColor: SIMD4(0.125, 0.125, 0.5, 1),
                roughness: 0.75,
                clearcoat: .init(factor: 0.5),
                sheen: .init(
                    color: SIMD3(1, 0.75, 0.5),
                    colorTexture: checks,
                    roughness: 0.625,
                    roughnessTexture: leaf
                ),
                diffuseTransmission: .init(
                    factor: 0.75,
                    texture: leaf,
                    color: SIMD3(0.5, 1, 0.25),
                    colorTexture: checks
                )
            ),
            Material(
                baseColor: SIMD4(0.75, 0.625, 0.5, 1),
                metallic: 1,
                roughness: 0.375,
                iridescence: .init(factor: 0.75, texture: surface, ior: 1.75, thicknessTexture: surface),
                anisotropy: .init(strength: 0.875, rotation: 0.5, texture: bumps)
            ),
            Material(
                baseColor: SIMD4(0.75, 1, 0.875, 1),
                roughness: 0.125,
                transmission: 1,
                transmissionTexture: surface,
                iridescence: .init(factor: 1, thicknessMaximum: 512)
            ),
            Material(roughness: 0, ior: 1.75, transmission: 1, dispersion: 2, thickness: 1),
            Material(
                baseColor: SIMD4(1, 0.875, 0.75, 1),
                roughness: 0.375,
                ior: 1.375,
                transmission: 0.75,
                dispersion: 0.5,
                attenuationColor: SIMD3(0.5, 0.75, 0.875),
                attenuationDistance: 0.25,
                thickness: 0.5,
                specular: .init(factor: 0.5, color: SIMD3(1, 2, 4)),
                anisotropy: .init(strength: 0.5)
            ),
            Material(baseColor: SIMD4(0.625, 0.75, 0.25, 1), roughness: 0.25, specular: .init(factor: 0.25)),
            Material(
                roughness: 0.375,
                ior: 1.375,
                thickness: 1,
                diffuseTransmission: .init(factor: 0.875),
                scattering: .init(
                    color: SIMD3(0.875, 0.5, 0.375),
                    distance: SIMD3(0.125, 0.0625, 0.03125),
                    anisotropy: 0.25
                )
            ),
        ]
    }

    /// Where their balls lie, which come behind the other meshes and use the materials behind the others.
    static func lobedInstances(firstMesh: Int) -> [Instance] {
        self.lobedMaterials.indices.map { i in
            let place = SIMD3<Float>(-1.5 + 0.5 * Float(i), 0.25, 2.375)
            return Instance(mesh: firstMesh + i, transform: Transform(translation: place, scale: 0.25))
        }
    }
}
