/// Finds out what hangs on each node; meshes are built once, when the first node shows them.
struct ContentsBuilder {
    private let document: GLTF.Document
    private let accessors: AccessorReader
    private let tree: NodeTree
    private let animation: NodeAnimation
    private let entryOfNode: [Int?]
    private let convertsSpheres: Bool
    private var instancesLeft: Int
    private var built: [Int: MeshBuilder.Built] = [:]
    private var baked: [Baking: [Int]] = [:]
    private var skins: [Int: Skin] = [:]

    /// The renderer's meshes so far.
    private(set) var meshes: MeshBuilder

    private struct Baking: Hashable {
        var mesh: Int
        var weights: [Float]
    }

    init(
        document: GLTF.Document,
        accessors: AccessorReader,
        tree: NodeTree,
        animation: NodeAnimation,
        meshes: MeshBuilder,
        options: ImportOptions
    ) {
        self.document = document
        self.accessors = accessors
        self.tree = tree
        self.animation = animation
        self.meshes = meshes
        self.instancesLeft = options.limits.maxInstances
        self.convertsSpheres = options.spheresBecomeParticles
        var entryOfNode = [Int?](repeating: nil, count: (document.nodes ?? []).count)
        for (position, entry) in tree.entries.enumerated() { entryOfNode[entry.node] = position }
        self.entryOfNode = entryOfNode
    }

    /// The contents of each entry of the tree.
    mutating func build() throws(ImportError) -> [NodeStage.Contents] {
        let nodes = self.document.nodes ?? []
        var contents: [NodeStage.Contents] = []
        contents.reserveCapacity(self.tree.entries.count)
        for entry in self.tree.entries {
            do throws(ImportError) {
                contents.append(try self.contents(of: entry.node, nodes[entry.node]))
            } catch {
                throw error.located(at: NodeTree.name(entry.node, nodes))
            }
        }
        return contents
    }

    private mutating func contents(of index: Int, _ node: GLTF.Node) throws(ImportError) -> NodeStage.Contents {
        var contents = NodeStage.Contents()
        if let light = node.extensions?.lightsPunctual?.light {
            _ = try LightBuilder.build(light, of: self.document.extensions?.lightsPunctual?.lights ?? [])
            contents.light = light
        }
        if let volume = node.extensions?.volume?.volume {
            let count = (self.document.extensions?.volumes?.volumes ?? []).count
            guard (0 ..< count).contains(volume) else {
                throw ImportError(.malformed, "it names volume \(volume) of TESSERA_volume, but there are \(count)")
            }
            contents.volume = volume
        }
        guard let mesh = node.mesh else { return contents }
        let built = try self.mesh(mesh)
        contents.meshes = built.meshes
        contents.particles = built.particles
        contents.copies = try node.extensions?.instancing.map { instancing throws(ImportError) in
            try InstanceSet(instancing, accessors: self.accessors, instancesLeft: &self.instancesLeft)
        }
        if self.convertsSpheres, let copies = contents.copies, contents.meshes.count == 1, built.particles.isEmpty,
            let set = ParticleBuilder.particles(self.meshes.meshes[contents.meshes[0]], copies: copies)
        {
            contents.particles = [self.meshes.add(set)]
            contents.meshes = []
            contents.copies = nil
        }
        if let skin = node.skin, contents.meshes.contains(where: { self.meshes.deformers[$0].influences != nil }) {
            contents.skin = try self.skin(skin)
        }
        guard contents.meshes.contains(where: { !self.meshes.deformers[$0].targets.isEmpty }) else { return contents }
        let given = node.weights ?? (self.document.meshes ?? [])[checked: mesh]?.weights ?? []
        contents.weights = try given.map { weight throws(ImportError) in
            try Numbers.float(weight, "a weight of its morph targets")
        }
        contents.morphs = self.animation.tracks[index]?.weights != nil || contents.skin != nil
        // Weights that never change are added once instead of in each frame.
        if !contents.morphs, contents.weights.contains(where: { $0 != 0 }) {
            contents.meshes = try self.baked(mesh, contents.meshes, weights: contents.weights)
        }
        return contents
    }

    private mutating func mesh(_ index: Int) throws(ImportError) -> MeshBuilder.Built {
        if let known = self.built[index] { return known }
        let numbers = try self.meshes.build(index)
        self.built[index] = numbers
        return numbers
    }

    private mutating func skin(_ index: Int) throws(ImportError) -> Skin {
        if let known = self.skins[index] { return known }
        let skin = try Skin(index, of: self.document, accessors: self.accessors, entryOfNode: self.entryOfNode)
        self.skins[index] = skin
        return skin
    }

    private mutating func baked(_ mesh: Int, _ numbers: [Int], weights: [Float]) throws(ImportError) -> [Int] {
        let key = Baking(mesh: mesh, weights: weights)
        if let known = self.baked[key] { return known }
        var result: [Int] = []
        for number in numbers {
            let isMoved = !self.meshes.deformers[number].targets.isEmpty
            result.append(isMoved ? try self.meshes.bake(number, weights: weights) : number)
        }
        self.baked[key] = result
        return result
    }
}
