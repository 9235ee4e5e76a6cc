import RenderCore

/// What the meshes that a scene shows declare to hold, before anything of them is read.
struct DeclaredGeometry {
    private var triangles = 0
    private var particles = 0

    /// Adds up the meshes of a tree, each once, as far as their numbers say it: triangles of strips and fans may have no area and
    /// do not count.
    init(_ document: GLTF.Document, tree: NodeTree) {
        let nodes = document.nodes ?? []
        let meshes = document.meshes ?? []
        let accessors = document.accessors ?? []
        for number in Set(tree.entries.compactMap { nodes[$0.node].mesh }) {
            for primitive in meshes[checked: number]?.primitives ?? [] {
                let isParticles = primitive.mode == 0 && primitive.extensions?.particles != nil
                guard isParticles || (primitive.mode ?? 4) == 4,
                    let counted = isParticles ? primitive.attributes["POSITION"] : primitive.elements,
                    let count = accessors[checked: counted]?.count, count > 0
                else { continue }
                if isParticles { self.particles.add(count) } else { self.triangles.add(count / 3) }
            }
        }
    }

    /// Refuses what takes more memory than there is, whatever else the scene holds.
    func check(_ limits: ImportLimits) throws(ImportError) {
        let needed = Scene.bytesNeeded(triangles: self.triangles, particles: self.particles)
        guard needed > limits.maxSceneBytes else { return }
        let megabytes = [needed, limits.maxSceneBytes].map { ($0 + (1 << 20) - 1) >> 20 }
        let what = self.particles == 0 ? "triangles" : "triangles and \(self.particles) particles"
        throw ImportError(
            .tooMuchMemory,
            "its \(self.triangles) \(what) take at least \(megabytes[0]) MB while they are rendered, beside what lies on disk, "
                + "and \(megabytes[1]) MB are allowed"
        )
    }
}

extension GLTF.Primitive {
    /// The accessor whose elements are the corners of triangles.
    fileprivate var elements: Int? { self.indices ?? self.attributes["POSITION"] }
}

extension Int {
    /// Adds, up to the largest number.
    fileprivate mutating func add(_ other: Int) {
        let (sum, overflow) = self.addingReportingOverflow(other)
        self = overflow ? .max : sum
    }
}
