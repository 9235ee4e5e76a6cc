import GridWire

/// What shows whether two replicas hold the same set of records, and where they differ.
///
/// It is kept up to date by exclusive or, so that the order of insertion does not matter. Whoever makes records can make two
/// sets with one summary on purpose; then replicas stay apart until the next record.
struct SetSummary: Sendable {
    private var whole: [UInt64] = [0, 0, 0, 0]
    /// One word for each first byte of an id.
    private(set) var buckets = [UInt64](repeating: 0, count: StewardMessage.bucketCount)
    private(set) var count: UInt64 = 0
    /// The ids by their first byte, so that a comparison looks only at the buckets that differ.
    private var ids = [[RecordID]](repeating: [], count: StewardMessage.bucketCount)

    mutating func insert(_ id: RecordID) {
        self.ids[Self.bucket(of: id)].append(id)
        self.toggle(id)
        self.count += 1
    }

    /// Takes ids out that were inserted.
    mutating func remove(_ removed: Set<RecordID>) {
        for bucket in Set(removed.map { Self.bucket(of: $0) }) {
            self.ids[bucket].removeAll { removed.contains($0) }
        }
        for id in removed {
            self.toggle(id)
            self.count -= 1
        }
    }

    private mutating func toggle(_ id: RecordID) {
        id.digest.withUnsafeBytes { bytes in
            for word in 0 ..< 4 {
                self.whole[word] ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self))
            }
            self.buckets[Int(bytes[0])] ^= UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// The ids in a bucket, in no order.
    func ids(inBucket number: Int) -> [RecordID] {
        self.ids[number]
    }

    /// The exclusive or of all ids.
    var digest: Digest {
        Digest(littleEndianWords: SIMD4(self.whole))
    }

    /// The number of the bucket of a record.
    static func bucket(of id: RecordID) -> Int {
        id.digest.withUnsafeBytes { Int($0[0]) }
    }
}
