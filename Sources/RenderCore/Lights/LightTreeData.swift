/// A tree over lights of a loaded scene: those of the world, or the triangles of a mesh.
///
/// A light is chosen by walking from the root to a leaf, at each node in proportion to what
/// ``LightNode/importances(_:_:)`` says of its children; its probability is found by walking back. Both cost a few dozen
/// nanoseconds for each factor of eight in the number of lights.
struct LightTreeData: BitwiseCopyable {
    /// The nodes, root first.
    var nodes: UnsafeRawPointer
    /// Where each light hangs, node << 3 + slot; ``LightNode/none`` for a light that does not shine.
    var leaves: UnsafePointer<UInt32>
    var lightCount: Int
    /// Whether lights are chosen by power alone, as suits a few triangles side by side.
    var isByPower: Bool
    /// The light when there is but one, else negative.
    var onlyLight: Int

    /// A light that was chosen.
    struct Choice {
        var number: Int
        var probability: Float
        /// Where in the light's share the number lay, 0..<1.
        var rest: Double
    }

    /// What the children of a node are chosen by.
    @inline(__always) func weights(_ node: UnsafeRawPointer, _ receiver: LightReceiver) -> SIMD8<Float> {
        self.isByPower ? LightNode.powers(node) : LightNode.importances(node, receiver)
    }

    /// What the children of the root are chosen by; of no use when there is but one light.
    @inline(__always) func rootWeights(_ receiver: LightReceiver) -> SIMD8<Float> {
        self.weights(self.nodes, receiver)
    }

    /// The sum of the root's weights.
    @inline(__always) static func total(of weights: SIMD8<Float>) -> Float { LightPairs(weights).total }

    /// Chooses a light by a number of 0..<1 and the weights of the root; nothing when none shines here.
    @inline(__always) func choose(
        _ number: Double,
        _ receiver: LightReceiver,
        _ rootWeights: SIMD8<Float>
    ) -> Choice? {
        if self.onlyLight >= 0 { return Choice(number: self.onlyLight, probability: 1, rest: number) }
        var weights = rootWeights
        var node = self.nodes
        var u = number
        var probability: Float = 1
        while true {
            let pairs = LightPairs(weights)
            guard pairs.total > 0 else { return nil }
            let (slot, weight, rest) = pairs.pick(u, weights)
            probability *= weight / pairs.total
            let child = LightNode.child(node, slot)
            if child & LightNode.flag != 0 {
                guard child != LightNode.none, probability > 0 else { return nil }
                return Choice(number: Int(child & ~LightNode.flag), probability: probability, rest: rest)
            }
            u = rest
            node = self.nodes + Int(child) &* LightNode.size
            weights = self.weights(node, receiver)
        }
    }

    /// The probability of choosing a light.
    @inline(__always) func probability(of light: Int, _ receiver: LightReceiver) -> Float {
        var position = self.leaves[light]
        guard position != LightNode.none else { return 0 }
        if self.onlyLight >= 0 { return 1 }
        var probability: Float = 1
        while true {
            let node = self.nodes + Int(position &>> 3) &* LightNode.size
            let weights = self.weights(node, receiver)
            let total = LightPairs(weights).total
            guard total > 0 else { return 0 }
            probability *= LightPairs.weight(Int(position & 7), weights) / total
            position = LightNode.parent(node)
            if position == LightNode.none { return probability }
        }
    }
}

/// Sums of eight weights, added in pairs, as choosing and its probability both use them.
private struct LightPairs {
    let four: SIMD4<Float>
    let left: Float
    let total: Float

    @inline(__always) init(_ weights: SIMD8<Float>) {
        self.four = weights.evenHalf + weights.oddHalf
        self.left = self.four[0] + self.four[1]
        self.total = self.left + (self.four[2] + self.four[3])
    }

    /// The slot for a number of 0..<1, its weight, and where within it the number lies.
    @inline(__always) func pick(_ u: Double, _ weights: SIMD8<Float>) -> (slot: Int, weight: Float, rest: Double) {
        var x = u * Double(self.total)
        let isRight = x >= Double(self.left)
        if isRight { x -= Double(self.left) }
        let near = isRight ? self.four[2] : self.four[0]
        let isFar = x >= Double(near)
        if isFar { x -= Double(near) }
        let pair: Int = (isRight ? 2 : 0) &+ (isFar ? 1 : 0)
        let first = Self.weight(2 &* pair, weights)
        let isSecond = x >= Double(first)
        if isSecond { x -= Double(first) }
        let slot = 2 &* pair &+ (isSecond ? 1 : 0)
        let weight = Self.weight(slot, weights)
        guard weight > 0 else { return (slot, 0, 0) }
        let rest = x / Double(weight)
        return (slot, weight, rest < 0x1.fffffffp-1 ? rest : 0x1.fffffffp-1)
    }

    /// One lane without a vector's dynamic index.
    @inline(__always) static func weight(_ slot: Int, _ weights: SIMD8<Float>) -> Float {
        withUnsafeBytes(of: weights) { $0.load(fromByteOffset: 4 &* slot, as: Float.self) }
    }
}
