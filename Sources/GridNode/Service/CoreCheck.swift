import GridWire
import RenderCore

/// The check that a node makes of itself before it joins: this build must give the golden leaves.
enum CoreCheck {
    /// The version of the core that this program was built from: the digest of its golden leaves.
    ///
    /// - Throws: ``NodeError`` with code `coreMismatch` when the leaves that this machine renders have another digest;
    ///   its results would be refused, and it would be burned as if it had lied.
    static func version(on pool: RenderPool) async throws -> Digest {
        let measured = try await pool.run { Self.measured() }
        guard measured.description == GoldenScene.expectedVersion else {
            throw NodeError(
                .coreMismatch,
                "this machine renders the golden leaves as \(measured), but this release gives "
                    + "\(GoldenScene.expectedVersion)",
                hint: "memory or processor may be faulty, or the program was changed: build it again with ./bootstrap"
            )
        }
        return measured
    }

    /// The digest of the golden leaves as this machine renders them.
    static func measured() -> Digest {
        var hash = Blake2b256()
        for payload in GoldenScene.leafPayloads() {
            hash.update(LeafHash.digest(ofPayload: payload).bytes)
        }
        return hash.finalize()
    }
}
