/// The order in which the particles of an emitting set travel, and the light tree over every sixteen of them.
///
/// Parted along the longest axis until sixteen are left: neighbours in the tree are neighbours in the blob, and nothing needs
/// to be said of single particles. Those that do not shine come last, without a place in the tree.
struct ParticleLights {
    /// The number of each particle in the set that it comes from.
    let order: [UInt32]
    /// The tree of the clusters, see ``ParticleCluster``.
    let tree: FullLightTree

    /// Nothing for a set that does not shine; it has been checked.
    init?(_ set: ParticleSet, emission: Vector3) {
        let brightness = ParticleBrightness(set, emission: emission)
        var entries: [Entry] = []
        var others: [UInt32] = []
        entries.reserveCapacity(set.radii.count)
        for i in set.radii.indices {
            if let bounds = brightness.bounds(i) {
                let c = bounds.center
                entries.append(Entry(x: c.x, y: c.y, z: c.z, number: UInt32(i)))
            } else {
                others.append(UInt32(i))
            }
        }
        guard !entries.isEmpty else { return nil }
        entries.withUnsafeMutableBufferPointer { Self.arrange($0) }
        let size = ParticleCluster.count
        self.tree = FullLightTree(
            stride(from: 0, to: entries.count, by: size).compactMap { first in
                LightBounds(
                    entries[first ..< min(first + size, entries.count)].map { brightness.bounds(Int($0.number)) }
                )
            }
        )
        self.order = entries.map { $0.number } + others
    }

    /// A particle on its way to its place.
    private struct Entry {
        let x: Float
        let y: Float
        let z: Float
        let number: UInt32

        func coordinate(_ axis: Int) -> Float { axis == 0 ? self.x : axis == 1 ? self.y : self.z }

        /// Whether it comes before another one along an axis; of two at one place the lower number does.
        func precedes(_ other: Entry, _ axis: Int) -> Bool {
            let (a, b) = (self.coordinate(axis), other.coordinate(axis))
            return a < b || (a == b && self.number < other.number)
        }
    }

    /// Parts entries until clusters are left, each time between nodes of ``FullLightTree``; all clusters but the last one
    /// are full.
    private static func arrange(_ entries: UnsafeMutableBufferPointer<Entry>) {
        let size = ParticleCluster.count
        guard entries.count > size else { return }
        var node = size
        while 8 * node < entries.count { node *= 8 }
        let nodes = (entries.count + node - 1) / node
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for entry in entries {
            let place = Vector3(entry.x, entry.y, entry.z)
            low = low.smaller(place)
            high = high.larger(place)
        }
        let extent = high - low
        let axis = extent.x >= extent.y && extent.x >= extent.z ? 0 : extent.y >= extent.z ? 1 : 2
        let middle = (nodes + 1) / 2 * node
        Self.part(entries, at: middle, axis)
        Self.arrange(UnsafeMutableBufferPointer(rebasing: entries[..<middle]))
        Self.arrange(UnsafeMutableBufferPointer(rebasing: entries[middle...]))
    }

    /// Moves the first `middle` entries along an axis before all others.
    ///
    /// C. A. R. Hoare's FIND; what makes it slow is sorted instead.
    private static func part(_ entries: UnsafeMutableBufferPointer<Entry>, at middle: Int, _ axis: Int) {
        var low = 0
        var high = entries.count - 1
        var roundsLeft = 64
        while low < high {
            roundsLeft -= 1
            guard roundsLeft > 0 else {
                var rest = UnsafeMutableBufferPointer(rebasing: entries[low ... high])
                rest.sort { $0.precedes($1, axis) }
                return
            }
            let pivot = Self.median(entries[low], entries[(low + high) / 2], entries[high], axis)
            var i = low
            var j = high
            while i <= j {
                while entries[i].precedes(pivot, axis) { i += 1 }
                while pivot.precedes(entries[j], axis) { j -= 1 }
                if i <= j {
                    entries.swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if middle <= j { high = j } else if middle >= i { low = i } else { return }
        }
    }

    private static func median(_ a: Entry, _ b: Entry, _ c: Entry, _ axis: Int) -> Entry {
        let (low, high) = a.precedes(b, axis) ? (a, b) : (b, a)
        return c.precedes(low, axis) ? low : high.precedes(c, axis) ? high : c
    }
}

/// What light trees know of the particles of a set that has been checked.
struct ParticleBrightness {
    private let set: ParticleSet
    private let emission: Vector3
    private let table: [Float]

    init(_ set: ParticleSet, emission: Vector3) {
        self.set = set
        self.emission = emission
        self.table = sRGBTable()
    }

    /// Of one particle; nothing where it does not shine.
    func bounds(_ i: Int) -> LightBounds? {
        var e = self.emission
        if !self.set.colors.isEmpty {
            let code = self.set.colors[i]
            e *= Vector3(
                self.table[Int(code & 255)],
                self.table[Int(code >> 8 & 255)],
                self.table[Int(code >> 16 & 255)]
            )
        }
        let center = Self.center(self.set.centers, i)
        return LightBounds(
            ball: center,
            closing: self.set.closingCenters.isEmpty ? center : Self.center(self.set.closingCenters, i),
            radius: self.set.radii[i],
            radiance: (e.x + e.y) + e.z
        )
    }

    /// Of all of them together; nothing where none shines.
    var all: LightBounds? {
        guard self.emission.largest > 0 else { return nil }
        var result: LightBounds?
        // Some at a time, so that there is never a list of all.
        for first in stride(from: 0, to: self.set.radii.count, by: 4096) {
            let end = min(first + 4096, self.set.radii.count)
            result = LightBounds([result] + (first ..< end).map { self.bounds($0) })
        }
        return result
    }

    private static func center(_ numbers: [Float], _ i: Int) -> Vector3 {
        Vector3(numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2])
    }
}

extension Array {
    /// The groups of `size` elements in another order.
    func arranged(_ order: [UInt32], size: Int) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(self.count)
        for number in order { result += self[Int(number) * size ..< (Int(number) + 1) * size] }
        return result
    }
}
