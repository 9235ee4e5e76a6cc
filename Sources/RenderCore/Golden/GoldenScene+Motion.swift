// What moves while the shutter is open, as a small scene of its own.
extension GoldenScene {
    /// The blocks of ``movingSettings``.
    static var movingBlockCount: Int { 24 }

    /// The settings of the picture of what moves.
    static var movingSettings: RenderSettings {
        RenderSettings(width: 48, height: 32, samples: 16, maxDepth: 6, seed: 2, channels: .all)
    }

    /// Builds, encodes and loads the scene.
    static func movingScene(bvh: BVHSettings = .standard) throws(SceneBlobError) -> Scene {
        var assets = self.assets
        for i in assets.particles.indices {
            let centers = assets.particles[i].centers
            assets.particles[i].closingCenters = centers.indices.map { centers[$0] + ($0 % 3 == 1 ? -0.25 : 0.125) }
        }
        let frame = try self.movingFrame(assets).encoded(for: assets)
        return try Scene(assets: try assets.encoded(), frame: frame, bvh: bvh)
    }

    /// Instances that fly, turn, turn inside out and change their shape, some of them lights, before a camera that moves.
    private static func movingFrame(_ assets: SceneAssets) -> SceneFrame {
        func at(_ x: Float, _ y: Float, _ z: Float, _ scale: Float) -> Transform {
            Transform(translation: SIMD3(x, y, z), scale: scale)
        }
        let turned = Transform(
            x: SIMD4(0.375, 0, 0.375, -1.25),
            y: SIMD4(0.125, 0.5, 0, 0.625),
            z: SIMD4(-0.375, 0, 0.375, 0.25)
        )
        let mirrored = Transform(x: SIMD4(-0.5, 0, 0, 1.5), y: SIMD4(0, 0.5, 0, 0.75), z: SIMD4(0, 0, 0.5, 0.5))
        var frame = SceneFrame(
            deformedMeshes: [2, 6, 7].map { self.swelling(assets.meshes[$0], number: $0) },
            instances: [
                Instance(mesh: 0, transform: at(0, 0, 0, 4)),
                Instance(mesh: 1, transform: at(-1.5, 0.5, 0, 0.5), closingTransform: turned),
                Instance(mesh: 3, transform: at(1, 0.75, 0.25, 0.5), closingTransform: mirrored),
                Instance(mesh: 4, transform: at(0, 0.5, 1, 0.375), closingTransform: at(0.25, 0.625, 1, 0.25)),
                Instance(mesh: 6, transform: at(2, 1.5, -1, 0.25), closingTransform: at(2, 0.75, -0.5, 0.25)),
                Instance(mesh: 9, transform: at(-0.5, 0.25, 1.5, 0.25), closingTransform: at(-0.25, 0.25, 1.5, 0.25)),
            ],
            lights: [.directional(direction: SIMD3(0.25, -1, -0.5), illuminance: SIMD3(0.5, 0.5, 0.25))],
            camera: self.frame.camera
        )
        let first = assets.meshes.count
        frame.instances += [
            Instance(mesh: first, transform: at(-0.25, 0.5, -0.75, 0.5)),
            Instance(mesh: first + 1, transform: at(-2, 1.5, -1, 0.25), closingTransform: at(-1.5, 1.5, -1, 0.25)),
            Instance(mesh: first + 2, transform: at(1.75, 0.5, 1.5, 0.5)),
            Instance(particles: 0),
            Instance(particles: 1, transform: at(0, 0, 0, 1), closingTransform: at(0.125, 0.25, 0, 1)),
        ]
        frame.camera.closingTransform = Transform(eye: SIMD3(0.625, 2.5, 5.5), target: SIMD3(0, 0.5, 0))
        return frame
    }

    /// A mesh that grows on one side while the shutter is open.
    private static func swelling(_ mesh: Mesh, number: Int) -> DeformedMesh {
        DeformedMesh(
            mesh: number,
            positions: mesh.positions,
            normals: mesh.normals,
            tangents: mesh.tangents,
            closingPositions: mesh.positions.indices.map { i in
                mesh.positions[i] * (i % 3 == 0 && mesh.positions[i] > 0 ? 1.5 : 0.875)
            },
            closingNormals: mesh.normals.indices.map { mesh.normals[$0] * ($0 % 3 == 0 ? 0.75 : 1) }
        )
    }
}
