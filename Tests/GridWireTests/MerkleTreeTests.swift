import GridWire
import Testing

struct MerkleTreeTests {
    private func leaves(_ count: Int) -> [Digest] {
        (0 ..< count).map { Digest(hashing: [UInt8($0 & 255), UInt8($0 >> 8)]) }
    }

    @Test
    func `small trees have the shape that the definition says`() {
        let l = self.leaves(3)
        func leaf(_ d: Digest) -> Digest { Digest(hashing: [0x00] + d.bytes) }
        func node(_ a: Digest, _ b: Digest) -> Digest { Digest(hashing: [0x01] + a.bytes + b.bytes) }
        #expect(MerkleTree(l.prefix(1)).root == leaf(l[0]))
        #expect(MerkleTree(l.prefix(2)).root == node(leaf(l[0]), leaf(l[1])))
        #expect(MerkleTree(l).root == node(node(leaf(l[0]), leaf(l[1])), leaf(l[2])))
        #expect(MerkleTree(l).path(to: 2) == [node(leaf(l[0]), leaf(l[1]))])
        #expect(MerkleTree([]).root == Digest(hashing: []))
    }

    @Test(arguments: Array(1 ... 65) + [127, 128, 129, 1_000])
    func `every leaf of a tree can be shown, at its own index alone`(count: Int) {
        let leaves = self.leaves(count)
        let tree = MerkleTree(leaves)
        let other = Digest(hashing: "other".utf8)
        for i in stride(from: 0, to: count, by: max(1, count / 100)) {
            let path = tree.path(to: i)
            func verify(
                _ leaf: Digest? = nil,
                index: Int? = nil,
                count otherCount: Int? = nil,
                path otherPath: [Digest]? = nil,
                root: Digest? = nil
            ) -> Bool {
                MerkleTree.verify(
                    leaf: leaf ?? leaves[i],
                    index: index ?? i,
                    count: otherCount ?? count,
                    path: otherPath ?? path,
                    root: root ?? tree.root
                )
            }
            #expect(verify())
            #expect(!verify(other))
            #expect(!verify(root: other))
            #expect(!verify(path: path + [other]))
            #expect(!verify(index: -1))
            #expect(!verify(index: count))
            #expect(!verify(count: 0))
            #expect(!verify(count: -1))
            if count > 1 {
                #expect(!verify(path: path.dropLast()))
                #expect(!verify(index: (i + 1) % count))
                var wrong = path
                wrong[i % wrong.count] = other
                #expect(!verify(path: wrong))
                #expect(!verify(leaves[(i + 1) % count]))
            }
        }
    }

    @Test
    func `extreme arguments do not trap`() {
        let d = Digest(hashing: [])
        for count in [Int.max, Int.min, 0, 1] {
            for index in [Int.max, Int.min, Int.max - 1, 0] {
                #expect(!MerkleTree.verify(leaf: d, index: index, count: count, path: [d, d], root: d))
            }
        }
    }

    @Test
    func `an inner node is not a leaf`() {
        let leaves = self.leaves(4)
        let tree = MerkleTree(leaves)
        let half = MerkleTree(leaves.prefix(2)).root
        #expect(
            !MerkleTree.verify(
                leaf: half,
                index: 0,
                count: 2,
                path: [MerkleTree(leaves.suffix(2)).root],
                root: tree.root
            )
        )
    }

    @Test
    func `units of a path fit into the limit of a fraud proof`() {
        for count in 1 ... 64 {
            let tree = MerkleTree(self.leaves(count))
            #expect((0 ..< count).allSatisfy { tree.path(to: $0).count <= WireLimits.pathLengthMax })
        }
    }
}
