import Foundation
import GridWire
import PeerSession
import Testing

@Suite
struct NoiseVectorTests {
    private struct File: Decodable {
        let vectors: [Vector]
    }

    private struct Vector: Decodable {
        struct Message: Decodable {
            let payload: String
            let ciphertext: String
        }

        let protocol_name: String
        let init_prologue: String
        let init_static: String
        let init_ephemeral: String
        let resp_prologue: String
        let resp_static: String
        let resp_ephemeral: String
        let handshake_hash: String?
        let messages: [Message]
    }

    private func vectors(_ name: String) throws -> [Vector] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Vectors")
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name)_XX_25519_ChaChaPoly_SHA256.json"))
        return try JSONDecoder().decode(File.self, from: data).vectors
    }

    private func secret(_ hex: String) -> SecretBytes {
        SecretBytes(copying: bytes(hex))
    }

    @Test(arguments: ["cacophony", "snow"])
    func `the published XX vectors are reproduced byte for byte`(_ source: String) throws {
        let vectors = try self.vectors(source)
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let initiator = NoiseHandshake(
                role: .initiator,
                prologue: bytes(vector.init_prologue),
                staticKey: self.secret(vector.init_static),
                ephemeralKey: self.secret(vector.init_ephemeral)
            )
            let responder = NoiseHandshake(
                role: .responder,
                prologue: bytes(vector.resp_prologue),
                staticKey: self.secret(vector.resp_static),
                ephemeralKey: self.secret(vector.resp_ephemeral)
            )
            for (index, message) in vector.messages.prefix(3).enumerated() {
                let (writer, reader) = index % 2 == 0 ? (initiator, responder) : (responder, initiator)
                let written = try writer.writeMessage(payload: bytes(message.payload))
                #expect(written == bytes(message.ciphertext))
                #expect(try reader.readMessage(written) == bytes(message.payload))
            }
            #expect(initiator.handshakeHash == responder.handshakeHash)
            if let hash = vector.handshake_hash {
                #expect(initiator.handshakeHash == bytes(hash))
            }
            let initiatorCiphers = try #require(initiator.split())
            let responderCiphers = try #require(responder.split())
            for (index, message) in vector.messages.enumerated().dropFirst(3) {
                let (sender, receiver) =
                    index % 2 == 0
                    ? (initiatorCiphers.send, responderCiphers.receive)
                    : (responderCiphers.send, initiatorCiphers.receive)
                let sealed = try #require(sender.seal(bytes(message.payload)))
                #expect(sealed == bytes(message.ciphertext))
                #expect(receiver.open(sealed) == bytes(message.payload))
            }
        }
    }

    @Test
    func `a whole libp2p handshake gives the reference bytes`() throws {
        let a = try IdentityKey(seed: [UInt8](0x00 ... 0x1f))
        let b = try IdentityKey(seed: [UInt8](0x20 ... 0x3f))
        let initiator = NoiseHandshake(
            role: .initiator,
            staticKey: SecretBytes(copying: 0x40 ... 0x5f),
            ephemeralKey: SecretBytes(copying: 0x60 ... 0x7f)
        )
        let responder = NoiseHandshake(
            role: .responder,
            staticKey: SecretBytes(copying: 0x80 ... 0x9f),
            ephemeralKey: SecretBytes(copying: 0xa0 ... 0xbf)
        )
        let message1 = try initiator.writeMessage(payload: [])
        #expect(message1 == bytes(Self.message1))
        _ = try responder.readMessage(message1)
        let payload2 = HandshakePayload(
            identity: b,
            staticPublicKey: responder.staticPublicKey,
            muxers: ["/yamux/1.0.0"]
        )
        #expect(payload2.encoded() == bytes(Self.payload2))
        let message2 = try responder.writeMessage(payload: payload2.encoded())
        #expect(message2 == bytes(Self.message2))
        let read2 = try HandshakePayload(
            verifying: try initiator.readMessage(message2),
            staticPublicKey: try #require(initiator.remoteStaticPublicKey)
        )
        #expect(read2 == payload2)
        let payload3 = HandshakePayload(
            identity: a,
            staticPublicKey: initiator.staticPublicKey,
            muxers: ["/yamux/1.0.0"]
        )
        #expect(payload3.encoded() == bytes(Self.payload3))
        let message3 = try initiator.writeMessage(payload: payload3.encoded())
        #expect(message3 == bytes(Self.message3))
        _ = try responder.readMessage(message3)
        #expect(initiator.handshakeHash == bytes("c6167193fcc1c4ea8f0376ac87a6a03615dcbd89131d24e6cfb1cc1770104de7"))
        let text = bytes("132f6d756c746973747265616d2f312e302e300a")
        let ciphersA = try #require(initiator.split())
        let ciphersB = try #require(responder.split())
        #expect(
            ciphersA.send.seal(text)
                == bytes("7ec45ef04a66e5cc7fc63ab70a1e452a151d4b729321d858a55801fb48fbbba720a54e5c")
        )
        #expect(
            ciphersB.send.seal(text)
                == bytes("cf3bf076cdd52ff2eb0614c5a10405623314b19efc072e3353551b1ebc4b335cbe4d2d9c")
        )
    }

    @Test
    func `two connections with the reference keys write the reference handshake`() throws {
        let a = try IdentityKey(seed: [UInt8](0x00 ... 0x1f))
        let b = try IdentityKey(seed: [UInt8](0x20 ... 0x3f))
        let dialer = SessionConnection(
            role: .dialer,
            identity: a,
            expectedPeer: b.peerID,
            entropy: entropy([0x40 ... 0x5f, 0x60 ... 0x7f]),
            inboundProtocols: [],
            now: start
        )
        let listener = SessionConnection(
            role: .listener,
            identity: b,
            expectedPeer: nil,
            entropy: entropy([0x80 ... 0x9f, 0xa0 ... 0xbf]),
            inboundProtocols: [],
            now: start
        )
        let lines = bytes("132f6d756c746973747265616d2f312e302e300a072f6e6f6973650a")
        let first = dialer.takeOutput()
        #expect(first == lines + [0, 32] + bytes(Self.message1))
        #expect(listener.receive(first, now: start).isEmpty)
        let second = listener.takeOutput()
        #expect(second == lines + Self.framed(Self.message2))
        #expect(dialer.receive(second, now: start) == [.established(b.peerID)])
        let third = dialer.takeOutput()
        #expect(third.starts(with: Self.framed(Self.message3)))
        #expect(listener.receive(third, now: start) == [.established(a.peerID)])
    }

    @Test
    func `libsodium refuses large S, non-canonical and small-order keys`() throws {
        let key = try identity(7)
        let message = [UInt8]("hello".utf8)
        let signature = key.sign(message)
        #expect(SodiumSignature.verifier(signature, message, key.peerID))
        #expect(!SodiumSignature.verifier(signature, message + [0], key.peerID))
        #expect(!SodiumSignature.verifier(Array(signature.dropLast()), message, key.peerID))
        // S + L, the same number modulo the group's order.
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var large = signature
        var carry = 0
        for index in 0 ..< 32 {
            let sum = Int(large[32 + index]) + Int(order[index]) + carry
            large[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(!SodiumSignature.verifier(large, message, key.peerID))
        // The points of small order, and y = p, which is 0 written in another way: with R the same point and S = 0 a
        // lenient check would accept any message for some of them.
        let weak = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ]
        for point in weak {
            let forged = bytes(point) + [UInt8](repeating: 0, count: 32)
            let signer = try #require(PeerID(publicKey: bytes(point)))
            #expect(!SodiumSignature.verifier(forged, message, signer))
        }
    }

    @Test
    func `a public key of low order ends the handshake`() throws {
        for point in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        ] {
            let responder = NoiseHandshake(
                role: .responder,
                staticKey: SecretBytes(copying: 0x80 ... 0x9f),
                ephemeralKey: SecretBytes(copying: 0xa0 ... 0xbf)
            )
            _ = try responder.readMessage(bytes(point))
            #expect(throws: NoiseHandshake.Failure.badPublicKey) { try responder.writeMessage(payload: []) }
        }
    }

    @Test
    func `an identity key survives encoding, and a damaged one is refused`() throws {
        let key = try identity(3)
        let encoded = key.encoded()
        #expect(encoded.count == IdentityKey.encodedSize)
        #expect(try IdentityKey(encoded: encoded).peerID == key.peerID)
        for size in 0 ..< encoded.count {
            #expect(throws: IdentityKey.DecodingError.self) { try IdentityKey(encoded: Array(encoded[..<size])) }
        }
        for index in encoded.indices {
            var damaged = encoded
            damaged[index] ^= 1
            #expect(throws: IdentityKey.DecodingError.self) { try IdentityKey(encoded: damaged) }
        }
        #expect(throws: IdentityKey.DecodingError.wrongSeedSize(31)) {
            try IdentityKey(seed: [UInt8](repeating: 0, count: 31))
        }
    }

    static func framed(_ hex: String) -> [UInt8] {
        let message = bytes(hex)
        return [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }

    static let message1 = "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f"
    static let payload2 =
        "0a240801122029acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd712407066c79ecbf242f7"
        + "31af7337769f1dadfbf2ec44b3f2a5d2e828e03454802a18c3112027e6d87caed2d0e58b7d3555f426325054023d86f9"
        + "cf88460f2b011808220e120c2f79616d75782f312e302e30"
    static let message2 =
        "605a725d2a4adfeeb1a29e17edd621c1b7593ee8cdbc44ac6c4ab6e2f805d23cf6cee5f1111678a2ffcc9db40937573b"
        + "cf83b06f402bdd88f6108a67232108adcf6f23165ad83bb4aed993b02b9eb073ab502cd8596b5705c33b27f67670624f"
        + "5dc0f17b7d2adc8bb660a4410c3210e505df623cfeecc8da78a99b2a9c3ce06d020334bfffbee618e92757066a30c497"
        + "922f28a703c678dfb49204bac64bf962d3665be74d295f8ce132051d3ee03f4c26b23d94d4359df63772b23f215f688a"
        + "766cc764b6c3f3084887e73e7f64c49b479d31d5e4afc8cc"
    static let payload3 =
        "0a240801122003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b81240f8523b76df7c27b2"
        + "1d62a201e51353822217ec94e980b001fe13c295abc64444617d12814db2ba224afa0bf67c5f479e952e6bdd3aeedd0b"
        + "8ea79369b5a6ae04220e120c2f79616d75782f312e302e30"
    static let message3 =
        "5243da933f3d72200be582808c0aa22058b27dc7760f0af85e2b96cb1ba4d34cef721a07ab7b78af7cca886dc357cc28"
        + "a73c67edd50f060fcc02ef1efb28db6e219a2f68a0310cbb6c7f36b4635572966ae7bc8c5f1cfd492cfbb53404d8ab2e"
        + "106b05a39ce18aabd34a607cecbfa878fa55017bcffda67efc6e01e0f591e6909b5b2eed5d0f0d2eb03967d6bf25c430"
        + "9e00e9b0b19a59d11dcab3027b87251df5113671e496af913e0cee452c8fa35058e7a365c7394dd9"
}
