import GridWire
import PeerSession
import Testing

@Suite
struct SessionPairTests {
    @Test
    func `two machines authenticate each other and agree in one round trip`() throws {
        var pair = try Pair()
        _ = pair.step()
        #expect(pair.dialerEvents == [.established(try identity(2).peerID)])
        #expect(pair.listenerEvents.isEmpty)
        pair.run()
        #expect(pair.listenerEvents.first == .established(try identity(1).peerID))
        #expect(pair.dialer.peer == (try identity(2).peerID))
        #expect(pair.listener.peer == (try identity(1).peerID))
        #expect(pair.dialer.isEstablished && pair.listener.isEstablished)
    }

    @Test(arguments: [1, 2, 3, 7, 31, 32, 33, 1000])
    func `everything works in pieces of any size`(_ size: Int) throws {
        var pair = try Pair()
        pair.pieceSize = size
        pair.run()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        let message = [UInt8]((0 ..< 5000).map { UInt8(truncatingIfNeeded: $0) })
        #expect(pair.dialer.send(message, on: stream))
        pair.dialer.finish(stream)
        pair.run()
        let opened = try #require(pair.listenerEvents.opened.first)
        #expect(pair.listenerEvents.contains(.streamOpened(opened, protocol: "/echo/1")))
        #expect(pair.listenerEvents.data(on: opened) == message)
        #expect(pair.listenerEvents.last == .finished(opened))
        pair.listener.send(message, on: opened)
        pair.listener.finish(opened)
        pair.run()
        #expect(pair.dialerEvents.contains(.streamAccepted(stream)))
        #expect(pair.dialerEvents.data(on: stream) == message)
        #expect(pair.dialerEvents.last == .finished(stream))
        #expect(pair.dialer.openStreamCount == 0 && pair.listener.openStreamCount == 0)
    }

    @Test
    func `a handshake split at every byte is the same handshake`() throws {
        for side in [SessionRole.dialer, .listener] {
            var cut = 0
            var isWhole = false
            while !isWhole {
                var pair = try Pair()
                let first = Pair.drain(pair.dialer)
                Self.feed(first, to: pair.listener, cut: side == .listener ? cut : 0, &pair.listenerEvents)
                let second = Pair.drain(pair.listener)
                Self.feed(second, to: pair.dialer, cut: side == .dialer ? cut : 0, &pair.dialerEvents)
                let third = Pair.drain(pair.dialer)
                Self.feed(third, to: pair.listener, cut: side == .listener ? cut : 0, &pair.listenerEvents)
                #expect(pair.dialerEvents.hasEstablished && pair.listenerEvents.hasEstablished)
                cut += 1
                isWhole = cut > max(first.count, second.count, third.count)
            }
        }
    }

    private static func feed(
        _ bytes: [UInt8],
        to session: SessionConnection,
        cut: Int,
        _ events: inout [SessionEvent]
    ) {
        let cut = min(cut, bytes.count)
        events += session.receive(bytes[..<cut], now: start)
        events += session.receive(bytes[cut...], now: start)
    }

    @Test
    func `a flipped bit anywhere in the handshake authenticates nobody`() throws {
        // The dialer's first write, the listener's, and the handshake message at the front of the dialer's second.
        let sizes = [(0, 62), (1, 246), (2, 186)]
        for (message, size) in sizes {
            for index in 0 ..< size {
                var pair = try Pair()
                var first = Pair.drain(pair.dialer)
                if message == 0 { first[index] ^= 1 << (index % 8) }
                pair.listenerEvents += pair.listener.receive(first, now: start)
                var second = Pair.drain(pair.listener)
                if message == 1 { second[index] ^= 1 << (index % 8) }
                pair.dialerEvents += pair.dialer.receive(second, now: start)
                var third = Pair.drain(pair.dialer)
                if message == 2 { third[index] ^= 1 << (index % 8) }
                pair.listenerEvents += pair.listener.receive(third, now: start)
                pair.run()
                let late = after(.seconds(11))
                pair.dialerEvents += pair.dialer.handleTimeout(now: late)
                pair.listenerEvents += pair.listener.handleTimeout(now: late)
                // The dialer may have authenticated the listener before its own last message was spoilt.
                #expect(!pair.listenerEvents.hasEstablished, "message \(message), byte \(index)")
                #expect(pair.listener.isClosed)
                #expect(pair.listener.takeOutput().isEmpty)
                if message < 2 {
                    #expect(!pair.dialerEvents.hasEstablished, "message \(message), byte \(index)")
                    #expect(pair.dialer.isClosed)
                    #expect(pair.dialer.takeOutput().isEmpty)
                }
            }
        }
    }

    @Test
    func `a handshake cut anywhere ends at its time limit`() throws {
        for cut in stride(from: 0, to: 62, by: 1) {
            let pair = try Pair()
            let first = Pair.drain(pair.dialer)
            #expect(pair.listener.receive(first[..<cut], now: start).isEmpty)
            #expect(pair.listener.nextDeadline == after(.seconds(10)))
            #expect(pair.listener.handleTimeout(now: after(.seconds(9))).isEmpty)
            #expect(pair.listener.handleTimeout(now: after(.seconds(10))) == [.closed(.handshakeTimeout)])
            #expect(pair.listener.isClosed && pair.listener.nextDeadline == nil)
            #expect(pair.listener.takeOutput().isEmpty)
        }
    }

    @Test
    func `another peer than the dialed one is refused without a word`() throws {
        let expected = try identity(9).peerID
        var pair = try Pair(expecting: expected)
        pair.run()
        let reason = try #require(pair.dialerEvents.closeReason)
        #expect("\(reason)".contains("\(expected)"))
        #expect(!pair.dialerEvents.hasEstablished && !pair.listenerEvents.hasEstablished)
        #expect(pair.dialer.takeOutput().isEmpty)
    }

    @Test
    func `a refused protocol is told, and an unknown one does not disturb others`() throws {
        var pair = try Pair.established()
        let bad = try #require(pair.dialer.openStream(protocol: "/none/1"))
        let good = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.dialer.send([1, 2, 3], on: bad)
        pair.dialer.send([4, 5, 6], on: good)
        pair.run()
        #expect(pair.dialerEvents.contains(.streamRefused(bad)))
        #expect(pair.dialerEvents.contains(.streamAccepted(good)))
        #expect(pair.listenerEvents.data(on: good) == [4, 5, 6])
        #expect(pair.listenerEvents.data(on: bad).isEmpty)
        #expect(pair.dialer.openStreamCount == 1 && pair.listener.openStreamCount == 1)
        #expect(!pair.dialer.send([1], on: bad))
    }

    @Test
    func `the listener can open streams too`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.listener.openStream(protocol: "/echo/1"))
        #expect(stream.rawValue % 2 == 0)
        pair.listener.send([7], on: stream)
        pair.run()
        #expect(pair.dialerEvents == [.streamOpened(stream, protocol: "/echo/1"), .data(stream, [7])])
    }

    @Test
    func `a reset ends the stream on both sides, and only that`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        let other = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.run()
        pair.listener.reset(stream)
        pair.dialer.send([1, 2, 3], on: stream)
        pair.run()
        #expect(pair.dialerEvents.contains(.reset(stream)))
        #expect(!pair.listenerEvents.contains(.reset(stream)))
        #expect(pair.listenerEvents.data(on: stream).isEmpty)
        pair.dialer.send([4], on: other)
        pair.run()
        #expect(pair.listenerEvents.data(on: other) == [4])
    }

    @Test
    func `64 streams carry a mebibyte each, there and back`() throws {
        var pair = try Pair.established()
        var generator = SeededGenerator(seed: 5)
        let message = generator.bytes(1 << 20)
        var streams: [StreamID] = []
        for _ in 0 ..< 64 {
            let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
            pair.dialer.send(message, on: stream)
            pair.dialer.finish(stream)
            streams.append(stream)
        }
        var back: [StreamID: [UInt8]] = [:]
        var finished: Set<StreamID> = []
        while pair.step() {
            for event in pair.listenerEvents {
                switch event {
                case .data(let stream, let bytes):
                    pair.listener.consumed(bytes.count, on: stream)
                    pair.listener.send(bytes, on: stream)
                case .finished(let stream): pair.listener.finish(stream)
                default: break
                }
            }
            for event in pair.dialerEvents {
                switch event {
                case .data(let stream, let bytes):
                    pair.dialer.consumed(bytes.count, on: stream)
                    back[stream, default: []] += bytes
                case .finished(let stream): finished.insert(stream)
                default: break
                }
            }
            pair.listenerEvents = []
            pair.dialerEvents = []
        }
        #expect(finished.count == 64)
        #expect(streams.allSatisfy { back[$0] == message })
        #expect(pair.dialer.openStreamCount == 0 && pair.listener.openStreamCount == 0)
    }

    @Test
    func `a receiver that does not consume stops the sender at the window`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        let message = [UInt8](repeating: 9, count: 1 << 20)
        pair.dialer.send(message, on: stream)
        pair.run()
        let received = pair.listenerEvents.data(on: stream).count
        // The lines of the negotiation came out of the same window.
        #expect(received <= 256 << 10 && received > (256 << 10) - 64)
        #expect(pair.dialer.queuedBytes(on: stream) == message.count - received)
        #expect(pair.dialer.pendingOutputBytes == 0)
        // Another stream is not held up.
        let other = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.dialer.send([1], on: other)
        pair.run()
        #expect(pair.listenerEvents.data(on: other) == [1])
        // Consumed bytes let as many follow.
        pair.listener.consumed(received, on: stream)
        pair.run()
        let second = pair.listenerEvents.data(on: stream).count - received
        #expect(second >= received && second <= received + 64)
    }

    @Test
    func `a queue that is full refuses more and keeps what it has`() throws {
        var settings = SessionSettings()
        settings.streamQueueMax = 1000
        var pair = try Pair.established(dialerSettings: settings)
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        #expect(!pair.dialer.send([UInt8](repeating: 1, count: 1001), on: stream))
        #expect(pair.dialer.send([UInt8](repeating: 1, count: 900), on: stream))
        #expect(!pair.dialer.send([UInt8](repeating: 1, count: 101), on: stream))
        pair.run()
        #expect(pair.listenerEvents.data(on: stream).count == 900)
        pair.dialer.finish(stream)
        #expect(!pair.dialer.send([1], on: stream))
    }

    @Test
    func `output is given in small pieces when asked`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        let message = [UInt8]((0 ..< 100_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        pair.dialer.send(message, on: stream)
        while true {
            let piece = pair.dialer.takeOutput(limit: 1)
            if piece.isEmpty { break }
            #expect(piece.count <= 1024)
            pair.listenerEvents += pair.listener.receive(piece, now: start)
        }
        #expect(pair.listenerEvents.data(on: stream) == message)
    }

    @Test
    func `pings measure the round trip, and silence ends the connection`() throws {
        var pair = try Pair.established()
        pair.dialer.ping(now: pair.now)
        let ping = Pair.drain(pair.dialer)
        pair.now = after(.milliseconds(20))
        _ = pair.listener.receive(ping, now: pair.now)
        pair.now = after(.milliseconds(50))
        #expect(pair.dialer.receive(Pair.drain(pair.listener), now: pair.now) == [.roundTrip(.milliseconds(50))])
        // What was silent before is not measured with it.
        pair.dialer.ping(now: after(.seconds(10)))
        pair.now = after(.milliseconds(10_030))
        _ = pair.listener.receive(Pair.drain(pair.dialer), now: pair.now)
        #expect(pair.dialer.receive(Pair.drain(pair.listener), now: pair.now) == [.roundTrip(.milliseconds(30))])
        // Nothing arrives from now on.
        var events: [SessionEvent] = []
        var count = 0
        while let deadline = pair.dialer.nextDeadline, count < 10 {
            events += pair.dialer.handleTimeout(now: deadline)
            _ = Pair.drain(pair.dialer)
            count += 1
        }
        #expect(events == [.closed(.unresponsive)])
        #expect(count == 3)
    }

    @Test
    func `keep-alive pings that are answered keep the connection`() throws {
        var pair = try Pair.established()
        for _ in 0 ..< 20 {
            let deadline = try #require([pair.dialer.nextDeadline, pair.listener.nextDeadline].compactMap { $0 }.min())
            pair.now = deadline
            pair.dialerEvents += pair.dialer.handleTimeout(now: deadline)
            pair.listenerEvents += pair.listener.handleTimeout(now: deadline)
            pair.run()
        }
        #expect(pair.dialerEvents.closeReason == nil && pair.listenerEvents.closeReason == nil)
    }

    @Test
    func `closing says goodbye`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.run()
        pair.listenerEvents = []
        pair.dialer.close()
        #expect(pair.dialer.isClosed && pair.dialer.nextDeadline == nil)
        #expect(!pair.dialer.send([1], on: stream))
        pair.run()
        // A stream is open, so the listener waits a while for it.
        #expect(pair.listenerEvents == [.peerIsLeaving])
        #expect(pair.listener.openStream(protocol: "/echo/1") == nil)
        #expect(pair.listener.transportClosed() == [.closed(.transportClosed)])
        #expect(pair.listener.transportClosed().isEmpty)
    }

    @Test
    func `identify tells who we are`() throws {
        var settings = SessionSettings()
        settings.listenAddresses = [Multiaddr(ip: .loopback, tcp: 4001)]
        settings.observedAddress = Multiaddr(ip: .loopback, tcp: 9)
        settings.agentVersion = "tessera/test"
        var pair = try Pair.established(listenerSettings: settings)
        pair.dialer.identify()
        pair.run()
        var expected = IdentifyMessage()
        expected.peer = try identity(2).peerID
        expected.listenAddresses = settings.listenAddresses
        expected.protocols = ["/echo/1", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"]
        expected.observedAddress = settings.observedAddress
        expected.protocolVersion = "tessera/1"
        expected.agentVersion = "tessera/test"
        #expect(pair.dialerEvents == [.identified(expected)])
        #expect(pair.dialer.openStreamCount == 0 && pair.listener.openStreamCount == 0)
    }

    @Test
    func `libp2p pings are answered in any pieces`() throws {
        var pair = try Pair.established()
        let stream = try #require(pair.dialer.openStream(protocol: SessionConnection.pingProtocol))
        let ping = [UInt8](0 ..< 96)
        for byte in ping {
            pair.dialer.send([byte], on: stream)
            pair.run()
        }
        #expect(pair.dialerEvents.data(on: stream) == ping)
        pair.dialer.finish(stream)
        pair.run()
        #expect(pair.dialerEvents.last == .finished(stream))
        // Two at a time are served; a third is reset.
        let streams = (0 ..< 3).compactMap { _ in pair.dialer.openStream(protocol: SessionConnection.pingProtocol) }
        pair.run()
        #expect(pair.dialerEvents.filter { $0 == .reset(streams[2]) }.count == 1)
        #expect(pair.dialerEvents.contains(.streamAccepted(streams[1])))
        #expect(pair.listenerEvents.isEmpty)
    }

    @Test(arguments: [(Duration.milliseconds(50), 4 << 20), (.zero, 256 << 10)])
    func `a window grows when it and not the reader sets the pace`(_ delay: Duration, _ expected: Int) throws {
        var settings = SessionSettings()
        settings.streamWindowMax = 4 << 20
        var pair = try Pair(dialerSettings: settings, listenerSettings: settings)
        var largest = 0
        var sent: StreamID?
        while pair.step() {
            pair.now = pair.now.advanced(by: delay)
            if pair.dialerEvents.hasEstablished, sent == nil {
                let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
                pair.dialer.send([UInt8](repeating: 1, count: 15 << 20), on: stream)
                sent = stream
            }
            guard let sent else { continue }
            let count = pair.listenerEvents.data(on: sent).count
            largest = max(largest, count)
            pair.listenerEvents = []
            pair.listener.consumed(count, on: sent)
        }
        // What arrives in one step is what the window allowed.
        #expect(largest <= expected && largest > expected / 2)
    }

    @Test
    func `the growth of all windows together is bounded`() throws {
        var settings = SessionSettings()
        settings.windowGrowthMax = 1 << 20
        var pair = try Pair(dialerSettings: settings, listenerSettings: settings)
        var streams: [StreamID] = []
        var largest = 0
        while pair.step() {
            pair.now = pair.now.advanced(by: .milliseconds(50))
            if pair.dialerEvents.hasEstablished, streams.isEmpty {
                streams = (0 ..< 8).compactMap { _ in pair.dialer.openStream(protocol: "/echo/1") }
                for stream in streams {
                    pair.dialer.send([UInt8](repeating: 1, count: 4 << 20), on: stream)
                }
            }
            var sum = 0
            for stream in streams {
                let count = pair.listenerEvents.data(on: stream).count
                pair.listener.consumed(count, on: stream)
                sum += count
            }
            largest = max(largest, sum)
            pair.listenerEvents = []
        }
        #expect(largest <= 8 * (256 << 10) + (1 << 20) && largest > 2 << 20)
    }
}
