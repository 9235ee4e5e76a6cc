/// The loaded golden scenes, for all threads.
public struct GoldenScenes: Sendable {
    let still: Scene
    let moving: Scene
    let copies: Scene

    /// Builds, encodes and loads them.
    ///
    /// - Throws: ``SceneBlobError``, which means that this build of the core is broken.
    public init(bvh: BVHSettings = .standard) throws(SceneBlobError) {
        self.still = try GoldenScene.scene(bvh: bvh)
        self.moving = try GoldenScene.movingScene(bvh: bvh)
        self.copies = try GoldenScene.copiesScene(bvh: bvh)
    }
}

/// Renders golden blocks; one for each thread.
public final class GoldenRenderer {
    private let pictures: [(renderer: BlockRenderer, columns: Int, count: Int)]

    /// Prepares to render with the golden settings, or, for other leaves than the golden ones, with what is made of them.
    public init(_ scenes: GoldenScenes, settings: (RenderSettings) -> RenderSettings = { $0 }) {
        self.pictures = [
            (scenes.still, GoldenScene.settings, GoldenScene.stillBlockCount),
            (scenes.moving, GoldenScene.movingSettings, GoldenScene.movingBlockCount),
            (scenes.copies, GoldenScene.copiesSettings, GoldenScene.copiesBlockCount),
        ].map { scene, golden, count in
            (BlockRenderer(scene: scene, settings: settings(golden)), golden.width / 8, count)
        }
    }

    /// The payload of one golden block, 0..<``GoldenScene/blockCount``.
    public func payload(of block: Int) -> [UInt8] {
        var number = block
        for picture in self.pictures {
            if number < picture.count {
                let (x, y) = (number % picture.columns * 8, number / picture.columns * 8)
                return picture.renderer.render(x: x, y: y, width: 8, height: 8).payload
            }
            number -= picture.count
        }
        return []
    }
}
