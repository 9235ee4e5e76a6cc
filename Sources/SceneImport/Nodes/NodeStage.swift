import RenderCore

/// The nodes of a scene with what hangs on them: everything that a frame is made of.
struct NodeStage: Sendable {
    /// What a node carries.
    struct Contents: Sendable {
        /// Numbers of the renderer's meshes.
        var meshes: [Int] = []
        /// The joint and its inverse bind matrix that place a skinned mesh.
        var bind: (joint: Int, inverse: Affine)?
        var light: LightBuilder.Source?
    }

    /// A box around a mesh in its own coordinates.
    struct Box: Sendable {
        var low: SIMD3<Double>
        var high: SIMD3<Double>
    }

    /// Places further away than this, in metres, are taken for damage.
    static let coordinateMax = 1e12

    let nodes: [GLTF.Node]
    let tree: NodeTree
    let animation: NodeAnimation
    /// For each entry of the tree.
    let contents: [Contents]
    /// For each mesh.
    let boxes: [Box]

    /// World transforms of all entries at a time in seconds.
    func transforms(at time: Double) throws(ImportError) -> [Affine] {
        var result: [Affine] = []
        result.reserveCapacity(self.tree.entries.count)
        for entry in self.tree.entries {
            var local: Affine
            switch entry.local {
            case .matrix(let matrix):
                local = matrix
                // The specification forbids to animate a matrix; the animation wins then.
                if let tracks = self.animation.tracks[entry.node] {
                    local = Self.local(
                        tracks,
                        at: time,
                        translation: matrix.translation,
                        rotation: SIMD4(0, 0, 0, 1),
                        scale: SIMD3(1, 1, 1)
                    )
                }
            case .parts(let translation, let rotation, let scale):
                local = Self.local(
                    self.animation.tracks[entry.node],
                    at: time,
                    translation: translation,
                    rotation: rotation,
                    scale: scale
                )
            }
            let world = entry.parent.map { result[$0] * local } ?? local
            guard world.isFinite else {
                throw ImportError(
                    .malformed,
                    "\(NodeTree.name(entry.node, self.nodes)) is moved or scaled beyond all numbers: check its transform"
                )
            }
            result.append(world)
        }
        return result
    }

    private static func local(
        _ tracks: NodeAnimation.Tracks?,
        at time: Double,
        translation: SIMD3<Double>,
        rotation: SIMD4<Double>,
        scale: SIMD3<Double>
    ) -> Affine {
        func three(_ v: SIMD4<Double>) -> SIMD3<Double> { SIMD3(v.x, v.y, v.z) }
        return Affine(
            translation: tracks?.translation.map { three($0.value(at: time)) } ?? translation,
            rotation: tracks?.rotation.map { $0.value(at: time) } ?? rotation,
            scale: tracks?.scale.map { three($0.value(at: time)) } ?? scale
        )
    }

    /// Where an entry's mesh stands: skinned meshes stand as their first joint holds them, others as their node does.
    private func meshTransform(_ entry: Int, _ transforms: [Affine]) -> Affine {
        guard let bind = self.contents[entry].bind else { return transforms[entry] }
        return transforms[bind.joint] * bind.inverse
    }

    /// All meshes and lights for given world transforms.
    func placed(_ transforms: [Affine]) throws(ImportError) -> (instances: [Instance], lights: [Light]) {
        var instances: [Instance] = []
        var lights: [Light] = []
        for (entry, contents) in self.contents.enumerated() {
            if let light = contents.light { lights.append(light.placed(by: transforms[entry])) }
            guard !contents.meshes.isEmpty else { continue }
            let transform = self.meshTransform(entry, transforms)
            // Animators hide things by a scale of zero.
            guard transform.determinant.magnitude > 1e-30 else { continue }
            for mesh in contents.meshes {
                let box = Self.image(self.boxes[mesh], under: transform)
                guard box.low.min() > -Self.coordinateMax, box.high.max() < Self.coordinateMax else {
                    throw ImportError(
                        .malformed,
                        "\(NodeTree.name(self.tree.entries[entry].node, self.nodes)) reaches further than "
                            + "\(Self.coordinateMax) metres: check its positions and its transform"
                    )
                }
                instances.append(Instance(mesh: mesh, transform: transform.renderTransform))
            }
        }
        return (instances, lights)
    }

    /// A box around everything, or nothing when nothing has an extent.
    func bounds(_ transforms: [Affine]) -> Box? {
        var result: Box?
        for (entry, contents) in self.contents.enumerated() {
            let transform = self.meshTransform(entry, transforms)
            guard transform.determinant.magnitude > 1e-30 else { continue }
            for mesh in contents.meshes {
                let box = Self.image(self.boxes[mesh], under: transform)
                result = Box(
                    low: pointwiseMin(result?.low ?? box.low, box.low),
                    high: pointwiseMax(result?.high ?? box.high, box.high)
                )
            }
        }
        return result
    }

    private static func image(_ box: Box, under transform: Affine) -> Box {
        var low = SIMD3<Double>(repeating: .infinity)
        var high = -low
        for corner in 0 ..< 8 {
            let p = transform.point(
                SIMD3(
                    corner & 1 == 0 ? box.low.x : box.high.x,
                    corner & 2 == 0 ? box.low.y : box.high.y,
                    corner & 4 == 0 ? box.low.z : box.high.z
                )
            )
            low = pointwiseMin(low, p)
            high = pointwiseMax(high, p)
        }
        return Box(low: low, high: high)
    }

    /// The box around a mesh.
    static func box(_ mesh: Mesh) -> Box {
        var low = SIMD3<Double>(repeating: .infinity)
        var high = -low
        for i in mesh.indices {
            let p = mesh.vertex(Int(i), of: mesh.positions)
            low = pointwiseMin(low, p)
            high = pointwiseMax(high, p)
        }
        return Box(low: low, high: high)
    }
}
