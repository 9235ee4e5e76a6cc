/// Chooses lights for all lanes, one level of the light trees at a time.
///
/// First the kind of light (``LightKinds``), then the light: directional ones by power, all others by the light tree,
/// and the triangle or the particle of an emitting instance by the tree of its mesh or set. A walk through trees is one long chain of
/// dependent steps; the walks of different lanes do not depend on each other, so the processor works on several at once
/// when they take turns.
struct LightWalks {
    private struct Walk: BitwiseCopyable {
        var receiver: LightReceiver
        var tree: LightTreeData
        /// The node whose children are to be chosen from.
        var node: UnsafeRawPointer
        /// Where in the node's share the number lies, 0..<1.
        var number: Double
        var probability: Float
        /// The instance whose tree this is; negative in the tree of all lights.
        var instance: Int
    }

    /// The rows of ``choices``.
    private enum Row {
        @inline(__always) static var kind: Int { 0 }
        @inline(__always) static var number: Int { 1 }
        @inline(__always) static var probability: Int { 2 }
        @inline(__always) static var rest: Int { 3 }
        @inline(__always) static var instance: Int { 4 }
        @inline(__always) static var count: Int { 5 }
    }

    private let view: UnsafePointer<SceneView>
    private let walks: UnsafeMutablePointer<Walk>
    private let choices: LaneScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.walks = memory.allocate(Walk.self, count: laneCount)
        self.choices = LaneScratch(memory: memory, rows: Row.count)
    }

    /// Of some lanes those for which a light of a kind was chosen last.
    @inline(__always) func lanes(_ kind: LightChoice.Kind, among lanes: MaskLanes) -> MaskLanes {
        lanes .& (self.choices.words(Row.kind) .== UIntLanes(kind.rawValue))
    }

    /// The numbers of the lights that were chosen last.
    @inline(__always) var numbers: UIntLanes { self.choices.words(Row.number) }

    /// The instances of the particles that were chosen last; other lanes hold what was there before.
    @inline(__always) var instances: UIntLanes { self.choices.words(Row.instance) }

    /// The probabilities with which they were chosen.
    @inline(__always) var probabilities: FloatLanes { self.choices.floats(Row.probability) }

    /// Where in the chosen lights' shares the numbers lay, as numbers of 32 bits: as good as new ones.
    ///
    /// Points that are drawn with them stay as evenly spread over all lights together as the numbers were.
    @inline(__always) var rests: UIntLanes { self.choices.words(Row.rest) }

    /// What was chosen for a lane last.
    @inline(__always) subscript(lane: Int) -> LightChoice {
        LightChoice(
            kind: LightChoice.Kind(rawValue: self.choices.word(Row.kind, lane)) ?? .nothing,
            number: self.numbers[lane],
            instance: self.instances[lane],
            probability: self.probabilities[lane]
        )
    }

    /// Chooses a light for each lit receiver by a 32-bit number.
    @inline(never) func choose(_ receivers: borrowing LightReceiverLanes, _ lit: MaskLanes, _ pick: UIntLanes) {
        if self.chooseTriangle(lit, pick) { return }
        var walking: UInt32 = 0
        for lane in LaneSequence(lit) {
            if self.start(lane, receivers[lane], pick[lane]) { walking |= 1 &<< UInt32(truncatingIfNeeded: lane) }
        }
        while walking != 0 {
            for lane in LaneSequence(MaskLanes(bits: walking)) {
                let walk = self.walks + lane
                let weights = walk.pointee.tree.weights(walk.pointee.node, walk.pointee.receiver)
                if !self.descend(lane, weights) { walking &= ~(1 &<< UInt32(truncatingIfNeeded: lane)) }
            }
        }
    }

    /// Chooses among the few triangles of a scene's only light, whose shares are the same everywhere; does nothing and
    /// says so in any other scene.
    ///
    /// A lamp of two triangles is a scene's only light often enough, and a walk costs as much as a ray there.
    @inline(__always) private func chooseTriangle(_ lit: MaskLanes, _ pick: UIntLanes) -> Bool {
        guard let only = self.view.pointee.onlyKinds, only.tree == 1, let all = self.view.pointee.lightTree,
            all.onlyLight >= 0
        else { return false }
        let code = self.view.pointee.treeLights[all.onlyLight]
        guard code & LightNode.flag == 0 else { return false }
        let instance = self.view.pointee.instances + Int(code)
        guard !instance.pointee.isParticles, let tree = self.view.pointee.meshes[instance.pointee.mesh].lights,
            tree.isByPower, tree.onlyLight < 0, tree.hasOneNode
        else { return false }
        let sums = LightSums(LightNode.powers(tree.nodes))
        for lane in LaneSequence(lit) {
            let step = LightTreeData.step(tree.nodes, Double(pick[lane]) * 0x1p-32, sums)
            let isFound = step.probability > 0 && step.child != LightNode.none
            let triangle = instance.pointee.firstTriangle &+ Int(step.child & ~LightNode.flag)
            _ =
                isFound
                ? self.end(lane, .triangle, UInt32(truncatingIfNeeded: triangle), step.probability, step.rest)
                : self.end(lane, .nothing, 0, 0, 0)
        }
        return true
    }

    // MARK: Steps, which tell whether there is another one

    /// Chooses the kind of light, and in the tree of all lights a child of the root.
    @inline(__always) private func start(_ lane: Int, _ receiver: LightReceiver, _ pick: UInt32) -> Bool {
        let only = self.view.pointee.onlyKinds
        var weights = SIMD8<Float>(repeating: 0)
        var total: Float = 0
        if let tree = self.view.pointee.lightTree, only == nil || tree.onlyLight < 0 {
            weights = tree.rootWeights(receiver)
            total = LightTreeData.total(of: weights)
        }
        let kinds = only ?? LightKinds(self.view, receiver, treeTotal: total)
        let number = Double(pick) * 0x1p-32
        let skyEnd = Double(kinds.environment)
        if number < skyEnd {
            return self.end(lane, .environment, 0, kinds.environment, number / skyEnd)
        }
        let sunEnd = skyEnd + Double(kinds.directional)
        if number < sunEnd {
            let sun = self.view.pointee.suns.pick((number - skyEnd) / Double(kinds.directional))
            return self.end(lane, .directional, sun.light, sun.probability * kinds.directional, 0)
        }
        guard kinds.tree > 0, let tree = self.view.pointee.lightTree else { return self.end(lane, .nothing, 0, 0, 0) }
        let rest = (number - sunEnd) / Double(kinds.tree)
        (self.walks + lane).initialize(
            to: Walk(
                receiver: receiver,
                tree: tree,
                node: tree.nodes,
                number: rest < 1 ? rest : 0x1.fffffffp-1,
                probability: kinds.tree,
                instance: -1
            )
        )
        return tree.onlyLight >= 0 ? self.arrive(lane, tree.onlyLight) : self.descend(lane, weights)
    }

    /// Chooses a child of the walk's node.
    @inline(__always) private func descend(_ lane: Int, _ weights: SIMD8<Float>) -> Bool {
        let walk = self.walks + lane
        let step = LightTreeData.step(walk.pointee.node, walk.pointee.number, weights)
        guard step.probability > 0, step.child != LightNode.none else { return self.end(lane, .nothing, 0, 0, 0) }
        walk.pointee.number = step.rest
        walk.pointee.probability *= step.probability
        if step.child & LightNode.flag != 0 { return self.arrive(lane, Int(step.child & ~LightNode.flag)) }
        walk.pointee.node = walk.pointee.tree.nodes + Int(step.child) &* LightNode.size
        return true
    }

    /// Takes the light at a leaf of the walk's tree; an instance has a tree of its own.
    @inline(__always) private func arrive(_ lane: Int, _ light: Int) -> Bool {
        let walk = self.walks + lane
        if walk.pointee.instance >= 0 { return self.arriveInInstance(lane, light) }
        let code = self.view.pointee.treeLights[light]
        if code & LightNode.flag != 0 {
            if code & LightNode.volumeFlag != 0 {
                let number = code & ~(LightNode.flag | LightNode.volumeFlag)
                return self.end(lane, .volume, number, walk.pointee.probability, walk.pointee.number)
            }
            return self.end(lane, .punctual, code & ~LightNode.flag, walk.pointee.probability, 0)
        }
        let instance = self.view.pointee.instances + Int(code)
        guard let tree = instance.pointee.lights(self.view) else {
            return self.end(lane, .nothing, 0, 0, 0)
        }
        walk.pointee.instance = Int(code)
        if tree.onlyLight >= 0, !instance.pointee.isParticles { return self.arriveInInstance(lane, tree.onlyLight) }
        walk.pointee.receiver = walk.pointee.receiver.seen(through: self.view.pointee.objectMaps[light])
        walk.pointee.tree = tree
        walk.pointee.node = tree.nodes
        return tree.onlyLight >= 0 ? self.arriveInInstance(lane, tree.onlyLight) : true
    }

    /// Takes the triangle at a leaf of an instance's tree, or chooses among the particles there.
    @inline(__always) private func arriveInInstance(_ lane: Int, _ light: Int) -> Bool {
        let walk = self.walks + lane
        let instance = self.view.pointee.instances + walk.pointee.instance
        guard instance.pointee.isParticles else {
            let triangle = UInt32(truncatingIfNeeded: instance.pointee.firstTriangle &+ light)
            return self.end(lane, .triangle, triangle, walk.pointee.probability, walk.pointee.number)
        }
        return self.chooseParticle(lane, instance, cluster: light)
    }

    @inline(never) private func chooseParticle(
        _ lane: Int,
        _ instance: UnsafePointer<InstanceData>,
        cluster: Int
    ) -> Bool {
        let walk = self.walks + lane
        let set = self.view.pointee.particles + instance.pointee.mesh
        let particles = ParticleCluster(self.view, set, cluster)
        let sums = particles.sums(walk.pointee.receiver, isByPower: walk.pointee.tree.isByPower)
        guard sums.total > 0 else { return self.end(lane, .nothing, 0, 0, 0) }
        let (slot, weight, rest) = sums.pick(walk.pointee.number)
        guard weight > 0 else { return self.end(lane, .nothing, 0, 0, 0) }
        let number = UInt32(truncatingIfNeeded: ParticleCluster.count &* cluster &+ slot)
        self.choices.set(Row.instance, lane, UInt32(truncatingIfNeeded: walk.pointee.instance))
        return self.end(lane, .particle, number, walk.pointee.probability * Float(weight / sums.total), rest)
    }

    @inline(__always) private func end(
        _ lane: Int,
        _ kind: LightChoice.Kind,
        _ number: UInt32,
        _ probability: Float,
        _ rest: Double
    ) -> Bool {
        self.choices.set(Row.kind, lane, kind.rawValue)
        self.choices.set(Row.number, lane, number)
        self.choices.set(Row.probability, lane, probability)
        self.choices.set(Row.rest, lane, UInt32(truncatingIfNeeded: Int64(rest * 0x1p32)))
        return false
    }
}
