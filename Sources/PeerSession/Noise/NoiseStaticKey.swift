/// A static key for many handshakes, with what its owner signed to prove it.
///
/// libp2p's Noise lets a peer make one for each connection or keep one. Kept, a handshake costs a key and a signature less,
/// which counts when strangers begin thousands; what is said stays secret by the ephemeral keys all the same.
package final class NoiseStaticKey: Sendable {
    let secret: SecretBytes
    let publicKey: [UInt8]
    let payload: HandshakePayload

    /// Makes a key for an identity.
    ///
    /// - Parameter entropy: Gives 32 bytes that nobody can predict.
    package init(identity: IdentityKey, entropy: Entropy) {
        var bytes = entropy(Sodium.keySize)
        precondition(bytes.count == Sodium.keySize, "the entropy gave \(bytes.count) bytes where 32 were asked for")
        self.secret = SecretBytes(moving: &bytes)
        self.publicKey = Sodium.agreementPublicKey(of: self.secret)
        self.payload = HandshakePayload(
            identity: identity,
            staticPublicKey: self.publicKey,
            muxers: [SessionConnection.muxerProtocol]
        )
    }
}
