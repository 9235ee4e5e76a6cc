extension GoldenScene {
    /// A cloud that glows where it is hot, an even haze that overlaps it, and what clouds glass.
    static var volumes: [Volume] {
        let (width, height, depth) = (19, 11, 13)
        var densities: [Float] = []
        var temperatures: [Float] = []
        for z in 0 ..< depth {
            for y in 0 ..< height {
                for x in 0 ..< width {
                    let clump = (x &* 7 ^ y &* 5 ^ z &* 3) & 15
                    densities.append(x < 4 && z > 6 ? 0 : 0.125 * Float(clump))
                    temperatures.append(0.0625 * Float((x &+ y &* 3 &+ z) & 15))
                }
            }
        }
        let cloud = Volume(
            width: width,
            height: height,
            depth: depth,
            low: SIMD3(-1, -0.5, -0.75),
            high: SIMD3(1, 0.5, 0.75),
            densities: densities,
            temperatures: temperatures,
            absorption: SIMD3(0.125, 0.25, 0.5),
            scattering: SIMD3(1, 0.75, 0.5),
            anisotropy: 0.5,
            emission: [SIMD3(0, 0, 0), SIMD3(0.25, 0.03125, 0), SIMD3(1, 0.5, 0.125)]
        )
        let haze = Volume(
            width: 2,
            height: 2,
            depth: 2,
            low: SIMD3(-4, 0, -4),
            high: SIMD3(4, 2, 4),
            densities: [1, 1, 1, 1, 1, 1, 1, 1],
            absorption: SIMD3(0.0078125, 0, 0),
            scattering: SIMD3(0.015625, 0.0234375, 0.03125),
            anisotropy: -0.25
        )
        var milk = haze
        milk.absorption = SIMD3(0, 0, 0.125)
        milk.scattering = SIMD3(0.5, 0.5, 0.75)
        milk.emission = [SIMD3(0, 0, 0.0625)]
        milk.isEnclosed = true
        return [cloud, haze, milk]
    }

    /// Where they are: the cloud turned and squeezed.
    static var placedVolumes: [VolumeInstance] {
        let turned = Transform(
            x: SIMD4(0.75, 0, -0.5, 0.75),
            y: SIMD4(0.125, 0.875, 0, 1.25),
            z: SIMD4(0.5, 0, 0.75, 1)
        )
        return [VolumeInstance(volume: 0, transform: turned), VolumeInstance(volume: 1), VolumeInstance(volume: 2)]
    }

    /// Spray: drops of water, and sparks that glow.
    static func particles(firstMaterial: Int) -> [ParticleSet] {
        var drops = ParticleSet(centers: [], radii: [], material: firstMaterial)
        var sparks = ParticleSet(centers: [], radii: [], material: firstMaterial + 1)
        var bits: UInt32 = 1
        for _ in 0 ..< 192 {
            for k in 0 ..< 3 {
                bits = mixedBits(bits &+ 0x9e37_79b9)
                let place = unitFloat(bits)
                drops.centers.append(k == 1 ? 0.0625 + place : 2 * place - 2.5)
                sparks.centers.append(k == 1 ? 0.25 + 1.5 * place : 2.5 * place - 0.5)
            }
            drops.radii.append(0.015625 + 0.03125 * unitFloat(mixedBits(bits)))
            sparks.radii.append(0.0078125)
            sparks.colors.append(bits & 0xff_ffff)
        }
        return [drops, sparks]
    }

    static var particleMaterials: [Material] {
        [
            Material(roughness: 0, ior: 1.3125, transmission: 1, thickness: 1),
            Material(emission: SIMD3(4, 2, 1)),
        ]
    }
}
