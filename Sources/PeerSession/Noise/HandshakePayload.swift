package import GridWire

/// What libp2p carries in Noise messages 2 and 3: who speaks, proved for this handshake, and which muxers they have.
package struct HandshakePayload: Hashable {
    /// Why a payload was refused; for own logs only, never told to the peer.
    package enum Failure: Error, Hashable {
        /// Not a well-formed message, or more than 100 muxers.
        case malformed
        /// The identity key or its signature is missing.
        case incomplete
        /// The identity key is not an Ed25519 key in its one canonical encoding.
        case unsupportedKey
        /// The signature is not over the static key of this handshake.
        case badSignature
    }

    /// The most muxers that a peer may list.
    package static let muxerCountMax = 100
    /// What the identity key signs, before the Noise static public key.
    package static let signatureDomain = [UInt8]("noise-libp2p-static-key:".utf8)

    /// Who speaks.
    package var peer: PeerID
    /// The Ed25519 signature over the domain and the Noise static public key.
    package var signature: [UInt8]
    /// The muxers for early negotiation; empty when none are listed.
    package var muxers: [String]

    /// Creates the payload of an identity for a handshake with the given static public key.
    package init(identity: IdentityKey, staticPublicKey: [UInt8], muxers: [String]) {
        self.peer = identity.peerID
        self.signature = identity.sign(Self.signatureDomain + staticPublicKey)
        self.muxers = muxers
    }

    /// Reads and verifies a payload against the static public key that the handshake authenticated.
    package init(verifying bytes: [UInt8], staticPublicKey: [UInt8]) throws(Failure) {
        var key: [UInt8]?
        var signature: [UInt8]?
        var muxers: [String] = []
        do {
            var reader = ProtobufReader(bytes)
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .bytes(let bytes)): key = bytes
                case (2, .bytes(let bytes)): signature = bytes
                case (4, .bytes(let bytes)): muxers += try Self.muxers(in: bytes)
                case (1, _), (2, _), (4, _): throw ProtobufReader.Malformed()
                default: break
                }
            }
        } catch {
            throw .malformed
        }
        guard muxers.count <= Self.muxerCountMax else { throw .malformed }
        guard let key, let signature else { throw .incomplete }
        guard let peer = Self.peer(encodedKey: key) else { throw .unsupportedKey }
        guard
            Sodium.isValid(
                signature: signature,
                message: Self.signatureDomain + staticPublicKey,
                publicKey: peer.publicKey
            )
        else { throw .badSignature }
        self.peer = peer
        self.signature = signature
        self.muxers = muxers
    }

    /// The protobuf, fields in ascending order.
    package func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.append(1, Self.encodedKey(of: self.peer))
        writer.append(2, self.signature)
        if !self.muxers.isEmpty {
            var extensions = ProtobufWriter()
            for muxer in self.muxers {
                extensions.append(2, muxer.utf8)
            }
            writer.append(4, extensions.bytes)
        }
        return writer.bytes
    }

    private static let keyPrefix: [UInt8] = [0x08, 0x01, 0x12, 0x20]

    /// libp2p's PublicKey message of a peer, 36 bytes.
    package static func encodedKey(of peer: PeerID) -> [UInt8] {
        Self.keyPrefix + peer.publicKey
    }

    /// The peer of a PublicKey message, if it is an Ed25519 key in the canonical encoding (else one key had many ids).
    package static func peer(encodedKey key: [UInt8]) -> PeerID? {
        guard key.starts(with: Self.keyPrefix) else { return nil }
        return PeerID(publicKey: key.dropFirst(Self.keyPrefix.count))
    }

    private static func muxers(in extensions: [UInt8]) throws(ProtobufReader.Malformed) -> [String] {
        var reader = ProtobufReader(extensions)
        var muxers: [String] = []
        while let (field, value) = try reader.next() {
            if case (2, .bytes(let name)) = (field, value) {
                guard muxers.count < Self.muxerCountMax else { throw ProtobufReader.Malformed() }
                muxers.append(String(decoding: name, as: UTF8.self))
            }
        }
        return muxers
    }
}
