/// Builds light trees, the same on every machine: what travels in blobs.
///
/// Top-down with bins along each axis, by the power, size and spread of directions of both halves, after A. Conty Estevez
/// and C. Kulla 2018; then eight halves to a node.
struct LightTreeBuilder {
    private static var bins: Int { 16 }
    /// From this depth on halves are of equal number, so that the depth stays bounded.
    private static var carefulDepth: Int { 32 }

    /// The nodes, see ``LightNode``.
    private(set) var nodes: [UInt32] = []
    /// Where each light hangs, node << 3 + slot; ``LightNode/none`` for lights that do not shine.
    private(set) var leaves: [UInt32]
    private let lights: [LightBounds?]
    private var order: [Int]
    /// The tree of two.
    private var halves: [Half] = []

    /// Two halves, or a light.
    private struct Half {
        var bounds: LightBounds
        var left: Int
        var right: Int
        var light: Int

        var isLight: Bool { self.light >= 0 }
    }

    /// Builds a tree over at most 2^28 lights; those that are nothing do not shine.
    init(_ lights: [LightBounds?]) {
        self.lights = lights
        self.leaves = [UInt32](repeating: LightNode.none, count: lights.count)
        self.order = lights.indices.filter { lights[$0] != nil }
        guard !self.order.isEmpty else { return }
        self.halves.reserveCapacity(2 * self.order.count)
        let root = self.split(0 ..< self.order.count, depth: 0)
        self.emit(root)
    }

    // MARK: Halves

    private mutating func split(_ range: Range<Int>, depth: Int) -> Int {
        let number = self.halves.count
        if range.count == 1 {
            let light = self.order[range.lowerBound]
            if let bounds = self.lights[light] {
                self.halves.append(Half(bounds: bounds, left: -1, right: -1, light: light))
            }
            return number
        }
        let middle = self.partition(range, depth: depth)
        // The place of the parent comes first; its bounds are known last.
        if let first = self.lights[self.order[range.lowerBound]] {
            self.halves.append(Half(bounds: first, left: 0, right: 0, light: -1))
        }
        let left = self.split(range.lowerBound ..< middle, depth: depth + 1)
        let right = self.split(middle ..< range.upperBound, depth: depth + 1)
        self.halves[number].left = left
        self.halves[number].right = right
        if let bounds = LightBounds([self.halves[left].bounds, self.halves[right].bounds]) {
            self.halves[number].bounds = bounds
        }
        return number
    }

    /// Orders a range into two halves and tells where the second one begins.
    private mutating func partition(_ range: Range<Int>, depth: Int) -> Int {
        let even = range.lowerBound + range.count / 2
        guard range.count > 2, depth < Self.carefulDepth else { return even }
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for i in range {
            guard let middle = self.lights[self.order[i]]?.middle else { continue }
            low = Vector3(smaller(low.x, middle.x), smaller(low.y, middle.y), smaller(low.z, middle.z))
            high = Vector3(larger(high.x, middle.x), larger(high.y, middle.y), larger(high.z, middle.z))
        }
        let size = high - low
        var best = (cost: Double.infinity, axis: -1, bin: 0)
        for axis in 0 ..< 3 where size[axis] > 0 {
            var groups = [LightGroup](repeating: LightGroup(), count: Self.bins)
            for i in range {
                guard let light = self.lights[self.order[i]] else { continue }
                groups[self.bin(light, axis, low, size)].add(light)
            }
            var suffixes = groups
            for k in (0 ..< Self.bins - 1).reversed() { suffixes[k].add(suffixes[k + 1]) }
            var prefix = LightGroup()
            // Thin boxes are cut across.
            let shape = Double(size.largest / size[axis])
            for k in 0 ..< Self.bins - 1 {
                prefix.add(groups[k])
                guard prefix.count > 0, suffixes[k + 1].count > 0 else { continue }
                let cost = (prefix.cost + suffixes[k + 1].cost) * shape
                if cost < best.cost { best = (cost, axis, k) }
            }
        }
        guard best.axis >= 0 else { return even }
        var left: [Int] = []
        var right: [Int] = []
        for i in range {
            let number = self.order[i]
            guard let light = self.lights[number] else { continue }
            if self.bin(light, best.axis, low, size) <= best.bin { left.append(number) } else { right.append(number) }
        }
        guard !left.isEmpty, !right.isEmpty else { return even }
        self.order.replaceSubrange(range, with: left + right)
        return range.lowerBound + left.count
    }

    private func bin(_ light: LightBounds, _ axis: Int, _ low: Vector3, _ size: Vector3) -> Int {
        index((light.middle[axis] - low[axis]) / size[axis] * Float(Self.bins), last: Self.bins - 1)
    }

    // MARK: Nodes

    /// Writes nodes of eight, level by level, so that parents come before their children.
    private mutating func emit(_ root: Int) {
        var queue = [(half: root, parent: LightNode.none)]
        var next = 0
        while next < queue.count {
            let (half, parent) = queue[next]
            let children = self.opened(half)
            let number = UInt32(next)
            next += 1
            var entries: [(bounds: LightBounds, code: UInt32)] = []
            for (slot, child) in children.enumerated() {
                let position = number << 3 | UInt32(slot)
                let c = self.halves[child]
                if c.isLight {
                    entries.append((c.bounds, LightNode.flag | UInt32(c.light)))
                    self.leaves[c.light] = position
                } else {
                    entries.append((c.bounds, UInt32(queue.count)))
                    queue.append((child, position))
                }
            }
            self.nodes += LightNode.words(entries, parent: parent)
        }
    }

    /// Up to eight halves in place of one, the largest and strongest opened first.
    private func opened(_ half: Int) -> [Int] {
        guard !self.halves[half].isLight else { return [half] }
        var children = [self.halves[half].left, self.halves[half].right]
        while children.count < 8 {
            var best = -1
            var most = -1.0
            for (slot, child) in children.enumerated() where !self.halves[child].isLight {
                let b = self.halves[child].bounds
                let size = Double(b.power) * Double(b.radius) * Double(b.radius)
                if size > most { (best, most) = (slot, size) }
            }
            guard best >= 0 else { break }
            let opened = self.halves[children[best]]
            children[best] = opened.left
            children.insert(opened.right, at: best + 1)
        }
        return children
    }
}

/// The sums that make the cost of a group of lights.
private struct LightGroup {
    private(set) var count = 0
    private var low = Vector3(.greatestFiniteMagnitude)
    private var high = Vector3(-.greatestFiniteMagnitude)
    private var power = 0.0
    private var x = 0.0
    private var y = 0.0
    private var z = 0.0

    mutating func add(_ light: LightBounds) {
        self.include(light.low, light.high)
        let power = Double(light.power)
        self.count += 1
        self.power += power
        // How well directions agree: lights that shine everywhere have none.
        guard light.cosCone > -1 else { return }
        self.x += Double(light.axis.x) * power
        self.y += Double(light.axis.y) * power
        self.z += Double(light.axis.z) * power
    }

    mutating func add(_ other: LightGroup) {
        guard other.count > 0 else { return }
        self.include(other.low, other.high)
        self.count += other.count
        self.power += other.power
        self.x += other.x
        self.y += other.y
        self.z += other.z
    }

    private mutating func include(_ low: Vector3, _ high: Vector3) {
        self.low = Vector3(smaller(self.low.x, low.x), smaller(self.low.y, low.y), smaller(self.low.z, low.z))
        self.high = Vector3(larger(self.high.x, high.x), larger(self.high.y, high.y), larger(self.high.z, high.z))
    }

    /// Power times size times the solid angle that is shone into.
    ///
    /// The mean of unit vectors that fill a cap of angle a has the length (1 + cos a) / 2; with lights that reach 90
    /// degrees beyond their normals the measure of orientation runs from pi to 4 pi, nearly linearly in it.
    var cost: Double {
        let diagonal = self.high - self.low
        let size = Double(diagonal.lengthSquared)
        let length = ((self.x * self.x + self.y * self.y) + self.z * self.z).squareRoot()
        let agreement = self.power > 0 ? length / self.power : 0
        return self.power * size * (1 + 3 * (1 - agreement))
    }
}

extension Vector3 {
    fileprivate subscript(axis: Int) -> Float { axis == 0 ? self.x : axis == 1 ? self.y : self.z }
}
