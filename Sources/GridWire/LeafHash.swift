/// The hash of a leaf: one block's film bytes and work counter.
public enum LeafHash {
    /// What every hashed leaf begins with.
    public static let domain = "tessera-leaf-v1:"

    /// BLAKE2b-256 of ``domain`` and the payload (the block's film bytes, then its work counter).
    public static func digest(ofPayload payload: some Sequence<UInt8>) -> Digest {
        var hash = Blake2b256()
        hash.update(self.domain.utf8)
        hash.update(payload)
        return hash.finalize()
    }
}
