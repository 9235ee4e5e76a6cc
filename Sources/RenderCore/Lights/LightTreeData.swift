import CVector

/// A tree over lights of a loaded scene: those of the world, or the triangles of a mesh.
///
/// A light is chosen by walking from the root to a leaf (``LightWalks``), at each node in proportion to what
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

    /// Whether all lights hang on the root.
    @inline(__always) var hasOneNode: Bool {
        for slot in 0 ..< 8 {
            let child = LightNode.child(self.nodes, slot)
            if child != LightNode.none, child & LightNode.flag == 0 { return false }
        }
        return true
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
    @inline(__always) static func total(of weights: SIMD8<Float>) -> Float { Float(LightSums(weights).total) }

    /// Chooses a child of a node by a number of 0..<1 and the children's weights; with a probability of zero when none
    /// shines here.
    @inline(__always) static func step(
        _ node: UnsafeRawPointer,
        _ number: Double,
        _ weights: SIMD8<Float>
    ) -> (child: UInt32, probability: Float, rest: Double) {
        self.step(node, number, LightSums(weights))
    }

    /// The same by sums that were made before.
    @inline(__always) static func step(
        _ node: UnsafeRawPointer,
        _ number: Double,
        _ sums: LightSums
    ) -> (child: UInt32, probability: Float, rest: Double) {
        guard sums.total > 0 else { return (LightNode.none, 0, 0) }
        let (slot, weight, rest) = sums.pick(number)
        return (LightNode.child(node, slot), Float(weight / sums.total), rest)
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
            let sums = LightSums(weights)
            guard sums.total > 0 else { return 0 }
            probability *= Float(sums.weight(Int(position & 7)) / sums.total)
            position = LightNode.parent(node)
            if position == LightNode.none { return probability }
        }
    }
}

/// Running sums of eight weights, with a zero before: what is between two of them is an entry's share.
///
/// In binary64 they are exact unless one weight is less than 2^-29 of another, so that each entry has the share that it
/// deserves.
struct LightSums {
    /// The sums as an array, for a vector's lane of a number that is not constant is slow.
    private let table: (zeros: SIMD8<Double>, sums: SIMD8<Double>)

    @inline(__always) init(_ weights: SIMD8<Float>) {
        self.table = (SIMD8(repeating: 0), cvector_prefix_sums8(weights))
    }

    @inline(__always) var total: Double { self.table.sums[7] }

    /// The sum of the entries before a slot, which may be 8.
    @inline(__always) private func before(_ slot: Int) -> Double {
        withUnsafeBytes(of: self.table) { $0.load(fromByteOffset: 56 &+ 8 &* slot, as: Double.self) }
    }

    /// The share of a slot.
    @inline(__always) func weight(_ slot: Int) -> Double { self.before(slot &+ 1) - self.before(slot) }

    /// The slot for a number of 0..<1, its share, and where within it the number lies.
    @inline(__always) func pick(_ u: Double) -> (slot: Int, weight: Double, rest: Double) {
        let x = u * self.total
        // The number is below one, so x is below the total, and the last slot with a share is not passed.
        let slot = cvector_count_le8(self.table.sums, x) & 7
        let low = self.before(slot)
        let weight = self.before(slot &+ 1) - low
        guard weight > 0 else { return (slot, 0, 0) }
        let rest = (x - low) / weight
        return (slot, weight, rest < 0x1.fffffffp-1 ? rest : 0x1.fffffffp-1)
    }
}
