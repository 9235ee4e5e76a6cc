/// The loaded golden scenes, for all threads.
public struct GoldenScenes: Sendable {
    let still: Scene
    let moving: Scene

    /// Builds, encodes and loads them.
    ///
    /// - Throws: ``SceneBlobError``, which means that this build of the core is broken.
    public init(bvh: BVHSettings = .standard) throws(SceneBlobError) {
        self.still = try GoldenScene.scene(bvh: bvh)
        self.moving = try GoldenScene.movingScene(bvh: bvh)
    }
}

/// Renders golden blocks; one for each thread.
public final class GoldenRenderer {
    private let still: BlockRenderer
    private let moving: BlockRenderer

    /// Prepares to render with the golden settings, or, for other leaves than the golden ones, with what is made of them.
    public init(_ scenes: GoldenScenes, settings: (RenderSettings) -> RenderSettings = { $0 }) {
        self.still = BlockRenderer(scene: scenes.still, settings: settings(GoldenScene.settings))
        self.moving = BlockRenderer(scene: scenes.moving, settings: settings(GoldenScene.movingSettings))
    }

    /// The payload of one golden block, 0..<``GoldenScene/blockCount``.
    public func payload(of block: Int) -> [UInt8] {
        let other = block - GoldenScene.stillBlockCount
        guard other >= 0 else {
            return self.still.render(x: block % 12 * 8, y: block / 12 * 8, width: 8, height: 8).payload
        }
        return self.moving.render(x: other % 6 * 8, y: other / 6 * 8, width: 8, height: 8).payload
    }
}
