// Copies of one mesh that keep their own space, as a small scene of its own with all that the other two do without: parallel
// rays, a round lens, an even sky, a box filter, a noise target, and a limit that some blocks reach.
extension GoldenScene {
    /// The blocks of ``copiesSettings``.
    static var copiesBlockCount: Int { 8 }

    /// The settings of the picture of copies.
    static var copiesSettings: RenderSettings {
        RenderSettings(
            width: 32,
            height: 16,
            samples: 128,
            maxDepth: 5,
            seed: 3,
            filter: .box,
            channels: .all,
            noiseTarget: 0.0625,
            limits: WorkLimits(bounceRays: 8192)
        )
    }

    /// Builds, encodes and loads the scene.
    static func copiesScene(bvh: BVHSettings = .standard) throws(SceneBlobError) -> Scene {
        let assets = SceneAssets(
            meshes: [.goldenSphere(columns: 64, rows: 32, material: 1), .goldenQuad(material: 0, repeats: 4)],
            materials: [
                Material(baseColorTexture: TextureReference(image: 0), roughness: 0.5),
                Material(baseColor: SIMD4(0.75, 0.5, 0.25, 1), metallic: 0.5, roughness: 0.25),
            ],
            images: [self.checkerboard],
            environment: .constant(SIMD3(0.125, 0.25, 0.5))
        )
        let frame = SceneFrame(
            instances: [
                Instance(mesh: 1, transform: Transform(translation: SIMD3(0, 0, 0), scale: 4))
            ] + (0 ..< 24).map { i in Instance(mesh: 0, transform: self.copy(i)) },
            lights: [.point(position: SIMD3(1, 3, 1), intensity: SIMD3(4, 4, 2), range: 0)],
            camera: Camera(
                transform: Transform(eye: SIMD3(1, 3, 4), target: SIMD3(0, 0.25, 0)),
                projection: .orthographic(xMagnification: 2.5, yMagnification: 1.25),
                lensRadius: 0.0625,
                focusDistance: 4.75
            )
        )
        return try Scene(assets: try assets.encoded(), frame: try frame.encoded(for: assets), bvh: bvh)
    }

    /// Turned, squeezed, every other one mirrored, and some of them in each other.
    private static func copy(_ i: Int) -> Transform {
        let size: Float = i % 3 == 0 ? 0.25 : 0.1875
        let (sine, cosine) = sinCos(turns: 0.0625 * Float(i))
        return Transform(
            x: SIMD4(i % 2 == 0 ? size : -size, 0, 0, 0.625 * Float(i % 6) - 1.625),
            y: SIMD4(0, size * cosine, -size * sine, 0.25),
            z: SIMD4(0, 0.5 * size * sine, size * cosine, 0.4375 * Float(i / 6) - 0.75)
        )
    }
}
