import GridWire

/// The leaves of results that are not yet beyond dispute, so that two different roots can be traced to one block.
///
/// They are soft state: lost in a restart, and not kept beyond a bound. A dispute without leaves is settled by rendering
/// the whole unit a third time.
struct LeafStore: Sendable {
    private struct Entry: Sendable {
        let root: Digest
        let leaves: [Digest]
    }

    private var entries: [Int: [Entry]] = [:]
    private(set) var count = 0

    /// Keeps the leaves of a root, unless there is no room.
    mutating func insert(_ leaves: [Digest], root: Digest, unit: Int) {
        guard self.count < Steward.leafSetsMax, self.leaves(root: root, unit: unit) == nil else { return }
        self.entries[unit, default: []].append(Entry(root: root, leaves: leaves))
        self.count += 1
    }

    /// The leaves below a root of a unit, when they are known.
    func leaves(root: Digest, unit: Int) -> [Digest]? {
        self.entries[unit]?.first { $0.root == root }?.leaves
    }

    /// The leaves of a unit below every root of which they are known.
    func all(unit: Int) -> [[Digest]] {
        self.entries[unit, default: []].map(\.leaves)
    }

    /// Forgets a unit's leaves.
    mutating func remove(unit: Int) {
        self.count -= self.entries.removeValue(forKey: unit)?.count ?? 0
    }
}
