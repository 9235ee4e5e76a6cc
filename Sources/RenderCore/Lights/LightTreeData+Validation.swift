extension LightTreeData {
    /// The tree in these words, or nothing when it is none; see ``isValid(nodes:leaves:)``.
    init?(nodes: UnsafeBufferPointer<UInt32>, leaves: UnsafeBufferPointer<UInt32>, isByPower: Bool) {
        guard Self.isValid(nodes: nodes, leaves: leaves) else { return nil }
        self.nodes = UnsafeRawPointer(nodes.pointer)
        self.leaves = leaves.pointer
        self.lightCount = leaves.count
        self.isByPower = isByPower
        var lights = 0
        for slot in 80 ..< 88 where nodes[slot] != LightNode.none { lights += 1 }
        let isOnly = lights == 1 && nodes[80] & LightNode.flag != 0
        self.onlyLight = isOnly && nodes[80] != LightNode.none ? Int(nodes[80] & ~LightNode.flag) : -1
    }

    /// Whether a tree that comes from outside is one: every child and every light hangs in one place, children come after
    /// their parents, the depth is bounded, and all numbers are in range.
    ///
    /// - Complexity: linear.
    private static func isValid(
        nodes: UnsafeBufferPointer<UInt32>,
        leaves: UnsafeBufferPointer<UInt32>
    ) -> Bool {
        let nodeCount = nodes.count / LightNode.words
        guard nodeCount > 0, nodeCount * LightNode.words == nodes.count, nodeCount < 1 << 28, leaves.count < 1 << 28
        else { return false }
        guard nodes[88] == LightNode.none else { return false }
        var depths = [UInt8](repeating: 0, count: nodeCount)
        var children = 0
        var lights = 0
        for node in 0 ..< nodeCount {
            let words = UnsafeBufferPointer(rebasing: nodes[node * LightNode.words ..< (node + 1) * LightNode.words])
            guard self.hasNumbersInRange(words) else { return false }
            for k in 89 ..< 96 where words[k] != 0 { return false }
            for slot in 0 ..< 8 {
                let child = words[80 + slot]
                let position = UInt32(node << 3 | slot)
                if child == LightNode.none {
                    guard words[32 + slot] == 0 else { return false }
                } else if child & LightNode.flag != 0 {
                    let light = Int(child & ~LightNode.flag)
                    guard light < leaves.count, leaves[light] == position else { return false }
                    lights += 1
                } else {
                    let number = Int(child)
                    guard number > node, number < nodeCount, nodes[number * LightNode.words + 88] == position,
                        Int(depths[node]) < LightNode.depthMax
                    else { return false }
                    depths[number] = depths[node] + 1
                    children += 1
                }
            }
        }
        var shining = 0
        for leaf in leaves where leaf != LightNode.none { shining += 1 }
        return children == nodeCount - 1 && shining == lights
    }

    /// The rows 0 to 9; a comparison with a number that is not one is false.
    private static func hasNumbersInRange(_ words: UnsafeBufferPointer<UInt32>) -> Bool {
        func isWithin(_ row: Int, _ low: Float, _ high: Float) -> Bool {
            var count = 0
            for k in 8 * row ..< 8 * row + 8 {
                let value = Float(bitPattern: words[k])
                count += value >= low && value <= high ? 1 : 0
            }
            return count == 8
        }
        for row in 0 ..< 3 where !isWithin(row, -0x1p32, 0x1p32) { return false }
        for row in 5 ..< 8 where !isWithin(row, -1.001, 1.001) { return false }
        return isWithin(3, 0, 0x1p33) && isWithin(4, 0, 0x1p88) && isWithin(8, -1, 1) && isWithin(9, 0, 1)
    }
}
