/// A light tree whose nodes are full but for the last of each level, over lights that have been put in order.
///
/// What it takes is known beforehand, 55 bytes a light and no more, where ``LightTreeBuilder`` leaves up to half of the places
/// of its nodes empty: right for lights in the millions that shine in all directions.
struct FullLightTree {
    /// The nodes, see ``LightNode``.
    private(set) var nodes: [UInt32] = []
    /// Where each light hangs, node << 3 + slot.
    private(set) var leaves: [UInt32] = []

    /// Builds a tree over 1...2^28 lights: each eight that follow each other from the first on make a node, and each eight
    /// such nodes one more.
    init(_ lights: [LightBounds]) {
        var levels = [lights]
        while let level = levels.last, level.count > 8 {
            levels.append(
                stride(from: 0, to: level.count, by: 8).compactMap { first in
                    LightBounds(level[first ..< min(first + 8, level.count)].map { .some($0) })
                }
            )
        }
        self.nodes.reserveCapacity(LightNode.words * levels.dropFirst().reduce(1) { $0 + $1.count })
        self.leaves.reserveCapacity(lights.count)
        // Level by level from the root, so that parents come before their children.
        var parents = 0
        var first = 0
        for (height, level) in levels.enumerated().reversed() {
            let end = first + (level.count + 7) / 8
            for node in first ..< end {
                let children = 8 * (node - first) ..< min(8 * (node - first) + 8, level.count)
                let above = node - first
                self.nodes += LightNode.words(
                    children.map { (level[$0], height == 0 ? LightNode.flag | UInt32($0) : UInt32(end + $0)) },
                    parent: node == 0 ? LightNode.none : UInt32(parents << 3 + above)
                )
                if height == 0 { self.leaves += children.indices.map { UInt32(node << 3 + ($0 & 7)) } }
            }
            parents = first
            first = end
        }
    }
}
