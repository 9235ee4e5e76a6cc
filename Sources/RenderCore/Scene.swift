/// A validated scene of one frame with its acceleration structure; immutable, shared by all render threads.
///
/// Takes about 150 bytes a triangle beside the blobs' own size while loading and half of that afterwards.
///
/// `@unchecked Sendable` is sound: everything behind the pointers is written before the initialiser returns, only read
/// afterwards, and freed when the last reference goes.
public final class Scene: @unchecked Sendable {
    let view: UnsafePointer<SceneView>
    private let memory: SceneMemory
    private let assets: LoadedAssets

    /// Loads the scene of a frame from the bytes of ``SceneFrame/encoded(for:)`` for these assets.
    ///
    /// Every index, bound, size and number is checked before it is used, and nothing larger than the bytes and `limits`
    /// justify is allocated, so hostile bytes cost an error and no more.
    ///
    /// - Parameter concurrently: Runs parts of the work on threads that the caller has; by default all on this one. The
    ///   result does not depend on it.
    /// - Complexity: linear in the bytes; n log n in the number of triangles.
    /// - Throws: ``SceneBlobError``.
    public init(
        assets: LoadedAssets,
        frame: BlobBytes,
        limits: SceneLimits = .standard,
        bvh: BVHSettings = .standard,
        concurrently: Concurrently = { count, body in for i in 0 ..< count { body(i) } }
    ) throws(SceneBlobError) {
        let memory = SceneMemory()
        var loader = SceneLoader(memory: memory, assets: assets.data, limits: limits)
        try loader.load(frame)
        let needed = loader.bytesNeeded
        guard needed <= limits.memoryBytesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the scene takes \(needed) bytes beside its blobs; \(limits.memoryBytesMax) are allowed"
            )
        }
        let view = memory.allocate(SceneView.self, count: 1)
        let padding = loader.padding
        view.initialize(to: loader.finished())
        view.pointee.bvh = BVHBuilder.build(
            view,
            padding: padding,
            settings: bvh,
            memory: memory,
            concurrently: concurrently
        )
        self.view = UnsafePointer(view)
        self.memory = memory
        self.assets = assets
    }

    /// Loads a scene from the bytes of ``SceneAssets/encoded()`` and ``SceneFrame/encoded(for:)``.
    ///
    /// Scenes of several frames share their assets when they are loaded as ``LoadedAssets``.
    ///
    /// - Throws: ``SceneBlobError``.
    public convenience init(
        assets: [UInt8],
        frame: [UInt8],
        limits: SceneLimits = .standard,
        bvh: BVHSettings = .standard,
        concurrently: Concurrently = { count, body in for i in 0 ..< count { body(i) } }
    ) throws(SceneBlobError) {
        let loaded = try LoadedAssets(BlobBytes(assets), limits: limits)
        try self.init(
            assets: loaded,
            frame: BlobBytes(frame),
            limits: limits,
            bvh: bvh,
            concurrently: concurrently
        )
    }

    /// The number of triangles of the instances that are not placed.
    public var triangleCount: Int { self.withView { $0.pointee.triangleCount } }

    /// Lends the arrays to code that must not keep the pointer; they stay alive meanwhile.
    func withView<Result>(_ body: (UnsafePointer<SceneView>) -> Result) -> Result {
        withExtendedLifetime(self) { body(self.view) }
    }
}
