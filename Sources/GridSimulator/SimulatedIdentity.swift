import GridWire

/// Keys and signatures that are good enough where nobody forges: a "signature" is a hash of the key and the message.
enum SimulatedIdentity {
    /// The peer id with a number.
    static func peer(_ number: UInt64, seed: UInt64) -> PeerID {
        var hash = Blake2b256()
        hash.update("tessera-simulated-peer:".utf8)
        for word in [seed, number] {
            hash.update((0 ..< 8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) })
        }
        guard let peer = PeerID(publicKey: hash.finalizeBytes()) else { preconditionFailure("32 bytes make a peer id") }
        return peer
    }

    /// Signs for a peer.
    static func signer(_ peer: PeerID) -> Signer {
        { message in self.signature(of: message, by: peer) }
    }

    /// Checks what ``signer(_:)`` made.
    static let verifier: SignatureVerifier = { signature, message, peer in
        signature == Self.signature(of: message, by: peer)
    }

    private static func signature(of message: [UInt8], by peer: PeerID) -> [UInt8] {
        var hash = Blake2b256()
        hash.update(peer.publicKey)
        hash.update(message)
        let digest = hash.finalizeBytes()
        return digest + digest
    }
}
