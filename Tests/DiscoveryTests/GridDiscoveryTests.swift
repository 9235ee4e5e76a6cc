import Discovery
import GridWire
import Testing

@Suite
struct GridInfohashTests {
    private let secret = [UInt8](repeating: 3, count: 32)

    @Test
    func `a public grid has one infohash of its name for ever`() {
        let early = GridInfohash.infohashes(name: "tessera", secret: nil, unixSeconds: 0)
        #expect(early == GridInfohash.infohashes(name: "tessera", secret: nil, unixSeconds: 2_000_000_000))
        #expect(early.count == 1)
        // BLAKE2b-160 of "tessera-grid-v1:tessera"; a change would part the grid.
        #expect(early[0].description == "f7355b6a3a5c4f4645e5d37924a298eefe513844")
        #expect(early != GridInfohash.infohashes(name: "other", secret: nil, unixSeconds: 0))
    }

    @Test
    func `a private grid has one of its secret and day, and two around midnight`() {
        func at(_ seconds: Int64, _ secret: [UInt8]? = nil) -> [DHTKey] {
            GridInfohash.infohashes(name: "studio", secret: secret ?? self.secret, unixSeconds: seconds)
        }
        let day: Int64 = 86_400
        #expect(at(10 * day + 40_000).count == 1)
        #expect(at(10 * day + 40_000) == at(10 * day + 50_000))
        #expect(at(10 * day + 40_000) != at(11 * day + 40_000))
        #expect(at(10 * day + 40_000) != at(10 * day + 40_000, [UInt8](repeating: 4, count: 32)))
        #expect(at(10 * day + 40_000) != GridInfohash.infohashes(name: "studio", secret: nil, unixSeconds: 0))
        // Today's comes first; whoever is an hour off shares one.
        #expect(at(11 * day - 1_800) == at(11 * day + 1_800).reversed())
        #expect(at(11 * day - 1_800)[0] == at(10 * day + 40_000)[0])
        // Long secrets are hashed first, and times before 1970 have days too.
        #expect(at(-1, [UInt8](repeating: 1, count: 100)).count == 2)
    }
}

@Suite
struct NodeRecordBookTests {
    private static let now: UInt64 = 1_800_000_000_000

    private static func key(_ number: UInt8) throws -> (peer: PeerID, key: SigningKey) {
        let key = SigningKey(seed: number)
        return (try #require(PeerID(publicKey: key.publicKey)), key)
    }

    private static func record(_ number: UInt8, _ addresses: [String], sequence: UInt64 = Self.now) throws -> NodeRecord
    {
        let (peer, key) = try Self.key(number)
        return NodeRecord(
            peer: peer,
            sequence: sequence,
            addresses: try addresses.map { try Multiaddr(parsing: $0) },
            signedBy: { key.sign($0) }
        )
    }

    private static func book() throws -> NodeRecordBook {
        NodeRecordBook(
            me: try Self.key(0).peer,
            verify: { signature, message, signer in
                SigningKey.isValid(signature: signature, message: message, publicKey: signer.publicKey)
            }
        )
    }

    @Test
    func `a newer genuine record replaces an older one, and nothing else does`() throws {
        var book = try Self.book()
        let peer = try Self.key(1).peer
        func merge(_ record: NodeRecord) -> Int {
            book.merge([record], scope: .internet, unixMilliseconds: Self.now).count
        }
        let first = try Self.record(1, ["/ip4/8.8.8.8/tcp/1"])
        #expect(merge(first) == 1)
        #expect(merge(first) == 0)
        #expect(merge(try Self.record(1, ["/ip4/8.8.4.4/tcp/1"], sequence: Self.now - 1)) == 0)
        let newer = try Self.record(1, ["/ip4/8.8.4.4/tcp/1"], sequence: Self.now + 1)
        #expect(merge(newer) == 1)
        #expect(book[peer] == newer)
        // Too far ahead, too old, one's own, and forged.
        #expect(merge(try Self.record(2, ["/ip4/8.8.4.4/tcp/1"], sequence: Self.now + 3_600_000)) == 0)
        #expect(merge(try Self.record(2, ["/ip4/8.8.4.4/tcp/1"], sequence: Self.now - 90_000_000)) == 0)
        #expect(merge(try Self.record(0, ["/ip4/8.8.4.4/tcp/1"])) == 0)
        var bytes = try Self.record(2, ["/ip4/8.8.4.4/tcp/1"]).encoded()
        bytes[bytes.count - 70] ^= 1
        if let forged = try? NodeRecord(decoding: bytes) { #expect(merge(forged) == 0) }
        #expect(book.count == 1)
    }

    @Test
    func `numbers of records rise when the clock is set back, and begin anew where others refused the last`() throws {
        func next(after sequence: UInt64?) throws -> UInt64 {
            let last = try sequence.map { try Self.record(1, ["/ip4/8.8.8.8/tcp/1"], sequence: $0) }
            return NodeRecordBook.nextSequence(after: last, unixMilliseconds: Self.now)
        }
        #expect(try next(after: nil) == Self.now)
        #expect(try next(after: Self.now - 5) == Self.now)
        #expect(try next(after: Self.now + 5) == Self.now + 6)
        // What was signed while the clock was a day ahead.
        #expect(try next(after: Self.now + 86_400_000) == Self.now)
    }

    @Test
    func `a node that stays signs its record anew long before others let it go, and one that is gone is missed`() throws
    {
        var book = try Self.book()
        let hour: UInt64 = 3_600_000
        let texts = ["/ip4/8.8.8.8/tcp/1"]
        let own = try Self.record(1, texts)
        func isCurrent(_ addresses: [Multiaddr], after time: UInt64) -> Bool {
            NodeRecordBook.isCurrent(own, at: addresses, unixMilliseconds: Self.now + time)
        }
        #expect(isCurrent(own.addresses, after: 0) && isCurrent(own.addresses, after: hour - 1))
        #expect(!isCurrent(own.addresses, after: hour) && !isCurrent([], after: 0))
        #expect(!NodeRecordBook.isCurrent(own, at: own.addresses, unixMilliseconds: Self.now - 1))

        _ = book.merge([own, try Self.record(2, texts)], scope: .internet, unixMilliseconds: Self.now)
        #expect(book.present(unixMilliseconds: Self.now).count == 2)
        let renewed = try Self.record(1, texts, sequence: Self.now + 3 * hour)
        _ = book.merge([renewed], scope: .internet, unixMilliseconds: Self.now + 3 * hour)
        #expect(book.present(unixMilliseconds: Self.now + 3 * hour).count == 2)
        #expect(book.present(unixMilliseconds: Self.now + 3 * hour + 1) == [own.peer])
        #expect(book.count == 2)
    }

    @Test
    func `only addresses count that the teller may speak of`() throws {
        let texts = [
            "/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.1/tcp/1", "/ip4/8.8.8.8/tcp/1", "/ip4/8.8.8.8/tcp/0",
            "/dns4/a.b/tcp/1",
            "/ip4/224.0.0.1/tcp/1",
        ]
        let record = try Self.record(1, texts)
        for (scope, expected) in [(DHTScope.loopback, [0]), (.privateNetworks, [1, 2]), (.internet, [2])] {
            var book = try Self.book()
            let news = book.merge([record], scope: scope, unixMilliseconds: Self.now)
            #expect(news.first?.addresses.map { "\($0)" } == expected.map { texts[$0] })
        }
        var book = try Self.book()
        let local = try Self.record(1, ["/ip4/127.0.0.1/tcp/22"])
        #expect(book.merge([local], scope: .internet, unixMilliseconds: Self.now).isEmpty)
    }

    @Test
    func `a way through a relay counts where the relay may be dialed, and not through this node itself`() throws {
        let (relay, me) = (try Self.key(9).peer, try Self.key(0).peer)
        let texts = [
            "/ip4/10.0.0.2/tcp/1", "/ip4/8.8.8.8/tcp/1/p2p/\(relay)/p2p-circuit",
            "/ip4/192.168.1.1/tcp/1/p2p/\(relay)/p2p-circuit", "/ip4/8.8.8.8/tcp/0/p2p/\(relay)/p2p-circuit",
            "/ip4/8.8.4.4/tcp/1/p2p-circuit", "/ip4/8.8.4.4/tcp/1/p2p/\(me)/p2p-circuit",
        ]
        let record = try Self.record(1, texts)
        for (scope, expected) in [(DHTScope.privateNetworks, [0, 1, 2]), (.internet, [1])] {
            var book = try Self.book()
            let news = book.merge([record], scope: scope, unixMilliseconds: Self.now)
            #expect(news.first?.addresses.map { "\($0)" } == expected.map { texts[$0] })
        }
        // Whoever relays for a node passes its record on.
        var book = try Self.book()
        let mine = try Self.record(2, [texts[5]])
        #expect(book.merge([mine], scope: .internet, unixMilliseconds: Self.now).map(\.addresses) == [[]])
        #expect(book[mine.peer] == mine)
    }

    @Test
    func `a node signs where it is reached from everywhere, and ways through several relays`() throws {
        let relays = try [8, 9].map { try Self.key($0).peer }
        let inside = try (1 ... 12).map { try Multiaddr(parsing: "/ip4/10.0.0.\($0)/tcp/1") }
        let outside = try Multiaddr(parsing: "/ip4/8.8.8.8/tcp/1")
        let circuits = try relays.flatMap { relay in
            try (1 ... 4).map { try Multiaddr(parsing: "/ip4/9.9.9.\($0)/tcp/1/p2p/\(relay)/p2p-circuit") }
        }
        let chosen = NodeRecordBook.addresses(toSign: inside + [outside] + circuits)
        #expect(chosen == [outside] + inside.prefix(4) + [circuits[0], circuits[4], circuits[1]])
        #expect(NodeRecordBook.addresses(toSign: [circuits[0]]) == [circuits[0]])
        let (peer, key) = try Self.key(1)
        let record = NodeRecord(peer: peer, sequence: Self.now, addresses: chosen, signedBy: { key.sign($0) })
        #expect(record.addresses == chosen)
        #expect(NodeRecordBook.isCurrent(record, at: chosen, unixMilliseconds: Self.now))
    }

    @Test
    func `a selection begins with the own record, leaves out the asker's, and is bounded`() throws {
        var book = try Self.book()
        for number: UInt8 in 1 ... 40 {
            let record = try Self.record(number, ["/ip4/8.8.8.8/tcp/\(number)"])
            #expect(book.merge([record], scope: .internet, unixMilliseconds: Self.now).count == 1)
        }
        let own = try Self.record(0, ["/ip4/8.8.8.8/tcp/1"])
        let asker = try Self.key(40).peer
        let selection = book.selection(for: asker, own: own, unixMilliseconds: Self.now)
        #expect(selection.count == NodeRecord.recordsMax)
        #expect(selection.first == own)
        #expect(!selection.contains { $0.peer == asker })
        #expect(book.selection(for: asker, own: nil, unixMilliseconds: Self.now + 100_000_000).isEmpty)
    }

    @Test
    func `records come back as they went, and damaged ones are refused`() throws {
        let records = try (1 ... 3).map { try Self.record($0, ["/ip4/8.8.8.8/tcp/1", "/ip6/2a00::1/tcp/2"]) }
        let bytes = NodeRecord.encode(records)
        #expect(try NodeRecord.decode(bytes) == records)
        #expect(try NodeRecord(decoding: records[0].encoded()) == records[0])
        for cut in Damage.truncations(of: bytes) { #expect(throws: WireError.self) { try NodeRecord.decode(cut) } }
        for damaged in Damage.mutations(of: bytes, count: 2_000, seed: 6) {
            if let read = try? NodeRecord.decode(damaged) { #expect(NodeRecord.encode(read) == damaged) }
        }
        // Whatever the addresses, it fits into a value of BEP 44.
        let name = String(repeating: "a", count: 128)
        let long = try Self.record(1, (0 ..< 20).map { "/dns4/\(name)/tcp/\($0 + 1)" })
        #expect(long.addresses.count >= 5)
        #expect(long.encoded().count <= NodeRecord.encodedSizeMax)
        #expect(DHTItem.value(ofBytes: long.encoded()).count <= DHTItem.valueSizeMax)
    }
}

/// Grids over a virtual network: the machine that the shell runs.
@Suite
struct GridDiscoverySimulationTests {
    /// Nodes of one grid, each with its DHT node, among which time passes.
    private struct Network {
        struct Datagram {
            var at: Instant
            var number: Int
            var bytes: [UInt8]
            var from: UDPEndpoint
            var to: UDPEndpoint
        }

        var now = Instant(sinceEpoch: .seconds(100))
        var nodes: [UDPEndpoint: GridDiscovery] = [:]
        var found: [UDPEndpoint: [Multiaddr]] = [:]
        private var queue: [Datagram] = []
        /// The datagrams that were sent.
        private(set) var count = 0

        mutating func add(_ number: Int, grid: String, secret: [UInt8]? = nil, hosts: [Int]) throws {
            let endpoint = VirtualDHT.endpoint(number)
            let key = SigningKey(seed: UInt8(number))
            let configuration = GridDiscovery.Configuration(
                dht: DHTConfiguration(scope: .internet, families: [.v4], isReadOnly: false),
                grid: grid,
                secret: secret,
                peer: try #require(PeerID(publicKey: key.publicKey)),
                sign: { key.sign($0) },
                announcement: .port(7_877),
                addresses: [Multiaddr(ip: endpoint.ip, tcp: 7_877)],
                unixMilliseconds: 1_800_000_000_000
            )
            self.nodes[endpoint] = GridDiscovery(
                configuration: configuration,
                saved: nil,
                seed: [UInt8](repeating: UInt8(number), count: 32),
                now: self.now
            )
            self.call(endpoint) { $0.bootstrap(from: hosts.map { VirtualDHT.endpoint($0) }, now: $1) }
        }

        mutating func call(_ endpoint: UDPEndpoint, _ body: (inout GridDiscovery, Instant) -> [GridDiscovery.Action]) {
            guard var node = self.nodes[endpoint] else { return }
            let actions = body(&node, self.now)
            self.nodes[endpoint] = node
            for action in actions {
                switch action {
                case .send(let bytes, let to):
                    self.count += 1
                    let at = self.now.advanced(by: .milliseconds(20))
                    self.queue.append(Datagram(at: at, number: self.count, bytes: bytes, from: endpoint, to: to))
                case .tryReaching(let addresses): self.found[endpoint, default: []] += addresses
                case .hostsWanted, .statusChanged: break
                }
            }
        }

        mutating func run(for duration: Duration) {
            let end = self.now.advanced(by: duration)
            while true {
                let timer = self.nodes.map { (at: $0.value.nextDeadline, endpoint: $0.key) }
                    .min { ($0.at, $0.endpoint) < ($1.at, $1.endpoint) }
                if let next = self.queue.first, next.at <= min(end, timer?.at ?? end) {
                    self.queue.removeFirst()
                    self.now = max(self.now, next.at)
                    self.call(next.to) { $0.handleDatagram(next.bytes, from: next.from, now: $1) }
                } else if let timer, timer.at <= end {
                    self.now = max(self.now, timer.at)
                    self.call(timer.endpoint) { $0.handleTimeout(now: $1) }
                } else {
                    self.now = end
                    return
                }
            }
        }

        func hasFound(_ finder: Int, _ other: Int) -> Bool {
            let address = Multiaddr(ip: VirtualDHT.endpoint(other).ip, tcp: 7_877)
            return self.found[VirtualDHT.endpoint(finder)]?.contains(address) ?? false
        }
    }

    @Test
    func `nodes of one grid find each other, those of another and strangers do not`() throws {
        var network = Network()
        let secret = [UInt8](repeating: 9, count: 32)
        try network.add(1, grid: "a", hosts: [])
        for number in 2 ... 6 { try network.add(number, grid: number < 4 ? "a" : "b", hosts: [1]) }
        try network.add(7, grid: "a", secret: secret, hosts: [1])
        try network.add(8, grid: "a", secret: secret, hosts: [2])
        network.run(for: .seconds(120))
        let grids = [[1, 2, 3], [4, 5, 6], [7, 8]]
        for finder in 1 ... 8 {
            for other in 1 ... 8 {
                let isExpected = finder != other && grids.contains { $0.contains(finder) && $0.contains(other) }
                #expect(network.hasFound(finder, other) == isExpected, "\(finder) and \(other)")
            }
        }
    }

    @Test
    func `a peer that was lost is found where its record says that it is now`() throws {
        var network = Network()
        try network.add(1, grid: "a", hosts: [])
        for number in 2 ... 9 { try network.add(number, grid: "a", hosts: [1]) }
        network.run(for: .seconds(60))
        let key = SigningKey(seed: 5)
        let peer = try #require(PeerID(publicKey: key.publicKey))
        let elsewhere = try Multiaddr(parsing: "/ip4/9.9.9.9/tcp/4444")
        let relay = try #require(PeerID(publicKey: SigningKey(seed: 99).publicKey))
        let relayed = try Multiaddr(parsing: "/ip4/9.9.9.8/tcp/4444/p2p/\(relay)/p2p-circuit")
        network.call(VirtualDHT.endpoint(5)) { discovery, now in
            discovery.setAddresses([elsewhere, relayed], now: now)
            return []
        }
        network.run(for: .seconds(30))
        network.call(VirtualDHT.endpoint(8)) { $0.disconnected(from: peer, peerCount: 3, now: $1) }
        network.run(for: .seconds(30))
        for address in [elsewhere, relayed] {
            let expected = try #require(address.withPeer(peer))
            #expect(network.found[VirtualDHT.endpoint(8)]?.contains(expected) == true)
        }
    }

    @Test
    func `a port that a router forwards is announced at once, and so is the own one when it does so no more`() throws {
        var network = Network()
        try network.add(1, grid: "a", hosts: [])
        for number in 2 ... 9 { try network.add(number, grid: "a", hosts: [1]) }
        network.run(for: .seconds(60))
        for port: UInt16 in [50_123, 7_877] {
            network.found = [:]
            network.call(VirtualDHT.endpoint(5)) { discovery, now in
                discovery.setAnnouncedPort(port, now: now)
                return discovery.handleTimeout(now: now)
            }
            // Searches are a quarter of an hour apart by then, and what was told is not told again for a while.
            network.run(for: .seconds(1_900))
            let outside = Multiaddr(ip: VirtualDHT.endpoint(5).ip, tcp: port)
            #expect(network.found[VirtualDHT.endpoint(8)]?.contains(outside) == true, "\(port)")
        }
    }

    @Test
    func `a node that knows nobody sends nothing, however long it waits`() throws {
        var network = Network()
        try network.add(1, grid: "a", hosts: [])
        network.run(for: .seconds(3_600))
        #expect(network.count == 0)
    }

    @Test
    func `a node with enough peers is quiet, one that lost some looks again`() throws {
        var network = Network()
        try network.add(1, grid: "a", hosts: [])
        try network.add(2, grid: "a", hosts: [1])
        for number in [1, 2] {
            network.call(VirtualDHT.endpoint(number)) { $0.connected(to: nil, peerCount: 6, now: $1) }
        }
        network.run(for: .seconds(400))
        network.found = [:]
        // The next announcement is what finds them again; searches do not.
        network.run(for: .seconds(200))
        #expect(network.found.isEmpty)
        let peer = try #require(PeerID(publicKey: SigningKey(seed: 2).publicKey))
        network.call(VirtualDHT.endpoint(1)) { $0.disconnected(from: peer, peerCount: 0, now: $1) }
        network.run(for: .seconds(30))
        #expect(network.hasFound(1, 2))
    }
}
