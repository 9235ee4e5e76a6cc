import Discovery
import GridWire
import Testing

@Suite
struct DHTSimulationTests {
    /// A network that grew from its first node, and has settled.
    private static func network(_ count: Int, lossPercent: Int, seed: UInt64) -> VirtualDHT {
        var network = VirtualDHT(seed: seed)
        network.lossPercent = lossPercent
        for number in 0 ..< count {
            network.add(VirtualDHT.endpoint(number), hosts: number == 0 ? [] : [VirtualDHT.endpoint(0)])
            network.run(for: .milliseconds(500))
        }
        network.run(for: .seconds(60))
        return network
    }

    private static func median(_ values: [Int]) -> Int {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    @Test(arguments: [0, 10])
    func `of 64 nodes each finds every peer that was announced`(lossPercent: Int) throws {
        var network = Self.network(64, lossPercent: lossPercent, seed: 64)
        var generator = SeededGenerator(seed: 5)
        var queries: [Int] = []
        var hops: [Int] = []
        let datagramsBefore = network.datagramCount
        var missed = 0
        for round in 0 ..< 32 {
            let infohash = generator.key()
            let announcer = VirtualDHT.endpoint(round * 2 % 64)
            let seeker = VirtualDHT.endpoint((round * 7 + 13) % 64)
            let announced = try #require(
                network.ask(announcer) { $0.findPeers(of: infohash, announcing: .port(7_877), now: $1) }
            )
            #expect(announced.report.stored >= 1)
            let found = try #require(network.ask(seeker) { $0.findPeers(of: infohash, announcing: nil, now: $1) })
            if network.peers(found.id, at: seeker) != [UDPEndpoint(ip: announcer.ip, port: 7_877)], seeker != announcer
            {
                missed += 1
            }
            queries.append(found.report.queries)
            hops.append(found.report.hops)
        }
        #expect(missed == 0)
        #expect(Self.median(hops) <= 4)
        #expect(Self.median(queries) <= 24)
        print(
            "64 nodes, \(lossPercent) % loss: median \(Self.median(hops)) hops and \(Self.median(queries)) queries a lookup;",
            "\(network.datagramCount - datagramsBefore) datagrams for 64 lookups with all upkeep"
        )
    }

    @Test
    func `ids follow the addresses that others see, and all tables fill`() {
        let network = Self.network(32, lossPercent: 0, seed: 8)
        for (endpoint, node) in network.nodes {
            let status = node.status(now: network.now)
            #expect(status.networks[0].externalAddress == endpoint.ip)
            #expect(SecureNodeID.isValid(status.networks[0].id, for: endpoint.ip))
            #expect(status.goodNodes >= 8)
        }
    }

    @Test
    func `an hour of idling costs little and keeps the tables`() {
        var network = Self.network(64, lossPercent: 2, seed: 12)
        let (datagrams, bytes) = (network.datagramCount, network.byteCount)
        network.run(for: .seconds(3_600))
        let bytesPerSecond = (network.byteCount - bytes) / 3_600 / 64
        print(
            "idle: \((network.datagramCount - datagrams) / 64) datagrams an hour and \(bytesPerSecond) B/s from each node"
        )
        #expect(bytesPerSecond < 500)
        for node in network.nodes.values { #expect(node.status(now: network.now).goodNodes >= 8) }
    }

    @Test
    func `half of the nodes may die and lookups still end and find`() throws {
        var network = Self.network(64, lossPercent: 0, seed: 99)
        let infohash = DHTKey(repeatElement(0x5A, count: 20)) ?? .zero
        let announcer = VirtualDHT.endpoint(1)
        _ = network.ask(announcer) { $0.findPeers(of: infohash, announcing: .port(1_234), now: $1) }
        for number in 0 ..< 64 where number % 2 == 0 { network.nodes[VirtualDHT.endpoint(number)] = nil }
        // The next announcement finds living nodes.
        network.run(for: .seconds(15 * 60))
        let again = try #require(
            network.ask(announcer) { $0.findPeers(of: infohash, announcing: .port(1_234), now: $1) }
        )
        #expect(again.report.stored >= 8)
        let seeker = VirtualDHT.endpoint(33)
        let found = try #require(network.ask(seeker) { $0.findPeers(of: infohash, announcing: nil, now: $1) })
        #expect(network.peers(found.id, at: seeker) == [UDPEndpoint(ip: announcer.ip, port: 1_234)])
    }

    @Test
    func `nodes find each other in whichever order they start`() throws {
        for isHostFirst in [true, false] {
            var network = VirtualDHT(seed: 3)
            let (host, other) = (VirtualDHT.endpoint(1), VirtualDHT.endpoint(2))
            if isHostFirst { network.add(host) } else { network.add(other, hosts: [host]) }
            network.run(for: .seconds(100))
            if isHostFirst { network.add(other, hosts: [host]) } else { network.add(host) }
            network.run(for: .seconds(90)) { network in
                network.nodes.values.allSatisfy { $0.status(now: network.now).goodNodes == 1 }
            }
            for node in network.nodes.values { #expect(node.status(now: network.now).goodNodes == 1) }
            #expect(network.told[host]?.contains(.becameUsable(.v4)) == true)
            // With two nodes, each stores for the other.
            let infohash = DHTKey(repeatElement(7, count: 20)) ?? .zero
            _ = network.ask(host) { $0.findPeers(of: infohash, announcing: .port(1), now: $1) }
            let found = try #require(network.ask(other) { $0.findPeers(of: infohash, announcing: .port(2), now: $1) })
            #expect(network.peers(found.id, at: other) == [UDPEndpoint(ip: host.ip, port: 1)])
            let back = try #require(network.ask(host) { $0.findPeers(of: infohash, announcing: nil, now: $1) })
            #expect(network.peers(back.id, at: host).contains(UDPEndpoint(ip: other.ip, port: 2)))
        }
    }

    @Test
    func `a node comes back to its network by what it saved, without a host`() {
        var network = Self.network(24, lossPercent: 0, seed: 31)
        let endpoint = VirtualDHT.endpoint(9)
        let saved = network.nodes[endpoint]?.saved(now: network.now)
        let id = network.nodes[endpoint]?.status(now: network.now).networks[0].id
        network.nodes[endpoint] = nil
        network.run(for: .seconds(600))
        network.add(endpoint, saved: saved)
        network.run(for: .seconds(30))
        let status = network.nodes[endpoint]?.status(now: network.now)
        #expect(status?.networks[0].id == id)
        #expect(status?.goodNodes ?? 0 >= 8)
    }

    @Test
    func `items are stored and found, and a newer version replaces an older one`() throws {
        var network = Self.network(32, lossPercent: 5, seed: 44)
        let (writer, reader) = (VirtualDHT.endpoint(3), VirtualDHT.endpoint(17))
        let fixed = DHTItem.immutable(value: DHTItem.value(ofBytes: [UInt8](repeating: 7, count: 900)))
        let stored = try #require(network.ask(writer) { $0.store(fixed, now: $1) })
        #expect(stored.report.stored >= 4)
        let found = try #require(network.ask(reader) { $0.findItem(fixed.target, now: $1) })
        #expect(network.items(found.id, at: reader) == [fixed])

        let key = SigningKey(seed: 4)
        for sequence: Int64 in 1 ... 3 {
            let item = DHTItem.mutable(key.item("version \(sequence)", sequence: sequence, salt: "grid"))
            _ = try #require(network.ask(writer) { $0.store(item, now: $1) })
            let got = try #require(
                network.ask(reader) { $0.findItem(item.target, salt: [UInt8]("grid".utf8), now: $1) }
            )
            #expect(network.items(got.id, at: reader).last == item)
        }
        // An older one is refused by all who have the newer one, and its writer hears of that.
        let old = DHTItem.mutable(key.item("version 2", sequence: 2, salt: "grid"))
        let refused = try #require(network.ask(VirtualDHT.endpoint(21)) { $0.store(old, now: $1) })
        #expect(refused.report.stored < 8)
        #expect(
            network.items(refused.id, at: VirtualDHT.endpoint(21)).last?.value
                == DHTItem.value(ofBytes: [UInt8]("version 3".utf8))
        )
    }

    @Test
    func `a node that only asks is in nobody's table, and finds all the same`() throws {
        var network = Self.network(16, lossPercent: 0, seed: 71)
        let silent = network.add(VirtualDHT.endpoint(500), isReadOnly: true, hosts: [VirtualDHT.endpoint(0)])
        network.run(for: .seconds(30))
        let infohash = DHTKey(repeatElement(9, count: 20)) ?? .zero
        _ = network.ask(VirtualDHT.endpoint(4)) { $0.findPeers(of: infohash, announcing: .port(77), now: $1) }
        let found = try #require(network.ask(silent) { $0.findPeers(of: infohash, announcing: nil, now: $1) })
        #expect(network.peers(found.id, at: silent).count == 1)
        let id = network.nodes[silent]?.status(now: network.now).networks[0].id ?? .zero
        for number in 0 ..< 16 {
            let near = try #require(
                network.ask(VirtualDHT.endpoint(number)) { $0.findPeers(of: id, announcing: .port(1), now: $1) }
            )
            #expect(near.report.queries > 0)
        }
        // Nobody announced at it: it gives no tokens.
        #expect(network.nodes[silent]?.status(now: network.now).storedPeers == 0)
    }

    @Test
    func `IPv6 is a network of its own`() throws {
        var network = VirtualDHT(seed: 6)
        for number in 0 ..< 12 {
            network.add(VirtualDHT.endpoint6(number), hosts: number == 0 ? [] : [VirtualDHT.endpoint6(0)])
        }
        network.run(for: .seconds(60))
        let infohash = DHTKey(repeatElement(1, count: 20)) ?? .zero
        _ = network.ask(VirtualDHT.endpoint6(5)) { $0.findPeers(of: infohash, announcing: .port(99), now: $1) }
        let seeker = VirtualDHT.endpoint6(8)
        let found = try #require(network.ask(seeker) { $0.findPeers(of: infohash, announcing: nil, now: $1) })
        #expect(network.peers(found.id, at: seeker) == [UDPEndpoint(ip: VirtualDHT.endpoint6(5).ip, port: 99)])
        for (endpoint, node) in network.nodes {
            #expect(SecureNodeID.isValid(node.status(now: network.now).networks[0].id, for: endpoint.ip))
        }
    }
}
