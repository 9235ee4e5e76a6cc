/// Built-in scenes that together use every feature; its leaves name the version of the core.
///
/// A node renders them at start-up and refuses to join a grid when the outcome is another than ``expectedVersion``, because
/// its leaves could then never agree with those of others. The hashing is the caller's, since the core knows no hash:
///
/// ```swift
/// var version = Blake2b256()
/// for payload in GoldenScene.leafPayloads() {
///     version.update(leafHash(payload))  // BLAKE2b-256 of "tessera-leaf-v1:" and the payload
/// }
/// ```
///
/// Whoever changes what the core computes runs `TESSERA_PRINT_GOLDEN=1 swift test -c release --filter GoldenTests` and
/// puts the version that it prints into ``expectedVersion``.
public enum GoldenScene {
    /// BLAKE2b-256 of the golden leaf hashes one after the other, in hexadecimal.
    public static var expectedVersion: String {
        "22a77ca67ec2e720c1f27282242d8cdd8ba86476fbc6177a9333850e98ce9808"
    }

    /// The settings of the golden picture.
    public static var settings: RenderSettings {
        RenderSettings(width: 96, height: 64, samples: 16, maxDepth: 6, seed: 1, channels: .all)
    }

    /// The number of golden blocks, which are 8 x 8 pixels each: those of the scene at rest, of what moves, and of copies.
    public static var blockCount: Int { self.stillBlockCount + self.movingBlockCount + self.copiesBlockCount }

    /// The payloads of the golden blocks, row by row.
    ///
    /// - Returns: nothing when a scene cannot even be loaded, which is a version of its own.
    public static func leafPayloads(bvh: BVHSettings = .standard) -> [[UInt8]] {
        guard let scenes = try? GoldenScenes(bvh: bvh) else { return [] }
        let renderer = GoldenRenderer(scenes)
        return (0 ..< self.blockCount).map { renderer.payload(of: $0) }
    }

    /// Builds, encodes and loads the scene at rest.
    public static func scene(bvh: BVHSettings = .standard) throws(SceneBlobError) -> Scene {
        let assets = self.assets
        return try Scene(assets: try assets.encoded(), frame: try self.frame.encoded(for: assets), bvh: bvh)
    }

    /// The blocks of the scene at rest.
    static var stillBlockCount: Int { 96 }

    /// The surroundings, meshes, materials and pictures.
    public static var assets: SceneAssets {
        var assets = SceneAssets(
            meshes: [
                .goldenQuad(material: 0, repeats: 5),
                .goldenSphere(columns: 24, rows: 12, material: 1),
                .goldenSphere(columns: 24, rows: 12, material: 2),
                .goldenSphere(columns: 24, rows: 12, material: 3),
                .goldenSphere(columns: 24, rows: 12, material: 4),
                .goldenSphere(columns: 24, rows: 12, material: 5),
                .goldenSphere(columns: 16, rows: 8, material: 6),
                .goldenQuad(material: 7, repeats: 1),
                .goldenQuad(material: 8, repeats: 1),
                .goldenSphere(columns: 6, rows: 3, material: 9, isSmooth: false),
                .goldenQuad(material: 10, repeats: 3),
                .goldenSphere(columns: 24, rows: 12, material: 11),
            ] + self.lobedMaterials.indices.map { .goldenSphere(columns: 24, rows: 12, material: 12 + $0) },
            materials: self.materials + self.lobedMaterials + self.particleMaterials,
            images: [self.checkerboard, self.bumps, self.surface, self.leaf, self.clouds],
            environment: self.sky
        )
        assets.particles = self.particles(firstMaterial: 12 + self.lobedMaterials.count)
        assets.volumes = self.volumes
        return assets
    }

    /// Where everything is.
    public static var frame: SceneFrame {
        func at(_ x: Float, _ y: Float, _ z: Float, _ scale: Float) -> Transform {
            Transform(translation: SIMD3(x, y, z), scale: scale)
        }
        let mirrored = Transform(
            x: SIMD4(-0.5, 0.25, 0, 0.25),
            y: SIMD4(0.125, 0.5, 0, 0.5),
            z: SIMD4(0, 0, 0.5, 1.5)
        )
        let upright = Transform(
            x: SIMD4(0.75, 0, 0, 1.25),
            y: SIMD4(0, 0, -0.75, 0.75),
            z: SIMD4(0.25, 0.75, 0, -1.5)
        )
        let hanging = Transform(
            x: SIMD4(0.5, 0, 0, -0.5),
            y: SIMD4(0, -1, 0, 3),
            z: SIMD4(0, 0, -0.5, 0)
        )
        var frame = SceneFrame(
            instances: [
                Instance(mesh: 0, transform: at(0, 0, 0, 4)),
                Instance(mesh: 1, transform: at(-2, 0.625, -0.5, 0.625)),
                Instance(mesh: 2, transform: at(-0.625, 0.5, -1, 0.5)),
                Instance(mesh: 3, transform: mirrored),
                Instance(mesh: 4, transform: at(1.75, 0.5, 0.75, 0.5)),
                Instance(mesh: 5, transform: at(-1.25, 0.375, 1.25, 0.375)),
                Instance(mesh: 6, transform: at(2.5, 1.5, -1, 0.25)),
                Instance(mesh: 7, transform: upright),
                Instance(mesh: 8, transform: hanging),
                Instance(mesh: 9, transform: at(-2.75, 0.25, 1, 0.25)),
                Instance(mesh: 9, transform: at(-2.5, 0.25, 1.75, 0.25)),
                Instance(mesh: 10, transform: at(2.5, 0.0625, 1.5, 0.5)),
                Instance(mesh: 11, transform: at(0.125, 0.375, 1.75, 0.375)),
            ] + self.lanterns + self.lobedInstances(firstMesh: 12) + [Instance(particles: 0), Instance(particles: 1)],
            lights: [
                .point(position: SIMD3(-3, 2, 2), intensity: SIMD3(4, 2, 1), range: 8),
                .spot(
                    position: SIMD3(3, 4, 2),
                    direction: SIMD3(-0.5, -1, -0.25),
                    intensity: SIMD3(8, 16, 24),
                    range: 0,
                    innerConeAngle: 0.25,
                    outerConeAngle: 0.5
                ),
                .directional(direction: SIMD3(0.25, -1, -0.5), illuminance: SIMD3(0.5, 0.5, 0.25)),
                .directional(direction: SIMD3(-1, -0.5, 0.25), illuminance: SIMD3(0.125, 0.0625, 0.0625)),
            ],
            camera: Camera(
                transform: Transform(eye: SIMD3(0.5, 2.5, 5.5), target: SIMD3(0, 0.5, 0)),
                projection: .perspective(verticalFieldOfView: 0.6875),
                lensRadius: 0.03125,
                focusDistance: 5.5,
                lensBlades: 5,
                lensRotation: 0.25
            )
        )
        frame.volumes = self.placedVolumes
        return frame
    }

    /// Enough small lights for a tree of several levels, some mirrored, some squeezed.
    private static var lanterns: [Instance] {
        (0 ..< 12).map { i in
            let size: Float = i % 3 == 0 ? 0.0625 : 0.03125
            let x = 0.5 * Float(i) - 2.75
            return Instance(
                mesh: 6,
                transform: Transform(
                    x: SIMD4(i % 2 == 0 ? size : -size, 0, 0, x),
                    y: SIMD4(0, i % 4 == 0 ? 0.5 * size : size, 0, 0.125 + 0.25 * Float(i % 5)),
                    z: SIMD4(0, 0.25 * size, size, 0.5 * Float(i % 4) - 0.5)
                )
            )
        }
    }

    private static var materials: [Material] {
        [
            Material(
                baseColorTexture: TextureReference(
                    image: 0,
                    transform: .init(a: 1, b: 0.125, c: 0.25, d: 0, e: 1, f: 0)
                ),
                roughness: 0.75,
                normalTexture: TextureReference(image: 1, usesSecondCoordinates: true),
                normalScale: 0.25
            ),
            Material(baseColor: SIMD4(1, 0.75, 0.375, 1), metallic: 1, roughness: 0.25),
            Material(
                baseColor: SIMD4(0.125, 0.25, 0.75, 1),
                roughness: 0.125,
                normalTexture: TextureReference(image: 1)
            ),
            Material(
                metallic: 1,
                roughness: 1,
                metallicRoughnessTexture: TextureReference(image: 2, wrapS: .mirroredRepeat, wrapT: .clampToEdge),
                normalTexture: TextureReference(image: 1),
                normalScale: 0.5
            ),
            Material(
                baseColor: SIMD4(0.875, 1, 0.9375, 1),
                roughness: 0,
                ior: 1.5,
                transmission: 1,
                attenuationColor: SIMD3(0.25, 0.75, 0.5),
                attenuationDistance: 0.5,
                thickness: 1
            ),
            Material(baseColor: SIMD4(1, 0.75, 0.5, 1), roughness: 0.375, ior: 1.375, transmission: 0.75),
            Material(emission: SIMD3(12, 8, 4), emissionTexture: TextureReference(image: 0, isNearest: true)),
            Material(
                baseColorTexture: TextureReference(image: 3, wrapS: .clampToEdge, wrapT: .clampToEdge),
                roughness: 0.5,
                alphaMode: .mask,
                isDoubleSided: true
            ),
            Material(emission: SIMD3(2, 4, 6), emissionTexture: TextureReference(image: 4), isDoubleSided: true),
            Material(baseColor: SIMD4(0.75, 0.125, 0.125, 0.5), metallic: 0.5, roughness: 0.03125, alphaMode: .blend),
            Material(
                baseColorTexture: TextureReference(image: 3, wrapS: .mirroredRepeat, wrapT: .repeat, isNearest: true),
                metallic: 1,
                roughness: 0,
                alphaMode: .blend
            ),
            Material(baseColorTexture: TextureReference(image: 0), layers: self.scale),
        ]
    }

    // MARK: Pictures

    static var checkerboard: Image {
        var texels: [UInt8] = []
        for y in 0 ..< 8 {
            for x in 0 ..< 8 { texels += (x ^ y) & 1 == 0 ? [224, 216, 192, 255] : [48, 64, 112, 255] }
        }
        return Image(width: 8, height: 8, texels: .sRGB8(texels))
    }

    private static var bumps: Image {
        var texels: [UInt8] = []
        for y in 0 ..< 16 {
            for x in 0 ..< 16 { texels += [UInt8(96 + 4 * (x ^ y)), UInt8(160 - 4 * ((x * 3 ^ y) & 15)), 240, 255] }
        }
        return Image(width: 16, height: 16, texels: .linear8(texels))
    }

    private static var surface: Image {
        var texels: [Float] = []
        for y in 0 ..< 4 {
            for x in 0 ..< 4 { texels += [1, 0.125 + 0.25 * Float(x), y & 1 == 0 ? 1 : 0.5, 1] }
        }
        return Image(width: 4, height: 4, texels: .linearFloat(texels))
    }

    private static var clouds: Image {
        var texels: [UInt16] = []
        for y in 0 ..< 7 {
            for x in 0 ..< 12 { texels += [UInt16(5000 * x), UInt16(9000 * y), UInt16(500 * x * y), 65_535] }
        }
        return Image(width: 12, height: 7, texels: .linear16(texels))
    }

    private static var leaf: Image {
        var texels: [UInt8] = []
        for y in 0 ..< 16 {
            for x in 0 ..< 16 {
                let distance = (2 * x - 15) * (2 * x - 15) + (2 * y - 15) * (2 * y - 15)
                texels += [64, UInt8(128 + 4 * x), 32, UInt8(max(0, 255 - distance))]
            }
        }
        return Image(width: 16, height: 16, texels: .sRGB8(texels))
    }

    private static var sky: Environment {
        var texels: [Float] = []
        for y in 0 ..< 16 {
            for x in 0 ..< 32 {
                let isSun = x == 21 && y == 4
                let height = Float(y) * 0.0625
                texels +=
                    isSun ? [48, 40, 32] : y < 8 ? [0.25 * height, 0.375 * height, 0.75] : [0.125, 0.125, 0.0625]
            }
        }
        return .map(width: 32, height: 16, texels: texels, rotation: 0.5, intensity: 0.5)
    }
}

extension Mesh {
    /// A square of two metres in the plane y = 0 that faces up.
    static func goldenQuad(material: Int, repeats: Float) -> Mesh {
        Mesh(
            positions: [-1, 0, 1, 1, 0, 1, 1, 0, -1, -1, 0, -1],
            tangents: [1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1],
            textureCoordinates: [0, repeats, repeats, repeats, repeats, 0, 0, 0],
            secondCoordinates: [0, 3, 2, 2, 2.5, 0, 0.25, 0],
            indices: [0, 1, 2, 0, 2, 3],
            material: material
        )
    }

    /// A ball of radius one with its poles on the y axis.
    static func goldenSphere(columns: Int, rows: Int, material: Int, isSmooth: Bool = true) -> Mesh {
        var positions: [Float] = []
        var coordinates: [Float] = []
        for row in 0 ... rows {
            let (sine, cosine) = sinCos(turns: Float(row) / Float(2 * rows))
            for column in 0 ... columns {
                let (s, c) = sinCos(turns: Float(column) / Float(columns))
                positions += [sine * c, cosine, -sine * s]
                coordinates += [2 * Float(column) / Float(columns), Float(row) / Float(rows)]
            }
        }
        var indices: [UInt32] = []
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                let a = UInt32(row * (columns + 1) + column)
                let c = a + UInt32(columns + 1)
                if row > 0 { indices += [a, c, a + 1] }
                if row < rows - 1 { indices += [a + 1, c, c + 1] }
            }
        }
        return Mesh(
            positions: positions,
            normals: isSmooth ? positions : [],
            textureCoordinates: coordinates,
            indices: indices,
            material: material
        )
    }
}
