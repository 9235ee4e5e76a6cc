import GridWire

/// What shows whether two replicas hold the same set of records, and where they differ.
///
/// It is kept up to date by exclusive or, so that the order of insertion does not matter. Whoever makes records can make two
/// sets with one summary on purpose; then replicas stay apart until the next record.
struct SetSummary: Hashable, Sendable {
    private var whole = SIMD4<UInt64>()
    /// One word for each first byte of an id.
    private(set) var buckets = [UInt64](repeating: 0, count: StewardMessage.bucketCount)
    private(set) var count: UInt64 = 0

    mutating func insert(_ id: RecordID) {
        id.digest.withUnsafeBytes { bytes in
            var words = SIMD4<UInt64>()
            for word in 0 ..< 4 {
                words[word] = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self))
            }
            self.whole ^= words
            self.buckets[Int(bytes[0])] ^= UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.count += 1
    }

    /// The exclusive or of all ids.
    var digest: Digest {
        Digest(littleEndianWords: self.whole)
    }

    /// The number of the bucket of a record.
    static func bucket(of id: RecordID) -> Int {
        id.digest.withUnsafeBytes { Int($0[0]) }
    }
}
