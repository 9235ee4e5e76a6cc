import GridWire
import PeerSession
import Testing

@Suite
struct RelayMessageTests {
    private let address = Multiaddr(ip: .v4(0xc633_6402), tcp: 7877)

    @Test
    func `messages survive encoding`() throws {
        let peer = try identity(5).peerID
        let limit = RelayLimit(duration: .seconds(120), bytes: 131_072)
        let reservation = HopMessage.Reservation(expiration: 99, addresses: [self.address], voucher: [1, 2])
        let hops: [HopMessage] = [
            .reserve, .connect(peer), .status(.ok, reservation, limit), .status(.noReservation, nil, nil),
        ]
        for message in hops { #expect(HopMessage(decoding: message.encoded()) == message) }
        let stops: [StopMessage] = [
            .connect(peer, limit), .connect(peer, nil), .status(.ok), .status(.permissionDenied),
        ]
        for message in stops { #expect(StopMessage(decoding: message.encoded()) == message) }
        // The type is written though it is zero.
        #expect(HopMessage.reserve.encoded() == [8, 0])
        #expect(
            HopMessage(decoding: []) == nil && StopMessage(decoding: [8, 0]) == nil
                && HopMessage(decoding: [8, 1]) == nil
        )
    }

    @Test
    func `an unknown status is a refusal, an unknown address costs only itself`() throws {
        #expect(HopMessage(decoding: [8, 2, 40, 7]) == .status(.connectionFailed, nil, nil))
        var writer = ProtobufWriter()
        writer.append(1, 5)
        writer.append(2, [0xff, 0xff])
        writer.append(2, self.address.bytes)
        var message = ProtobufWriter()
        message.append(1, 2)
        message.append(3, writer.bytes)
        message.append(5, 100)
        guard case .status(.ok, let reservation?, _)? = HopMessage(decoding: message.bytes) else {
            Issue.record("refused")
            return
        }
        #expect(reservation.addresses.last == self.address)
    }

    @Test
    func `a voucher is believed only under the relay's own signature`() throws {
        let (relay, peer) = (try identity(6), try identity(7).peerID)
        let voucher = RelayVoucher(relay: relay.peerID, peer: peer, expiration: 1234)
        let signed = voucher.signed(by: relay)
        #expect(RelayVoucher(verifying: signed) == voucher)
        #expect(RelayVoucher(verifying: voucher.signed(by: try identity(8))) == nil)
        for index in signed.indices {
            var forged = signed
            forged[index] ^= 1
            #expect(RelayVoucher(verifying: forged) != voucher || forged[index] == signed[index])
        }
    }

    @Test
    func `mutated messages never trap`() throws {
        var generator = SeededGenerator(seed: 51)
        let peer = try identity(5).peerID
        let good =
            HopMessage.status(.ok, .init(expiration: 9, addresses: [self.address], voucher: [1]), .init(bytes: 5))
            .encoded() + HopMessage.connect(peer).encoded()
        for _ in 0 ..< 500 {
            var bytes = good
            for _ in 0 ..< 4 {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = HopMessage(decoding: bytes)
            _ = StopMessage(decoding: bytes)
            _ = SignedEnvelope(verifying: bytes, type: [3, 2], domain: "libp2p-relay-rsvp")
        }
    }
}

@Suite
struct RelayServerTests {
    private func address(_ number: UInt32) -> IPAddress { .v4(0xc633_6400 + number) }

    private func isGranted(_ result: Result<Duration, RelayServer.Refusal>) -> Bool {
        if case .success = result { true } else { false }
    }

    @Test
    func `reservations are bounded, per address and in all, and end`() throws {
        var limits = RelayServer.Limits()
        limits.reservationsMax = 3
        limits.reservationsPerAddressMax = 2
        var server = RelayServer(limits: limits)
        let peers = try (1 ... 5).map { try identity(UInt8($0)).peerID }
        let granted = [0, 1, 2].map {
            server.reserve(for: peers[$0], at: self.address(1), isRelayed: false, now: start)
        }
        #expect(granted.map(self.isGranted) == [true, true, false])
        #expect(self.isGranted(server.reserve(for: peers[2], at: self.address(2), isRelayed: false, now: start)))
        #expect(!self.isGranted(server.reserve(for: peers[3], at: self.address(3), isRelayed: false, now: start)))
        // A renewal needs no new place.
        #expect(self.isGranted(server.reserve(for: peers[0], at: self.address(1), isRelayed: false, now: start)))
        #expect(!self.isGranted(server.reserve(for: peers[0], at: self.address(1), isRelayed: true, now: start)))
        let later = after(.seconds(3601))
        #expect(self.isGranted(server.reserve(for: peers[3], at: self.address(1), isRelayed: false, now: later)))
        #expect(server.reservationCount == 1)
    }

    @Test
    func `circuits need a reservation, are bounded, and are given back`() throws {
        var limits = RelayServer.Limits()
        limits.circuitsPerPeerMax = 2
        var server = RelayServer(limits: limits)
        let (a, b) = (try identity(1).peerID, try identity(2).peerID)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .noReservation)
        _ = server.reserve(for: b, at: self.address(1), isRelayed: false, now: start)
        #expect(server.connect(from: b, to: b, isRelayed: false, now: start) == .permissionDenied)
        #expect(server.connect(from: a, to: b, isRelayed: true, now: start) == .permissionDenied)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .ok)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .ok)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .resourceLimitExceeded)
        server.circuitEnded(from: a, to: b)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .ok)
        server.peerGone(b)
        server.circuitEnded(from: a, to: b)
        #expect(server.connect(from: a, to: b, isRelayed: false, now: start) == .noReservation)
    }
}

@Suite
struct RelayClientTests {
    private let address = Multiaddr(ip: .v4(0xcb00_7101), tcp: 7877)

    @Test
    func `an unreachable node asks two relays, announces them, and renews in time`() throws {
        let relays = try (1 ... 3).map { try identity(UInt8($0)).peerID }.sorted()
        var client = RelayClient(me: try identity(9).peerID)
        for relay in relays { #expect(client.relayAppeared(relay, now: start).isEmpty) }
        #expect(client.setWanted(true, now: start) == [.reserve(relays[0]), .reserve(relays[1])])
        #expect(!client.holdsReservation(at: relays[0]))
        let actions = client.reservationGranted(
            by: relays[0],
            lifetime: .seconds(3600),
            addresses: [self.address],
            now: start
        )
        let expected = try #require(Multiaddr(self.address.components + [.p2p(relays[0]), .p2pCircuit]))
        #expect(actions == [.addressesChanged([expected])])
        #expect(client.holdsReservation(at: relays[0]))
        // The second one refuses; the third is asked.
        #expect(client.reservationFailed(at: relays[1], now: start) == [.reserve(relays[2])] || client.relayCount == 1)
        #expect(client.handleTimeout(now: after(.seconds(2399))).filter { $0 == .reserve(relays[0]) }.isEmpty)
        #expect(client.handleTimeout(now: after(.seconds(2400))).contains(.reserve(relays[0])))
        // While it is renewed, it stands.
        #expect(client.circuitAddresses == [expected])
        #expect(client.relayGone(relays[0], now: after(.seconds(2401))).contains(.addressesChanged([])))
    }

    @Test
    func `a node that can be reached keeps no relay`() throws {
        let relay = try identity(1).peerID
        var client = RelayClient(me: try identity(9).peerID)
        _ = client.relayAppeared(relay, now: start)
        _ = client.setWanted(true, now: start)
        _ = client.reservationGranted(by: relay, lifetime: .seconds(60), addresses: [self.address], now: start)
        #expect(client.setWanted(false, now: start) == [.addressesChanged([])])
        #expect(client.nextDeadline == nil && !client.holdsReservation(at: relay))
        // A late grant is not taken.
        #expect(
            client.reservationGranted(by: relay, lifetime: .seconds(60), addresses: [self.address], now: start).isEmpty
        )
    }

    @Test
    func `a refusal is not asked again at once, and relays in mind are bounded`() throws {
        var client = RelayClient(me: try identity(9).peerID)
        let relay = try identity(1).peerID
        _ = client.setWanted(true, now: start)
        #expect(client.relayAppeared(relay, now: start) == [.reserve(relay)])
        #expect(client.reservationFailed(at: relay, now: start).isEmpty)
        #expect(client.nextDeadline == after(.seconds(60)))
        #expect(client.handleTimeout(now: after(.seconds(59))).isEmpty)
        #expect(client.handleTimeout(now: after(.seconds(60))) == [.reserve(relay)])
        for number in 2 ... 200 { _ = client.relayAppeared(try identity(UInt8(number)).peerID, now: start) }
        #expect(client.relayGone(try identity(200).peerID, now: start).isEmpty)
    }
}
