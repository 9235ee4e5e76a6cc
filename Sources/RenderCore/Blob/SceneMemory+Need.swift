extension SceneLoader {
    /// The most bytes that the scene takes beside its blobs while its hierarchies are built, which is when it takes most.
    ///
    /// A triangle's reference, its share of the nodes and leaves as they grow, and of those that stay; the same of a
    /// particle; and what an instance has beside. Leaves over what moves in itself are twice as large.
    var bytesNeeded: Int {
        var triangles = self.triangleCount
        var particles = 0
        var isCounted = [Bool](repeating: false, count: self.meshCount)
        var isSetCounted = [Bool](repeating: false, count: self.assets.particleSetCount)
        for i in 0 ..< self.instanceCount where self.instances[i].isPlaced {
            let mesh = self.instances[i].mesh
            if self.instances[i].isParticles, !isSetCounted[mesh] {
                isSetCounted[mesh] = true
                let set = self.assets.particles[mesh]
                particles += set.closingCenters == nil ? set.count : 2 * set.count
            } else if !self.instances[i].isParticles, !isCounted[mesh] {
                isCounted[mesh] = true
                let count = self.meshes[mesh].triangleCount
                triangles += self.meshes[mesh].closingPositions == nil ? count : 2 * count
            }
        }
        let instances = UInt64(self.instanceCount) * UInt64(Self.instanceBytes)
        let sum = UInt64(Scene.bytesNeeded(triangles: triangles, particles: particles)) + instances
        return Int(clamping: sum)
    }

    /// What a triangle takes while a scene is built, in bytes.
    static var triangleBytes: Int { 150 }
    /// What a particle takes meanwhile.
    static var particleBytes: Int { 100 }
    /// What an instance takes meanwhile.
    static var instanceBytes: Int { 512 }
}

extension Scene {
    /// The bytes that so many triangles and particles take beside the blobs while their hierarchies are built, whatever else a
    /// scene holds; at most the largest number.
    public static func bytesNeeded(triangles: Int, particles: Int) -> Int {
        // Int may have 32 bits.
        let sum = [(triangles, SceneLoader.triangleBytes), (particles, SceneLoader.particleBytes)].reduce(UInt64(0)) {
            let (bytes, overflow) = UInt64(max(0, $1.0)).multipliedReportingOverflow(by: UInt64($1.1))
            return overflow ? UInt64(Int.max) : min($0 + min(bytes, UInt64(Int.max)), UInt64(Int.max))
        }
        return Int(clamping: sum)
    }

    /// The most bytes that the scene of a frame takes beside its blobs, before it is built.
    ///
    /// It follows from the blobs alone, so that whoever made them and whoever is to load them find the same number; a
    /// scene is refused where it is above ``SceneLimits/memoryBytesMax``.
    ///
    /// - Throws: ``SceneBlobError``.
    public static func bytesNeeded(
        assets: LoadedAssets,
        frame: BlobBytes,
        limits: SceneLimits = .standard
    ) throws(SceneBlobError) -> Int {
        let memory = SceneMemory()
        // The loader reads through pointers into both, which do not keep them alive.
        defer { withExtendedLifetime((memory, assets)) {} }
        var loader = SceneLoader(memory: memory, assets: assets.data, limits: limits)
        try loader.load(frame)
        return loader.bytesNeeded
    }
}
