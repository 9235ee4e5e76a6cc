/// The nodes of a document in an order in which parents come before their children.
struct NodeTree {
    /// How a node lies in its parent.
    enum Local {
        case matrix(Affine)
        case parts(translation: SIMD3<Double>, rotation: SIMD4<Double>, scale: SIMD3<Double>)
    }

    /// One node that the scene shows.
    struct Entry {
        /// Its number in the document.
        var node: Int
        /// The position of its parent in ``NodeTree/entries``.
        var parent: Int?
        var local: Local
    }

    private(set) var entries: [Entry] = []

    /// Walks the scene's nodes without recursion; refuses cycles, second parents and bottomless hierarchies.
    ///
    /// `scene` is the number of the scene to show, if there is one.
    init(_ document: GLTF.Document, scene: Int?, limits: ImportLimits) throws(ImportError) {
        let nodes = document.nodes ?? []
        guard nodes.count <= limits.maxNodes else {
            throw ImportError(
                .tooLarge,
                "the file has \(nodes.count) nodes, \(limits.maxNodes) are allowed",
                limit: .nodes
            )
        }
        try Self.checkParents(nodes)
        var pending: [(node: Int, parent: Int?, depth: Int)] = []
        var isSeen = [Bool](repeating: false, count: nodes.count)
        for root in try Self.roots(document, scene, nodes).reversed() {
            pending.append((root, nil, 1))
        }
        while let (index, parent, depth) = pending.popLast() {
            guard !isSeen[index] else {
                throw ImportError(.malformed, "\(Self.name(index, nodes)) is reached twice: nodes form a tree in glTF")
            }
            isSeen[index] = true
            guard depth <= limits.maxNodeDepth else {
                throw ImportError(
                    .tooLarge,
                    "\(Self.name(index, nodes)) lies deeper than \(limits.maxNodeDepth) levels: flatten the hierarchy",
                    limit: .depth
                )
            }
            let position = self.entries.count
            self.entries.append(Entry(node: index, parent: parent, local: try Self.local(nodes[index], index, nodes)))
            for child in (nodes[index].children ?? []).reversed() {
                pending.append((child, position, depth + 1))
            }
        }
    }

    /// What messages call a node.
    static func name(_ index: Int, _ nodes: [GLTF.Node]) -> String {
        let name = nodes[checked: index]?.name.map { " \"\(ResourceLoader.shortened($0))\"" }
        return "node \(index)\(name ?? "")"
    }

    /// Refuses children that do not exist, have two parents, or are their own ancestors, shown or not.
    private static func checkParents(_ nodes: [GLTF.Node]) throws(ImportError) {
        var parents = [Int?](repeating: nil, count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for child in node.children ?? [] {
                guard nodes.indices.contains(child) else {
                    throw ImportError(
                        .malformed,
                        "\(self.name(index, nodes)) has the child \(child), which does not exist"
                    )
                }
                if let other = parents[child] {
                    throw ImportError(
                        .malformed,
                        "\(self.name(child, nodes)) has two parents, nodes \(other) and \(index): copy the node"
                    )
                }
                parents[child] = index
            }
        }
        // With one parent at most, a node is in or below a cycle when its ancestors do not end.
        var isFine = [Bool](repeating: false, count: nodes.count)
        for start in nodes.indices {
            var path: [Int] = []
            var current: Int? = start
            while let index = current, !isFine[index] {
                guard path.count <= nodes.count else {
                    throw ImportError(
                        .malformed,
                        "\(self.name(index, nodes)) is its own ancestor: the hierarchy has a cycle"
                    )
                }
                path.append(index)
                current = parents[index]
            }
            for index in path { isFine[index] = true }
        }
    }

    /// The number of the scene to show: the one of a name, or the file's own choice; nothing where there are no scenes.
    static func scene(_ document: GLTF.Document, named name: String?) throws(ImportError) -> Int? {
        let scenes = document.scenes ?? []
        if let name {
            if let index = scenes.firstIndex(where: { $0.name == name }) { return index }
            let names = scenes.compactMap { $0.name }.prefix(20).map { "\"\(ResourceLoader.shortened($0))\"" }
            let known = names.isEmpty ? "its scenes have no names" : "it has \(names.joined(separator: ", "))"
            throw ImportError(.badRequest, "it has no scene \"\(name)\": \(known)")
        }
        guard !scenes.isEmpty else { return nil }
        let index = document.scene ?? 0
        guard scenes.indices.contains(index) else {
            throw ImportError(.malformed, "the file shows scene \(index) and has \(scenes.count)")
        }
        return index
    }

    /// The roots of the shown scene, or of everything where the file has no scene.
    private static func roots(
        _ document: GLTF.Document,
        _ scene: Int?,
        _ nodes: [GLTF.Node]
    ) throws(ImportError) -> [Int] {
        guard let scene else {
            var isChild = [Bool](repeating: false, count: nodes.count)
            for node in nodes {
                for child in node.children ?? [] { isChild[child] = true }
            }
            return nodes.indices.filter { !isChild[$0] }
        }
        let roots = (document.scenes ?? [])[scene].nodes ?? []
        for root in roots where !nodes.indices.contains(root) {
            throw ImportError(.malformed, "scene \(scene) names node \(root), which does not exist")
        }
        return roots
    }

    private static func local(_ node: GLTF.Node, _ index: Int, _ nodes: [GLTF.Node]) throws(ImportError) -> Local {
        do throws(ImportError) {
            if let matrix = node.matrix {
                let m = try Numbers.vector(matrix, count: 16, default: [], "its matrix")
                guard m[3].magnitude < 1e-4, m[7].magnitude < 1e-4, m[11].magnitude < 1e-4,
                    (m[15] - 1).magnitude < 1e-4
                else {
                    throw ImportError(.malformed, "its matrix is no affine one: its last row must be 0, 0, 0, 1")
                }
                return .matrix(
                    Affine(
                        x: SIMD3(m[0], m[1], m[2]),
                        y: SIMD3(m[4], m[5], m[6]),
                        z: SIMD3(m[8], m[9], m[10]),
                        translation: SIMD3(m[12], m[13], m[14])
                    )
                )
            }
            let t = try Numbers.vector(node.translation, count: 3, default: [0, 0, 0], "its translation")
            let r = try Numbers.vector(node.rotation, count: 4, default: [0, 0, 0, 1], "its rotation")
            let s = try Numbers.vector(node.scale, count: 3, default: [1, 1, 1], "its scale")
            return .parts(
                translation: SIMD3(t[0], t[1], t[2]),
                rotation: Quaternion.normalized(SIMD4(r[0], r[1], r[2], r[3])),
                scale: SIMD3(s[0], s[1], s[2])
            )
        } catch {
            throw error.located(at: self.name(index, nodes))
        }
    }
}
