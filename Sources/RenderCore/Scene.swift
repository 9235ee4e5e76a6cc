/// A validated scene of one frame with its acceleration structure; immutable, shared by all render threads.
public final class Scene: Sendable {
    /// Loads a scene from the bytes of ``SceneAssets/encoded()`` and ``SceneFrame/encoded(for:)``.
    ///
    /// Every index, bound, size and number is checked before it is used, so hostile bytes cost an error and no more.
    public init(
        assets: [UInt8],
        frame: [UInt8],
        limits: SceneLimits = .standard,
        bvh: BVHSettings = .standard
    ) throws(SceneBlobError) {
    }
}

extension SceneAssets {
    /// The bytes that travel.
    public func encoded() throws(SceneBlobError) -> [UInt8] { [] }
}

extension SceneFrame {
    /// The bytes that travel.
    public func encoded(for assets: SceneAssets) throws(SceneBlobError) -> [UInt8] { [] }
}
