package import GridWire

/// libp2p's signed envelope (RFC 0002): a payload, who signed it, and for what.
package struct SignedEnvelope: Hashable {
    /// Who signed.
    package var signer: PeerID
    /// The bytes that name the kind of payload.
    package var payloadType: [UInt8]
    /// What is signed.
    package var payload: [UInt8]
    /// The Ed25519 signature over domain, type and payload.
    package var signature: [UInt8]

    /// Signs a payload in a domain.
    package init(payload: [UInt8], type: [UInt8], domain: String, identity: IdentityKey) {
        self.signer = identity.peerID
        self.payloadType = type
        self.payload = payload
        self.signature = identity.sign(Self.signedBytes(payload, type, domain))
    }

    /// Reads and verifies an envelope; nothing when any of it is not as it must be.
    package init?(verifying bytes: [UInt8], type: [UInt8], domain: String) {
        var fields: [UInt64: [UInt8]] = [:]
        var reader = ProtobufReader(bytes)
        do {
            while let (field, value) = try reader.next() {
                if case .bytes(let bytes) = value { fields[field] = bytes }
            }
        } catch {
            return nil
        }
        guard let signer = HandshakePayload.peer(encodedKey: fields[1] ?? []), fields[2] == type,
            let payload = fields[3], let signature = fields[5],
            Sodium.isValid(
                signature: signature,
                message: Self.signedBytes(payload, type, domain),
                publicKey: signer.publicKey
            )
        else { return nil }
        self.signer = signer
        self.payloadType = type
        self.payload = payload
        self.signature = signature
    }

    /// The protobuf.
    package func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.append(1, HandshakePayload.encodedKey(of: self.signer))
        writer.append(2, self.payloadType)
        writer.append(3, self.payload)
        writer.append(5, self.signature)
        return writer.bytes
    }

    private static func signedBytes(_ payload: [UInt8], _ type: [UInt8], _ domain: String) -> [UInt8] {
        [[UInt8](domain.utf8), type, payload].flatMap { MessageBuffer.frame($0) }
    }
}

/// A relay's word that it will carry connections to a peer until some time (circuit relay v2).
package struct RelayVoucher: Hashable {
    private static let domain = "libp2p-relay-rsvp"
    private static let type: [UInt8] = [0x03, 0x02]

    /// The relay, which signs.
    package var relay: PeerID
    /// The peer that can be reached.
    package var peer: PeerID
    /// The end, in seconds since 1970.
    package var expiration: UInt64

    package init(relay: PeerID, peer: PeerID, expiration: UInt64) {
        self.relay = relay
        self.peer = peer
        self.expiration = expiration
    }

    /// The signed envelope.
    package func signed(by identity: IdentityKey) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.append(1, self.relay.multihash)
        writer.append(2, self.peer.multihash)
        writer.append(3, self.expiration)
        return SignedEnvelope(payload: writer.bytes, type: Self.type, domain: Self.domain, identity: identity)
            .encoded()
    }

    /// Reads and verifies a voucher; nothing when the relay has not signed it itself.
    package init?(verifying bytes: [UInt8]) {
        guard let envelope = SignedEnvelope(verifying: bytes, type: Self.type, domain: Self.domain) else { return nil }
        var relay: PeerID?
        var peer: PeerID?
        var expiration: UInt64?
        var reader = ProtobufReader(envelope.payload)
        do {
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .bytes(let bytes)): relay = try? PeerID(multihash: bytes)
                case (2, .bytes(let bytes)): peer = try? PeerID(multihash: bytes)
                case (3, .varint(let value)): expiration = value
                default: break
                }
            }
        } catch {
            return nil
        }
        guard let relay, let peer, let expiration, relay == envelope.signer else { return nil }
        self.init(relay: relay, peer: peer, expiration: expiration)
    }
}
