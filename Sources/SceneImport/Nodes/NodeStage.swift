import RenderCore

/// The nodes of a scene with what hangs on them: everything that a frame is made of.
struct NodeStage: Sendable {
    /// What a node carries.
    struct Contents: Sendable {
        /// Numbers of the renderer's meshes.
        var meshes: [Int] = []
        /// Numbers of the renderer's sets of particles.
        var particles: [Int] = []
        /// Weights of morph targets where no animation changes them.
        var weights: [Float] = []
        /// Whether the meshes have morph targets that move from frame to frame.
        var morphs = false
        var skin: Skin?
        var copies: InstanceSet?
        /// The number of a light of the document.
        var light: Int?
        /// The number of a volume.
        var volume: Int?
    }

    /// Where everything is at one time.
    struct Pose {
        var time: Double
        /// The world transform of each entry of the tree.
        var transforms: [Affine]
        /// Whether each entry is shown.
        var isVisible: [Bool]
    }

    /// Places further away than this, in metres, are taken for damage.
    static let coordinateMax = 1e12

    let nodes: [GLTF.Node]
    let cameras: [GLTF.Camera]
    let lights: [GLTF.Light]
    /// What the document calls its materials, as far as it does.
    let materialNames: [String?]
    let tree: NodeTree
    let animation: NodeAnimation
    /// For each entry of the tree.
    let contents: [Contents]
    let meshes: [Mesh]
    /// For each mesh.
    let deformers: [MeshDeformer]
    /// For each mesh.
    let boxes: [Box]
    /// For each set of particles.
    let particleBoxes: [Box]
    /// For each volume.
    let volumeBoxes: [Box]

    /// The pose at a time in seconds.
    func pose(at time: Double) throws(ImportError) -> Pose {
        var pose = Pose(time: time, transforms: [], isVisible: [])
        pose.transforms.reserveCapacity(self.tree.entries.count)
        pose.isVisible.reserveCapacity(self.tree.entries.count)
        for entry in self.tree.entries {
            let tracks = self.animation.tracks[entry.node]
            let local = Self.local(entry.local, tracks, at: time)
            let world = entry.parent.map { pose.transforms[$0] * local } ?? local
            guard world.isFinite else {
                throw ImportError(
                    .malformed,
                    "\(NodeTree.name(entry.node, self.nodes)) is moved or scaled beyond all numbers: check its transform"
                )
            }
            pose.transforms.append(world)
            let isVisible =
                tracks?.visible.map { $0.value(at: time).x != 0 }
                ?? self.nodes[entry.node].extensions?.visibility?.visible ?? true
            pose.isVisible.append(isVisible && (entry.parent.map { pose.isVisible[$0] } ?? true))
        }
        return pose
    }

    private static func local(_ local: NodeTree.Local, _ tracks: NodeAnimation.Tracks?, at time: Double) -> Affine {
        func three(_ v: SIMD4<Double>) -> SIMD3<Double> { SIMD3(v.x, v.y, v.z) }
        var (t, r, s) = (SIMD3<Double>.zero, SIMD4<Double>(0, 0, 0, 1), SIMD3<Double>(1, 1, 1))
        switch local {
        case .matrix(let matrix):
            // The specification forbids to animate a matrix; the animation wins then.
            guard let tracks, tracks.translation != nil || tracks.rotation != nil || tracks.scale != nil else {
                return matrix
            }
            t = matrix.translation
        case .parts(let translation, let rotation, let scale):
            (t, r, s) = (translation, rotation, scale)
        }
        if let moved = tracks?.translation { t = three(moved.value(at: time)) }
        if let moved = tracks?.rotation { r = moved.value(at: time) }
        if let moved = tracks?.scale { s = three(moved.value(at: time)) }
        return Affine(translation: t, rotation: r, scale: s)
    }

    /// Everything but the eye; what moves says where it is in `closing` too, when the shutter closes.
    func frame(_ pose: Pose, _ closing: Pose? = nil) throws(ImportError) -> SceneFrame {
        var owners: [Int] = []
        return try self.frame(pose, closing, owners: &owners)
    }

    /// Everything but the eye, and the entry of the tree that each instance belongs to.
    func frame(_ pose: Pose, _ closing: Pose? = nil, owners: inout [Int]) throws(ImportError) -> SceneFrame {
        var frame = SceneFrame()
        let copies = self.contents.reduce(0) { sum, contents in
            sum + (contents.meshes.count + contents.particles.count) * (contents.copies?.count ?? 1)
        }
        frame.instances.reserveCapacity(copies)
        for (entry, contents) in self.contents.enumerated() where pose.isVisible[entry] {
            do throws(ImportError) {
                if let light = contents.light {
                    frame.lights.append(try self.light(light, at: pose.time).placed(by: pose.transforms[entry]))
                }
                if let volume = contents.volume { try self.place(volume, pose.transforms[entry], in: &frame) }
                try self.place(contents, entry: entry, pose, closing, in: &frame)
                owners.append(contentsOf: repeatElement(entry, count: frame.instances.count - owners.count))
            } catch {
                throw error.located(at: NodeTree.name(self.tree.entries[entry].node, self.nodes))
            }
        }
        return frame
    }

    private func place(
        _ contents: Contents,
        entry: Int,
        _ pose: Pose,
        _ closing: Pose?,
        in frame: inout SceneFrame
    ) throws(ImportError) {
        let world = (pose.transforms[entry], closing?.transforms[entry])
        for set in contents.particles {
            try Self.place(Instance(particles: set), self.particleBoxes[set], contents, world, in: &frame)
        }
        for mesh in contents.meshes {
            let deformer = self.deformers[mesh]
            let isSkinned = contents.skin != nil && deformer.influences != nil
            guard isSkinned || (contents.morphs && !deformer.targets.isEmpty) else {
                try Self.place(Instance(mesh: mesh), self.boxes[mesh], contents, world, in: &frame)
                continue
            }
            let shape = self.shape(mesh, contents, entry: entry, pose)
            var box = Box(shape.positions)
            var deformed = DeformedMesh(
                mesh: mesh,
                positions: shape.positions,
                normals: shape.normals,
                tangents: shape.tangents
            )
            if let closing {
                let last = self.shape(mesh, contents, entry: entry, closing)
                if last.positions != shape.positions {
                    deformed.closingPositions = last.positions
                    deformed.closingNormals = last.normals
                    box = box.union(Box(last.positions))
                }
            }
            let number = self.meshes.count + frame.deformedMeshes.count
            frame.deformedMeshes.append(deformed)
            // A skin's joints stand in the world already.
            if isSkinned {
                frame.instances.append(Instance(mesh: number))
            } else {
                try Self.place(Instance(mesh: number), box, contents, world, in: &frame)
            }
        }
    }

    /// A mesh with its morph targets and its skin, if it has any.
    private func shape(_ mesh: Int, _ contents: Contents, entry: Int, _ pose: Pose) -> Mesh {
        let track = contents.morphs ? self.animation.tracks[self.tree.entries[entry].node]?.weights : nil
        var shape = self.deformers[mesh].morphed(
            self.meshes[mesh],
            weights: track?.values(at: pose.time) ?? contents.weights
        )
        if let matrices = contents.skin?.matrices(pose.transforms, node: entry) {
            self.deformers[mesh].skinned(&shape, matrices)
        }
        return shape
    }

    private func place(_ volume: Int, _ world: Affine, in frame: inout SceneFrame) throws(ImportError) {
        guard world.determinant.magnitude > 1e-30 else { return }
        let image = self.volumeBoxes[volume].image(under: world)
        guard image.low.min() > -Self.coordinateMax, image.high.max() < Self.coordinateMax else {
            throw ImportError(
                .malformed,
                "its volume reaches further than \(Self.coordinateMax) metres: check its transform"
            )
        }
        frame.volumes.append(VolumeInstance(volume: volume, transform: world.renderTransform))
    }

    /// Places something, or all its copies, from the opening to the closing of the shutter.
    private static func place(
        _ instance: Instance,
        _ box: Box,
        _ contents: Contents,
        _ world: (opening: Affine, closing: Affine?),
        in frame: inout SceneFrame
    ) throws(ImportError) {
        for i in 0 ..< (contents.copies?.count ?? 1) {
            let local = contents.copies?.local(i)
            let transform = local.map { world.opening * $0 } ?? world.opening
            // Animators hide things by a scale of zero.
            guard transform.determinant.magnitude > 1e-30 else { continue }
            let closing = world.closing.map { closing in local.map { closing * $0 } ?? closing }
            var image = box.image(under: transform)
            if let closing { image = image.union(box.image(under: closing)) }
            // Written so that what is not a number fails.
            guard image.low.min() > -Self.coordinateMax, image.high.max() < Self.coordinateMax else {
                throw ImportError(
                    .malformed,
                    "it reaches further than \(Self.coordinateMax) metres: check its positions and its transform"
                )
            }
            var placed = instance
            placed.transform = transform.renderTransform
            if let last = closing?.renderTransform, last != placed.transform { placed.closingTransform = last }
            frame.instances.append(placed)
        }
    }

    /// A box around everything that a frame shows, or nothing when nothing has an extent.
    func bounds(_ frame: SceneFrame) -> Box? {
        var result: Box?
        let deformed = frame.deformedMeshes.map { Box($0.positions) }
        for instance in frame.instances {
            let own =
                if instance.isParticles {
                    self.particleBoxes[instance.mesh]
                } else if instance.mesh < self.boxes.count {
                    self.boxes[instance.mesh]
                } else {
                    deformed[instance.mesh - self.boxes.count]
                }
            let box = own.image(under: Affine(instance.transform))
            result = result?.union(box) ?? box
        }
        for volume in frame.volumes {
            let box = self.volumeBoxes[volume.volume].image(under: Affine(volume.transform))
            result = result?.union(box) ?? box
        }
        return result
    }

    /// A camera of the document at a time.
    func projection(_ camera: Int, at time: Double) throws(ImportError) -> Camera.Projection {
        var moved = self.cameras
        if moved.indices.contains(camera) {
            func number(_ property: AnimatedProperty.CameraProperty, _ old: Double?) -> Double? {
                self.animation.others[.camera(camera, property)]?.value(at: time).x ?? old
            }
            let own = moved[camera]
            if let old = own.perspective?.yfov, let new = number(.verticalFieldOfView, old) {
                moved[camera].perspective?.yfov = new
            }
            if let old = own.orthographic?.xmag, let new = number(.xMagnification, old) {
                moved[camera].orthographic?.xmag = new
            }
            if let old = own.orthographic?.ymag, let new = number(.yMagnification, old) {
                moved[camera].orthographic?.ymag = new
            }
        }
        return try CameraBuilder.projection(camera, of: moved)
    }

    /// A light of the document at a time.
    func light(_ light: Int, at time: Double) throws(ImportError) -> LightBuilder.Source {
        guard !self.animation.others.isEmpty, self.lights.indices.contains(light) else {
            return try LightBuilder.build(light, of: self.lights)
        }
        func value(_ property: AnimatedProperty.LightProperty) -> SIMD4<Double>? {
            self.animation.others[.light(light, property)]?.value(at: time)
        }
        var moved = self.lights
        if let color = value(.color) { moved[light].color = [color.x, color.y, color.z] }
        if let intensity = value(.intensity) { moved[light].intensity = intensity.x }
        if let range = value(.range) { moved[light].range = range.x }
        if let angle = value(.innerConeAngle) { moved[light].spot?.innerConeAngle = angle.x }
        if let angle = value(.outerConeAngle) { moved[light].spot?.outerConeAngle = angle.x }
        return try LightBuilder.build(light, of: moved)
    }
}
