import GridWire
import PeerSession
import Testing

@Suite
struct HostileFrameTests {
    private func connected(isDialer: Bool = true, settings: SessionSettings = SessionSettings()) throws -> RawPeer {
        let peer = try RawPeer(isDialer: isDialer, settings: settings)
        #expect(try peer.connect().hasEstablished)
        _ = try peer.hear()
        return peer
    }

    /// The connection ends, and the last thing it says is go away 1.
    private func expectViolation(_ peer: RawPeer, _ events: [SessionEvent]) throws {
        switch try #require(events.closeReason) {
        case .protocolViolation, .limitExceeded: break
        case let reason: Issue.record("\(reason)")
        }
        #expect(try peer.frames().map(\.header) == [YamuxHeader(.goAway, stream: 0, length: 1)])
        #expect(peer.session.isClosed && peer.session.takeOutput().isEmpty)
        #expect(try peer.say(.ping, .syn, stream: 0).isEmpty)
    }

    @Test
    func `an unknown version or type ends the session`() throws {
        for (index, value) in [(0, UInt8(1)), (0, 255), (1, 4), (1, 255)] {
            let peer = try self.connected()
            var header = YamuxHeader(.ping, .syn, stream: 0, length: 1).encoded
            header[index] = value
            try self.expectViolation(peer, try peer.say(header))
        }
    }

    @Test
    func `a stream of the wrong parity, 0, or in use ends the session`() throws {
        for stream: UInt32 in [0, 2, 4, .max - 1] {
            let peer = try self.connected()
            try self.expectViolation(peer, try peer.say(.windowUpdate, .syn, stream: stream))
        }
        for stream: UInt32 in [0, 1, 3, .max] {
            let peer = try self.connected(isDialer: false)
            try self.expectViolation(peer, try peer.say(.data, .syn, stream: stream))
        }
        let peer = try self.connected()
        _ = try peer.open(1)
        _ = try peer.hear()
        try self.expectViolation(peer, try peer.say(.windowUpdate, .syn, stream: 1))
    }

    @Test
    func `more than the window ends the session before the body comes`() throws {
        for length: UInt32 in [262_145, 1 << 31, .max] {
            let peer = try self.connected()
            #expect(try peer.say(.windowUpdate, .syn, stream: 1).isEmpty)
            _ = try peer.hear()
            try self.expectViolation(peer, try peer.say(.data, stream: 1, length: length))
        }
        // The window is used up, not only compared with.
        let peer = try self.connected()
        var events = try peer.open(1)
        _ = try peer.hear()
        let room = (256 << 10) - Multistream.opening("/echo/1").count
        events += try peer.say(.data, stream: 1, body: [UInt8](repeating: 1, count: room))
        #expect(events.data(on: StreamID(rawValue: 1)).count == room)
        try self.expectViolation(peer, try peer.say(.data, stream: 1, body: [1]))
    }

    @Test
    func `a send window that overflows ends the session`() throws {
        let peer = try self.connected()
        _ = try peer.open(1)
        _ = try peer.hear()
        #expect(try peer.say(.windowUpdate, stream: 1, length: .max - (256 << 10)).isEmpty)
        try self.expectViolation(peer, try peer.say(.windowUpdate, stream: 1, length: 64))
    }

    @Test
    func `ten thousand streams leave 1024 and do not stop the connection`() throws {
        let peer = try self.connected()
        var resets = 0
        var events: [SessionEvent] = []
        for index in 0 ..< UInt32(10_000) {
            events += try peer.say(.windowUpdate, .syn, stream: 2 * index + 1)
            if index % 500 == 499 {
                resets += try peer.frames().count { $0.header.flags.contains(.rst) }
            }
        }
        #expect(events.isEmpty)
        #expect(peer.session.openStreamCount == 1024 && resets == 10_000 - 1024)
        #expect(try peer.say(.ping, .syn, stream: 0, length: 5).isEmpty)
        #expect(try peer.frames().map(\.header) == [YamuxHeader(.ping, .ack, stream: 0, length: 5)])
        // None of them ever said what it is for: all are gone after a while.
        #expect(peer.session.handleTimeout(now: after(.seconds(10))).isEmpty)
        #expect(peer.session.openStreamCount == 0)
    }

    @Test
    func `streams opened and reset in haste leave nothing behind`() throws {
        let peer = try self.connected()
        // The oldest stays, so that the ones behind it wait for its time.
        #expect(try peer.say(.windowUpdate, .syn, stream: 1).isEmpty)
        for index in 1 ..< UInt32(20_000) {
            let id = 2 * index + 1
            let frames =
                YamuxHeader(.windowUpdate, .syn, stream: id, length: 0).encoded
                + YamuxHeader(.windowUpdate, .rst, stream: id, length: 0).encoded
            #expect(try peer.say(frames).isEmpty)
            if index % 1000 == 0 { _ = try peer.hear() }
        }
        #expect(peer.session.openStreamCount == 1)
        #expect(peer.session.negotiationCount < 300)
        #expect(peer.session.handleTimeout(now: after(.seconds(10))).isEmpty)
        #expect(peer.session.openStreamCount == 0)
    }

    @Test
    func `streams and pings without reading the answers end the session`() throws {
        let peer = try self.connected()
        var events: [SessionEvent] = []
        for index in 0 ..< UInt32(10_000) where events.isEmpty {
            events += try peer.say(.windowUpdate, .syn, stream: 2 * index + 1)
        }
        try self.expectViolation(peer, events)
        let pinger = try self.connected()
        events = []
        for index in 0 ..< UInt32(101) where events.isEmpty {
            events += try pinger.say(.ping, .syn, stream: 0, length: index)
        }
        try self.expectViolation(pinger, events)
    }

    @Test
    func `data for streams that do not exist is thrown away within a budget`() throws {
        let peer = try self.connected()
        let body = [UInt8](repeating: 1, count: 64 << 10)
        for _ in 0 ..< 4 {
            #expect(try peer.say(.data, stream: 9, body: body).isEmpty)
        }
        try self.expectViolation(peer, try peer.say(.data, stream: 9, body: [1]))
    }

    @Test
    func `data that was on its way to a stream that was reset is thrown away`() throws {
        let peer = try self.connected()
        let stream = StreamID(rawValue: 1)
        let events = try peer.open(1)
        #expect(events == [.streamOpened(stream, protocol: "/echo/1")])
        peer.session.reset(stream)
        let body = [UInt8](repeating: 1, count: 64 << 10)
        for _ in 0 ..< 7 {
            #expect(try peer.say(.data, stream: 1, body: body).isEmpty)
        }
        #expect(try peer.say(.windowUpdate, .rst, stream: 1).isEmpty)
        #expect(!peer.session.isClosed)
    }

    @Test
    func `data after the end of a stream resets it`() throws {
        let peer = try self.connected()
        let stream = StreamID(rawValue: 1)
        _ = try peer.open(1)
        #expect(try peer.say(.data, .fin, stream: 1, body: [1]) == [.data(stream, [1]), .finished(stream)])
        #expect(try peer.say(.data, .fin, stream: 1).isEmpty)
        _ = try peer.hear()
        #expect(try peer.say(.data, stream: 1, body: [2]) == [.reset(stream)])
        #expect(try peer.frames().map(\.header) == [YamuxHeader(.windowUpdate, .rst, stream: 1, length: 0)])
        #expect(peer.session.openStreamCount == 0)
    }

    @Test
    func `FIN and RST count on window updates too`() throws {
        let peer = try self.connected()
        let stream = StreamID(rawValue: 1)
        _ = try peer.open(1)
        #expect(try peer.say(.windowUpdate, .fin, stream: 1) == [.finished(stream)])
        #expect(try peer.say(.windowUpdate, .rst, stream: 1) == [.reset(stream)])
        #expect(try peer.say(.windowUpdate, .rst, stream: 1).isEmpty)
        _ = try peer.open(3)
        #expect(try peer.say(.data, .rst, stream: 3) == [.reset(StreamID(rawValue: 3))])
    }

    @Test
    func `a stream with header, proposal, request and FIN in one frame is understood`() throws {
        let peer = try self.connected()
        let stream = StreamID(rawValue: 1)
        let events = try peer.say(.data, [.syn, .fin], stream: 1, body: Multistream.opening("/echo/1") + [1, 2, 3])
        #expect(
            events == [.streamOpened(stream, protocol: "/echo/1"), .data(stream, [1, 2, 3]), .finished(stream)]
        )
        let frames = try peer.frames()
        #expect(frames.map(\.header.flags) == [.ack, []])
        #expect(frames[1].body == Multistream.opening("/echo/1"))
    }

    @Test
    func `a refused proposal is told even when the request lies behind it`() throws {
        let peer = try self.connected()
        let request = [UInt8](repeating: 0xff, count: 1000)
        for (stream, flags) in [(UInt32(1), YamuxHeader.Flags([.syn, .fin])), (3, .syn)] {
            #expect(try peer.say(.data, flags, stream: stream, body: Multistream.opening("/none/1") + request).isEmpty)
            let frames = try peer.frames()
            #expect(frames.last?.body == Multistream.encode(Multistream.header) + Multistream.encode("na"))
            #expect(frames.last?.header.flags == .fin)
        }
        #expect(peer.session.openStreamCount == 1)
        #expect(peer.session.handleTimeout(now: after(.seconds(10))).isEmpty)
        #expect(peer.session.openStreamCount == 0)
    }

    @Test
    func `a stream that talks nonsense is reset alone`() throws {
        let peer = try self.connected()
        for (index, body) in [[0, 0], [0xff, 0xff, 0xff], [3, 1, 2, 3], Multistream.encode("/nope")].enumerated() {
            #expect(try peer.say(.data, .syn, stream: UInt32(2 * index + 1), body: body).isEmpty)
            #expect(try peer.frames().last?.header.flags == .rst)
        }
        #expect(try peer.open(99) == [.streamOpened(StreamID(rawValue: 99), protocol: "/echo/1")])
    }

    @Test
    func `unconsumed bytes of all streams are bounded`() throws {
        var settings = SessionSettings()
        settings.unconsumedBytesMax = 300_000
        let peer = try self.connected(settings: settings)
        _ = try peer.open(1)
        _ = try peer.open(3)
        let body = [UInt8](repeating: 1, count: 50_000)
        var events: [SessionEvent] = []
        for round in 0 ..< 8 {
            events += try peer.say(.data, stream: round % 2 == 0 ? 1 : 3, body: body)
        }
        #expect(events.contains(.reset(StreamID(rawValue: 1))))
        #expect(!events.contains(.reset(StreamID(rawValue: 3))))
        #expect(peer.session.openStreamCount == 1 && !peer.session.isClosed)
    }

    @Test
    func `our unacknowledged streams are bounded`() throws {
        let peer = try self.connected()
        let streams = (0 ..< 300).compactMap { _ in peer.session.openStream(protocol: "/echo/1") }
        #expect(streams.count == 256)
        #expect(try peer.say(.windowUpdate, .ack, stream: streams[0].rawValue).isEmpty)
        #expect(peer.session.openStream(protocol: "/echo/1") != nil)
        #expect(peer.session.openStream(protocol: "/echo/1") == nil)
        // None is answered: all are given up.
        #expect(peer.session.handleTimeout(now: after(.seconds(10))).count == 257)
    }

    @Test
    func `goodbye with and without open streams`() throws {
        for code: UInt32 in [0, 1, 2, 77] {
            let peer = try self.connected()
            #expect(try peer.say(.goAway, stream: 0, length: code) == [.closed(.remote(code: code))])
        }
        let peer = try self.connected()
        _ = try peer.open(1)
        #expect(try peer.say(.goAway, stream: 0, length: 0) == [.peerIsLeaving])
        #expect(try peer.say(.data, stream: 1, body: [1]) == [.data(StreamID(rawValue: 1), [1])])
        #expect(peer.session.handleTimeout(now: after(.seconds(10))).isEmpty)
        #expect(peer.session.nextDeadline == after(.seconds(30)))
        #expect(try peer.say(.windowUpdate, .rst, stream: 1).last == .closed(.remote(code: 0)))
    }

    @Test
    func `a Noise message that is not authentic ends the session without a word`() throws {
        for position in [0, 5, 17] {
            let peer = try self.connected()
            let sealer = try #require(peer.send)
            var message = try #require(sealer.seal([1, 2]))
            message[position] ^= 1
            let events = peer.session.receive(RawPeer.framed(message), now: start)
            #expect(events.closeReason != nil)
            #expect(peer.session.takeOutput().isEmpty && peer.session.pendingOutputBytes == 0)
        }
        // A message again, and one shorter than its tag.
        let peer = try self.connected()
        let sealer = try #require(peer.send)
        let ping = try #require(sealer.seal(YamuxHeader(.ping, .ack, stream: 0, length: 9).encoded))
        #expect(peer.session.receive(RawPeer.framed(ping), now: start).isEmpty)
        #expect(peer.session.receive(RawPeer.framed(ping), now: start).closeReason != nil)
        let other = try self.connected()
        #expect(other.session.receive([0, 15] + [UInt8](repeating: 0, count: 15), now: start).closeReason != nil)
    }

    @Test
    func `empty Noise messages are skipped`() throws {
        let peer = try self.connected()
        #expect(try peer.say([]).isEmpty)
        #expect(try peer.open(1).count == 1)
    }

    @Test
    func `frames cut over Noise messages at every byte are understood`() throws {
        let text =
            YamuxHeader(.data, .syn, stream: 1, length: 32).encoded + Multistream.opening("/echo/1") + [1, 2, 3]
            + YamuxHeader(.data, .fin, stream: 1, length: 2).encoded + [4, 5]
        for cut in 0 ... text.count {
            let peer = try self.connected()
            let events = try peer.say([UInt8](text[..<cut])) + peer.say([UInt8](text[cut...]))
            let stream = StreamID(rawValue: 1)
            #expect(events.data(on: stream) == [1, 2, 3, 4, 5])
            #expect(events.last == .finished(stream))
        }
    }

    @Test
    func `seeded frames never break more than their own session`() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0 ..< 300 {
            let peer = try self.connected()
            var events: [SessionEvent] = []
            for _ in 0 ..< 60 where events.closeReason == nil {
                var frame: [UInt8]
                if generator.next() % 4 == 0 {
                    frame = generator.bytes(Int(generator.next() % 40))
                } else {
                    let body = generator.next() % 3 == 0 ? Multistream.opening("/echo/1") : generator.bytes(3)
                    let header = YamuxHeader(
                        generator.next() % 5 == 0 ? .windowUpdate : .data,
                        YamuxHeader.Flags(rawValue: UInt16(generator.next() % 16)),
                        stream: UInt32(generator.next() % 6),
                        length: generator.next() % 9 == 0
                            ? UInt32(truncatingIfNeeded: generator.next()) : UInt32(body.count)
                    )
                    frame = header.encoded + body
                }
                events += try peer.say(frame)
                for stream in events.opened {
                    peer.session.send([1, 2, 3], on: stream)
                }
            }
            if !peer.session.isClosed { _ = try peer.hear() }
            #expect(peer.session.openStreamCount <= 3)
        }
    }
}
