import GridWire
import PeerSession
import Testing

/// Identify, its pushes, limits that end a connection, and what a connection costs in round trips.
@Suite
struct SessionLifeTests {
    private func address(_ text: String) throws -> Multiaddr {
        try Multiaddr(parsing: text)
    }

    private func identified(_ events: [SessionEvent]) -> [IdentifyMessage] {
        events.compactMap { if case .identified(let message) = $0 { message } else { nil } }
    }

    @Test
    func `one static key serves many connections, and each has keys of its own`() throws {
        var (dialing, listening) = (SessionSettings(), SessionSettings())
        dialing.staticKey = NoiseStaticKey(identity: try identity(1), entropy: entropy(5))
        listening.staticKey = NoiseStaticKey(identity: try identity(2), entropy: entropy(6))
        var before: [UInt8] = []
        for seed in [UInt64(1), 2] {
            func session(_ role: SessionRole, _ number: UInt8, _ settings: SessionSettings) throws -> SessionConnection
            {
                SessionConnection(
                    role: role,
                    identity: try identity(number),
                    expectedPeer: nil,
                    entropy: entropy(seed + UInt64(number) * 100),
                    inboundProtocols: ["/echo/1"],
                    settings: settings,
                    now: start
                )
            }
            let (dialer, listener) = (try session(.dialer, 1, dialing), try session(.listener, 2, listening))
            for _ in 0 ..< 4 {
                _ = listener.receive(Pair.drain(dialer), now: start)
                _ = dialer.receive(Pair.drain(listener), now: start)
            }
            let (first, second) = (try identity(1).peerID, try identity(2).peerID)
            #expect(dialer.peer == second && listener.peer == first)
            dialer.ping(now: start)
            let said = Pair.drain(dialer)
            #expect(said != before)
            before = said
        }
    }

    @Test
    func `what is no text, or too long for one, is left out of what a peer says of itself`() throws {
        var writer = ProtobufWriter()
        writer.append(3, [0x2f, 0xff])
        writer.append(3, "/a".utf8)
        writer.append(3, [UInt8](repeating: 0x61, count: IdentifyMessage.textSizeMax + 1))
        writer.append(6, "before".utf8)
        writer.append(6, [UInt8](repeating: 0xff, count: IdentifyMessage.textSizeMax))
        let message = try #require(IdentifyMessage(decoding: writer.bytes))
        #expect(message.protocols == ["/a"] && message.agentVersion == "before")
        #expect(IdentifyMessage(decoding: message.encoded()) == message)
    }

    @Test
    func `a change of addresses is pushed, and leaves the rest as it was`() throws {
        var pair = try Pair.established()
        pair.listener.identify()
        pair.run()
        let before = try #require(self.identified(pair.listenerEvents).last)
        #expect(before.listenAddresses.isEmpty && before.agentVersion == "tessera")
        let new = try self.address("/ip4/192.0.2.7/tcp/4001")
        pair.dialer.update(listenAddresses: [new], inboundProtocols: ["/echo/1"])
        pair.run()
        let after = try #require(self.identified(pair.listenerEvents).last)
        #expect(after.listenAddresses == [new])
        #expect(after.agentVersion == before.agentVersion && after.protocols == before.protocols)
        #expect(pair.dialer.openStreamCount == 0 && pair.listener.openStreamCount == 0)
        // The same again is no news.
        pair.dialer.update(listenAddresses: [new], inboundProtocols: ["/echo/1"])
        #expect(Pair.drain(pair.dialer).isEmpty)
    }

    @Test
    func `a push that leaves fields out changes only what it says`() throws {
        let peer = try RawPeer()
        _ = try peer.connect()
        func push(_ stream: UInt32, _ message: IdentifyMessage) throws -> [SessionEvent] {
            let text = Multistream.opening("/ipfs/id/push/1.0.0") + message.encoded()
            let events = try peer.say(.data, [.syn, .fin], stream: stream, body: text)
            _ = try peer.hear()
            return events
        }
        var first = IdentifyMessage()
        first.agentVersion = "one"
        first.protocols = ["/a"]
        var second = IdentifyMessage()
        second.agentVersion = "two"
        #expect(self.identified(try push(1, first)).last?.agentVersion == "one")
        let merged = try #require(self.identified(try push(3, second)).last)
        #expect(merged.agentVersion == "two" && merged.protocols == ["/a"])
        // In another's name nothing is believed.
        var forged = IdentifyMessage()
        forged.peer = try identity(9).peerID
        forged.agentVersion = "three"
        #expect(self.identified(try push(5, forged)).isEmpty)
        #expect(peer.session.openStreamCount == 0 || !peer.session.isClosed)
    }

    @Test
    func `a second push at a time and an endless one are reset`() throws {
        let peer = try RawPeer()
        _ = try peer.connect()
        let lines = Multistream.opening("/ipfs/id/push/1.0.0")
        _ = try peer.say(.data, .syn, stream: 1, body: lines)
        _ = try peer.say(.data, .syn, stream: 3, body: lines)
        #expect(try peer.frames().contains { $0.header.stream == 3 && $0.header.flags.contains(.rst) })
        for _ in 0 ..< 5 {
            _ = try peer.say(.data, stream: 1, body: [UInt8](repeating: 0, count: 16 << 10))
        }
        #expect(try peer.frames().contains { $0.header.stream == 1 && $0.header.flags.contains(.rst) })
        #expect(!peer.session.isClosed && peer.session.openStreamCount == 0)
        // The place of the one that was reset is free again.
        _ = try peer.say(.data, .syn, stream: 5, body: lines)
        #expect(peer.session.openStreamCount == 1)
    }

    @Test
    func `a connection whose messages are used up says goodbye, and gives no more`() throws {
        var settings = SessionSettings()
        settings.messagesMax = 40
        var pair = try Pair.established(dialerSettings: settings)
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        for _ in 0 ..< 100 where !pair.dialer.isClosed {
            pair.dialer.send([1], on: stream)
            pair.run()
        }
        guard case .limitExceeded = try #require(pair.dialer.handleTimeout(now: start).closeReason) else {
            Issue.record("not ended by its limit")
            return
        }
        #expect(pair.listenerEvents.closeReason == .remote(code: 1))
        #expect(pair.dialer.takeOutput().isEmpty)
    }

    @Test
    func `a message that comes twice ends the session, and a handshake cannot be replayed`() throws {
        let peer = try RawPeer()
        _ = try peer.connect()
        let send = try #require(peer.send)
        let sealed = RawPeer.framed(try #require(send.seal(YamuxHeader(.ping, .syn, stream: 0, length: 1).encoded)))
        #expect(peer.session.receive(sealed, now: start).isEmpty)
        #expect(peer.session.receive(sealed, now: start).closeReason != nil)
        // The recorded words of an honest dialer, said to a listener with keys of its own.
        var pair = try Pair()
        var recorded: [[UInt8]] = []
        while true {
            let bytes = Pair.drain(pair.dialer)
            if bytes.isEmpty { break }
            recorded.append(bytes)
            pair.listenerEvents += pair.listener.receive(bytes, now: start)
            pair.dialerEvents += pair.dialer.receive(Pair.drain(pair.listener), now: start)
        }
        #expect(pair.listenerEvents.hasEstablished)
        let listener = SessionConnection(
            role: .listener,
            identity: try identity(2),
            expectedPeer: nil,
            entropy: entropy(99),
            inboundProtocols: ["/echo/1"],
            now: start
        )
        var events: [SessionEvent] = []
        for bytes in recorded { events += listener.receive(bytes, now: start) }
        #expect(!events.hasEstablished && listener.isClosed)
    }

    @Test
    func `a first request leaves with the third handshake message`() throws {
        var pair = try Pair()
        pair.listenerEvents += pair.listener.receive(Pair.drain(pair.dialer), now: start)
        // One round trip after the TCP connection: the dialer knows the peer, and speaks at once.
        pair.dialerEvents += pair.dialer.receive(Pair.drain(pair.listener), now: start)
        #expect(pair.dialerEvents.hasEstablished)
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.dialer.send([1, 2, 3], on: stream)
        pair.dialer.finish(stream)
        let events = pair.listener.receive(Pair.drain(pair.dialer), now: start)
        #expect(events.hasEstablished && events.data(on: stream) == [1, 2, 3] && events.last == .finished(stream))
    }

    @Test
    func `a peer without early muxers gets the request behind the proposal`() throws {
        let peer = try RawPeer(isDialer: false)
        #expect(try peer.connect(muxers: []).hasEstablished)
        let stream = try #require(peer.session.openStream(protocol: "/echo/1"))
        peer.session.send([1, 2, 3], on: stream)
        let text = try peer.hear()
        let proposal = Multistream.opening("/yamux/1.0.0")
        #expect(text.starts(with: proposal))
        #expect(text.count > proposal.count + YamuxHeader.size)
        // The answer may come in pieces, with frames right behind it.
        let answer = proposal + YamuxHeader(.ping, .syn, stream: 0, length: 9).encoded
        #expect(try peer.say([UInt8](answer[..<5])).isEmpty)
        #expect(try peer.say([UInt8](answer[5...])).isEmpty)
        #expect(try peer.frames().contains { $0.header.kind == .ping && $0.header.flags == .ack })
    }

    @Test
    func `a peer that refuses the muxer, or never answers, is left`() throws {
        let peer = try RawPeer(isDialer: false)
        _ = try peer.connect(muxers: [])
        let refusal = Multistream.encode(Multistream.header) + Multistream.encode("na")
        #expect(try peer.say(refusal).closeReason != nil)
        let silent = try RawPeer(isDialer: false)
        _ = try silent.connect(muxers: [])
        #expect(silent.session.handleTimeout(now: after(.seconds(10))).closeReason == .handshakeTimeout)
    }

    @Test
    func `secrets are wiped slots of locked memory that are used again`() {
        var addresses: Set<UInt> = []
        for _ in 0 ..< 1000 {
            let secret = SecretBytes(copying: 1 ... 64)
            addresses.insert(secret.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
            #expect(secret.withUnsafeBytes { $0.elementsEqual(1 ... 64) })
        }
        // Other tests take slots beside; a thousand secrets one after the other need few.
        #expect(addresses.count < 500)
        let fresh = SecretBytes(count: 64) { _ in }
        #expect(fresh.withUnsafeBytes { $0.allSatisfy { $0 == 0 } })
        let large = SecretBytes(count: 5000) { $0[4999] = 1 }
        #expect(large.count == 5000)
    }
}
