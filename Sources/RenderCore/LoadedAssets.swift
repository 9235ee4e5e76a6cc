/// The checked assets of a shot, shared by the scenes of all its frames.
///
/// ```swift
/// let assets = try LoadedAssets(BlobBytes(borrowing: mappedFile) { unmap() })
/// let first = try Scene(assets: assets, frame: BlobBytes(frameBytes))
/// ```
///
/// `@unchecked Sendable` is sound: everything behind the pointers is written before the initialiser returns, only read
/// afterwards, and freed when the last reference goes.
public final class LoadedAssets: @unchecked Sendable {
    let data: AssetsData
    private let memory: SceneMemory

    /// Checks the bytes of ``SceneAssets/encoded()``; they are used where they are.
    ///
    /// - Complexity: one pass over the bytes at the speed of memory.
    /// - Throws: ``SceneBlobError``.
    public init(_ bytes: BlobBytes, limits: SceneLimits = .standard) throws(SceneBlobError) {
        let memory = SceneMemory()
        var loader = AssetsLoader(memory: memory, limits: limits)
        try loader.load(bytes)
        self.data = AssetsData(loader)
        self.memory = memory
    }
}
