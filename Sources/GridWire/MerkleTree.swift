/// A binary hash tree over the leaves of a unit, so that one leaf can be shown to belong to a signed root.
///
/// The bottom level is BLAKE2b-256(0x00 ‖ leaf), a node is BLAKE2b-256(0x01 ‖ left ‖ right), and a node without a
/// neighbour moves up as it is (RFC 6962's shape for every number of leaves). The root says nothing about the number of
/// leaves: whoever verifies must know it, as he does from the unit.
public struct MerkleTree: Sendable {
    /// The levels from the bottom to the root.
    private let levels: [[Digest]]

    /// Builds the tree.
    ///
    /// The root over no leaves at all is the digest of the empty message.
    ///
    /// - Complexity: O(n) hashes.
    public init(_ leaves: some Sequence<Digest>) {
        var level = leaves.map(Self.hash(leaf:))
        var levels = [level]
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map { i in
                i + 1 < level.count ? Self.hash(level[i], level[i + 1]) : level[i]
            }
            levels.append(level)
        }
        self.levels = levels
    }

    /// The number of leaves.
    public var count: Int {
        self.levels[0].count
    }

    /// The root.
    public var root: Digest {
        self.levels[self.levels.count - 1].first ?? Digest(hashing: [])
    }

    /// The neighbours that lead from a leaf to the root, lowest first.
    ///
    /// The index must be below ``count``.
    public func path(to index: Int) -> [Digest] {
        precondition((0 ..< self.count).contains(index), "leaf \(index) of \(self.count)")
        var path: [Digest] = []
        var index = index
        for level in self.levels.dropLast() {
            if index ^ 1 < level.count {
                path.append(level[index ^ 1])
            }
            index >>= 1
        }
        return path
    }

    /// Whether a leaf stands at an index below a root over `count` leaves.
    ///
    /// Never traps, whatever the arguments.
    public static func verify(leaf: Digest, index: Int, count: Int, path: [Digest], root: Digest) -> Bool {
        guard index >= 0, index < count else { return false }
        var node = self.hash(leaf: leaf)
        var index = index
        var width = count
        var path = path[...]
        while width > 1 {
            if index ^ 1 < width {
                guard let neighbour = path.popFirst() else { return false }
                node = index & 1 == 0 ? self.hash(node, neighbour) : self.hash(neighbour, node)
            }
            index >>= 1
            width = width / 2 + width % 2
        }
        return path.isEmpty && node == root
    }

    private static func hash(leaf: Digest) -> Digest {
        var hash = self.leafHash
        hash.update(leaf)
        return hash.finalize()
    }

    private static func hash(_ left: Digest, _ right: Digest) -> Digest {
        var hash = self.nodeHash
        hash.update(left)
        hash.update(right)
        return hash.finalize()
    }

    /// A hash that has taken the prefix of a leaf.
    private static let leafHash = Self.hash(after: 0x00)
    /// A hash that has taken the prefix of a node.
    private static let nodeHash = Self.hash(after: 0x01)

    private static func hash(after prefix: UInt8) -> Blake2b256 {
        var hash = Blake2b256()
        hash.update(CollectionOfOne(prefix))
        return hash
    }
}
