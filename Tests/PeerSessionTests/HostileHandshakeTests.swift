import GridWire
import PeerSession
import Testing

@Suite
struct HostileHandshakeTests {
    private func expectRefusal(
        isDialer: Bool = true,
        _ payload: @escaping (NoiseHandshake, IdentityKey) -> [UInt8]
    ) throws {
        let peer = try RawPeer(isDialer: isDialer)
        let events = try peer.connect(payload: payload)
        #expect(!events.hasEstablished)
        guard case .handshakeFailed = try #require(events.closeReason) else {
            Issue.record("not a failed handshake: \(events)")
            return
        }
        #expect(peer.session.isClosed)
        #expect(peer.session.takeOutput().isEmpty, "a refused peer is told nothing")
        #expect(peer.session.pendingOutputBytes == 0)
    }

    @Test(arguments: [true, false])
    func `a good payload is accepted`(_ isDialer: Bool) throws {
        let peer = try RawPeer(isDialer: isDialer)
        #expect(try peer.connect() == [.established(peer.key.peerID)])
    }

    @Test(arguments: [true, false])
    func `a payload signed for another handshake is refused`(_ isDialer: Bool) throws {
        try self.expectRefusal(isDialer: isDialer) { _, key in
            HandshakePayload(
                identity: key,
                staticPublicKey: [UInt8](repeating: 5, count: 32),
                muxers: ["/yamux/1.0.0"]
            ).encoded()
        }
    }

    @Test(arguments: [true, false])
    func `somebody else's name under our signature is refused`(_ isDialer: Bool) throws {
        let victim = try identity(99).peerID
        try self.expectRefusal(isDialer: isDialer) { handshake, key in
            var payload = HandshakePayload(
                identity: key,
                staticPublicKey: handshake.staticPublicKey,
                muxers: ["/yamux/1.0.0"]
            )
            payload.peer = victim
            return payload.encoded()
        }
    }

    @Test(arguments: [true, false])
    func `a missing or malformed part is refused`(_ isDialer: Bool) throws {
        try self.expectRefusal(isDialer: isDialer) { _, _ in [] }
        try self.expectRefusal(isDialer: isDialer) { handshake, key in
            var writer = ProtobufWriter()
            writer.append(1, HandshakePayload.encodedKey(of: key.peerID))
            return writer.bytes
        }
        try self.expectRefusal(isDialer: isDialer) { handshake, key in
            var writer = ProtobufWriter()
            writer.append(2, key.sign(HandshakePayload.signatureDomain + handshake.staticPublicKey))
            return writer.bytes
        }
    }

    @Test
    func `a key that is not canonical Ed25519 is refused`() throws {
        let wrong: [([UInt8]) -> [UInt8]] = [
            // Fields the other way round.
            { [0x12, 0x20] + $0 + [0x08, 0x01] },
            // A field more.
            { [0x08, 0x01, 0x12, 0x20] + $0 + [0x18, 0x00] },
            // The type as a longer varint.
            { [0x08, 0x81, 0x00, 0x12, 0x20] + $0 },
            // secp256k1.
            { [0x08, 0x02, 0x12, 0x20] + $0 },
            // Too short, too long.
            { [0x08, 0x01, 0x12, 0x1f] + $0.dropLast() },
            { [0x08, 0x01, 0x12, 0x21] + $0 + [0] },
            { _ in [] },
        ]
        for encode in wrong {
            try self.expectRefusal { handshake, key in
                var writer = ProtobufWriter()
                writer.append(1, encode(key.publicKey))
                writer.append(2, key.sign(HandshakePayload.signatureDomain + handshake.staticPublicKey))
                return writer.bytes
            }
        }
    }

    @Test
    func `every truncation and every flipped bit of a payload is refused or means the same`() throws {
        let key = try identity(5)
        let staticKey = [UInt8](1 ... 32)
        let good = HandshakePayload(identity: key, staticPublicKey: staticKey, muxers: ["/yamux/1.0.0"])
        let encoded = good.encoded()
        #expect(try HandshakePayload(verifying: encoded, staticPublicKey: staticKey) == good)
        for size in 0 ..< encoded.count {
            if let payload = try? HandshakePayload(verifying: Array(encoded[..<size]), staticPublicKey: staticKey) {
                #expect(payload.peer == key.peerID && payload.muxers.isEmpty)
            }
        }
        for bit in 0 ..< (encoded.count * 8) {
            var changed = encoded
            changed[bit / 8] ^= 1 << (bit % 8)
            if let payload = try? HandshakePayload(verifying: changed, staticPublicKey: staticKey) {
                // Only the list of muxers is not covered by the signature (the handshake covers it).
                #expect(payload.peer == key.peerID && payload.signature == good.signature)
            }
        }
    }

    @Test
    func `unknown fields are skipped, a hundred muxers are too many`() throws {
        let peer = try RawPeer()
        let events = try peer.connect { handshake, key in
            HandshakePayload(
                identity: key,
                staticPublicKey: handshake.staticPublicKey,
                muxers: ["/mplex/6.7.0", "/yamux/1.0.0"]
            )
            .encoded() + [0x1a, 0x03, 1, 2, 3, 0x28, 0x07, 0x31, 1, 2, 3, 4, 5, 6, 7, 8, 0x3d, 1, 2, 3, 4]
        }
        #expect(events == [.established(peer.key.peerID)])
        try self.expectRefusal { handshake, key in
            HandshakePayload(
                identity: key,
                staticPublicKey: handshake.staticPublicKey,
                muxers: [String](repeating: "/yamux/1.0.0", count: 101)
            ).encoded()
        }
        try self.expectRefusal { handshake, key in
            HandshakePayload(identity: key, staticPublicKey: handshake.staticPublicKey, muxers: ["/mplex/6.7.0"])
                .encoded()
        }
    }

    @Test
    func `a peer without early muxers negotiates Yamux as usual, dialing`() throws {
        let peer = try RawPeer()
        #expect(try peer.connect(muxers: []).isEmpty)
        #expect(try peer.hear().isEmpty)
        let ping = YamuxHeader(.ping, .syn, stream: 0, length: 6).encoded
        let events = try peer.say(Multistream.opening("/yamux/1.0.0") + ping)
        #expect(events == [.established(peer.key.peerID)])
        let answer = try peer.hear()
        #expect(answer.starts(with: Multistream.opening("/yamux/1.0.0")))
        let pong = YamuxHeader(.ping, .ack, stream: 0, length: 6).encoded
        #expect(answer.suffix(24).elementsEqual(YamuxHeader(.ping, .syn, stream: 0, length: 0).encoded + pong))
    }

    @Test
    func `a peer without early muxers negotiates Yamux as usual, dialed`() throws {
        let peer = try RawPeer(isDialer: false)
        #expect(try peer.connect(muxers: []) == [.established(peer.key.peerID)])
        #expect(try peer.hear().starts(with: Multistream.opening("/yamux/1.0.0")))
        for byte in Multistream.opening("/yamux/1.0.0") {
            #expect(try peer.say([byte]).isEmpty)
        }
        #expect(peer.session.handleTimeout(now: after(.seconds(11))).isEmpty)
    }

    @Test
    func `anything but multistream and noise is refused`() throws {
        let openings: [[UInt8]] = [
            [UInt8]("GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: somebody who is lost\r\n\r\n".utf8),
            [0x16, 0x03, 0x01, 0x02, 0x00] + [UInt8](repeating: 1, count: 30),
            Multistream.encode("/multistream/2.0.0"),
            Multistream.encode("/noise"),
            [0xff, 0xff, 0xff, 0xff, 0x0f],
            [0x00],
            [0x80, 0x00],
            [0x81, 0x08],
        ]
        for opening in openings {
            let peer = try RawPeer()
            let events = peer.session.receive(opening, now: start)
            guard case .handshakeFailed = try #require(events.closeReason, "\(opening)") else {
                Issue.record("not refused: \(opening)")
                continue
            }
            #expect(peer.session.receive(opening, now: start).isEmpty)
        }
        // Plaintext is never spoken; ten proposals are enough.
        let peer = try RawPeer()
        let header = Multistream.encode(Multistream.header)
        #expect(peer.session.receive(header + Multistream.encode("/plaintext/2.0.0"), now: start).isEmpty)
        #expect(Pair.drain(peer.session) == header + Multistream.encode("na"))
        for _ in 0 ..< 8 {
            #expect(peer.session.receive(Multistream.encode("ls"), now: start).isEmpty)
        }
        #expect(peer.session.receive(Multistream.encode("ls"), now: start).closeReason != nil)
    }

    @Test
    func `seeded noise instead of a handshake is refused or waits for its time limit`() throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0 ..< 500 {
            let session = SessionConnection(
                role: round % 2 == 0 ? .dialer : .listener,
                identity: try identity(2),
                expectedPeer: nil,
                entropy: entropy(UInt64(round)),
                inboundProtocols: [],
                now: start
            )
            var events: [SessionEvent] = []
            // Half of them get as far as the Noise messages.
            if round % 4 < 2 { events += session.receive(RawPeer.lines, now: start) }
            for _ in 0 ..< 5 {
                var bytes = generator.bytes(Int(generator.next() % 200))
                if bytes.count >= 2, round % 3 == 0 { (bytes[0], bytes[1]) = (0, UInt8(bytes.count - 2)) }
                events += session.receive(bytes, now: start)
            }
            events += session.handleTimeout(now: after(.seconds(11)))
            #expect(!events.hasEstablished && session.isClosed)
        }
    }

    @Test
    func `an oversized handshake message is refused at its length`() throws {
        let peer = try RawPeer()
        #expect(peer.session.receive(RawPeer.lines, now: start).isEmpty)
        #expect(peer.session.receive([0xff, 0xff, 1], now: start).closeReason != nil)
    }
}
