import Discovery
import GridWire
import Testing

private func contact(_ number: Int, seed: UInt64 = 0) -> DHTContact {
    var generator = SeededGenerator(seed: UInt64(number) &+ seed &* 7_919)
    let endpoint = VirtualDHT.endpoint(number)
    return DHTContact(
        id: SecureNodeID.make(for: endpoint.ip, random: generator.key(), lastByte: generator.bytes(1)[0]),
        endpoint: endpoint
    )
}

@Suite
struct DHTDefenceTests {
    private func good(_ lone: LoneNode) -> Int {
        lone.node.status(now: lone.now).goodNodes
    }

    @Test
    func `a stranger is in the table only after it answered, and is pinged once`() throws {
        var lone = LoneNode()
        let asker = contact(1)
        var pings: [[UInt8]] = []
        for _ in 0 ..< 20 {
            let query = KRPCMessage(transaction: [1], body: .query(.ping, from: asker.id))
            let actions = lone.node.handleDatagram(query.encoded(), from: asker.endpoint, now: lone.now)
            for case .send(let bytes, asker.endpoint) in actions {
                if case .query = try KRPCMessage(decoding: bytes).body { pings.append(bytes) }
            }
        }
        #expect(pings.count == 1)
        #expect(self.good(lone) == 0)
        let transaction = try KRPCMessage(decoding: try #require(pings.first)).transaction
        let answer = KRPCMessage(transaction: transaction, body: .response(KRPCResponse(id: asker.id)))
        // Not from another address or port, and not twice.
        for forger in [contact(2).endpoint, UDPEndpoint(ip: asker.endpoint.ip, port: 1_025)] {
            _ = lone.node.handleDatagram(answer.encoded(), from: forger, now: lone.now)
            #expect(self.good(lone) == 0)
        }
        let actions = lone.node.handleDatagram(answer.encoded(), from: asker.endpoint, now: lone.now)
        #expect(actions.contains(.becameUsable(.v4)))
        #expect(self.good(lone) == 1)
    }

    @Test
    func `a read-only asker is never pinged`() {
        var lone = LoneNode()
        let query = KRPCMessage(transaction: [1], body: .query(.ping, from: contact(1).id), isReadOnly: true)
        #expect(lone.node.handleDatagram(query.encoded(), from: contact(1).endpoint, now: lone.now).count == 1)
    }

    @Test
    func `an address has one place in the table, a block four, an id one`() {
        var lone = LoneNode()
        let first = contact(1)
        _ = lone.befriend(first)
        // Another port of the same address.
        _ = lone.befriend(DHTContact(id: contact(2).id, endpoint: UDPEndpoint(ip: first.endpoint.ip, port: 7_000)))
        #expect(self.good(lone) == 1)
        // The same id elsewhere.
        _ = lone.befriend(DHTContact(id: first.id, endpoint: contact(3).endpoint))
        #expect(self.good(lone) == 1)
        // The same endpoint with another id is another node.
        lone.wait(.seconds(10))
        for host: UInt32 in 1 ... 40 {
            let ip = IPAddress.v4(0x0C01_0200 | host)
            var generator = SeededGenerator(seed: UInt64(host))
            let id = SecureNodeID.make(for: ip, random: generator.key(), lastByte: generator.bytes(1)[0])
            _ = lone.befriend(DHTContact(id: id, endpoint: UDPEndpoint(ip: ip, port: 6_881)))
            lone.wait(.milliseconds(100))
        }
        #expect((2 ... 5).contains(self.good(lone)))
    }

    @Test
    func `nodes that stop answering are told to nobody, and others take their places`() throws {
        var lone = LoneNode(families: [.v4])
        // All on the far side of the own id, so that they share a bucket.
        let own = lone.node.status(now: lone.now).networks[0].id
        let far = (0 ..< 2_000).map { contact($0) }.filter { own.commonPrefixLength(with: $0.id) == 0 }
        #expect(far.count > 40)
        for contact in far.prefix(12) { _ = lone.befriend(contact) }
        #expect(self.good(lone) == 8)
        // Nobody answers any more: four who waited are pinged, and answer.
        var places: Set<UDPEndpoint> = []
        for _ in 0 ..< 900 {
            lone.now = lone.now.advanced(by: .seconds(2))
            let actions = lone.node.handleTimeout(now: lone.now)
            for contact in far[8 ..< 12] {
                let next = lone.answer(actions, as: contact)
                if actions.contains(where: { if case .send(_, contact.endpoint) = $0 { true } else { false } }) {
                    places.insert(contact.endpoint)
                }
                for other in far[8 ..< 12] { _ = lone.answer(next, as: other) }
            }
        }
        #expect(places.count == 4)
        let asker = contact(5_000).endpoint
        let target = far[0].id
        let answer = lone.response(.findNode(target: target, want: [.v4]), from: asker)
        let told = try #require(answer)
        #expect(Set(told.nodes.map(\.endpoint)).isSubset(of: far[8 ..< 12].map(\.endpoint)))
        #expect(!told.nodes.isEmpty)
    }

    @Test
    func `a poisoned answer aims a lookup at no victim`() {
        var lone = LoneNode(families: [.v4])
        let liar = contact(1)
        _ = lone.befriend(liar)
        let target = DHTKey(repeatElement(0x77, count: 20)) ?? .zero
        let victim = IPAddress.v4(0x0909_0909)
        var sent: [UDPEndpoint: Int] = [:]
        func count(_ actions: [DHTNode.Action]) {
            for case .send(_, let endpoint) in actions { sent[endpoint, default: 0] += 1 }
        }
        var (_, actions) = lone.node.findPeers(of: target, announcing: nil, now: lone.now)
        var generator = SeededGenerator(seed: 4)
        for _ in 0 ..< 20 {
            count(actions)
            actions = lone.answer(
                actions,
                as: liar,
                with: { response in
                    // Many ports of one address, many addresses of one block, and what nobody may be sent to ask.
                    let endpoints =
                        (0 ..< 8).map { UDPEndpoint(ip: victim, port: 2_000 + $0) }
                        + (0 ..< 4).map { UDPEndpoint(ip: .v4(0x0909_0A00 + $0), port: 6_881) }
                        + [
                            UDPEndpoint(ip: .loopback, port: 6_881), UDPEndpoint(ip: .v4(0x0A00_0001), port: 6_881),
                            UDPEndpoint(ip: .v4(0xE000_00FB), port: 5_353), UDPEndpoint(ip: .v4(0x0707_0707), port: 53),
                        ]
                    response.nodes = endpoints.map {
                        DHTContact(id: target.neighbour(commonPrefixLength: 100, random: generator.key()), endpoint: $0)
                    }
                    response.nodes.shuffle(using: &generator)
                }
            )
            lone.now = lone.now.advanced(by: .seconds(2))
            actions += lone.node.handleTimeout(now: lone.now)
        }
        let toVictim = sent.filter { $0.key.ip == victim }.values.reduce(0, +)
        // One for each lookup until the first is known to be silent; the table's upkeep is fed the same lies.
        #expect(toVictim <= 4)
        let toBlock = sent.filter { DHTDefenceTests.isIn($0.key.ip, 0x0909_0A) }.values.reduce(0, +)
        #expect(toBlock <= 4)
        #expect(!sent.keys.contains { $0.ip.isLoopback || $0.ip.isPrivate || $0.ip.isMulticast || $0.port == 53 })
    }

    private static func isIn(_ ip: IPAddress, _ prefix: UInt32) -> Bool {
        if case .v4(let value) = ip { value >> 8 == prefix } else { false }
    }

    @Test
    func `the own address needs four votes from different blocks, and private ones do not count`() {
        var lone = LoneNode(families: [.v4])
        let own = UDPEndpoint(ip: .v4(0x0505_0505), port: 1)
        let old = lone.node.status(now: lone.now).networks[0].id
        // One voter many times, and many voters of one block.
        for host: UInt32 in 1 ... 12 {
            let liar = DHTContact(id: contact(1).id, endpoint: UDPEndpoint(ip: .v4(0x0B00_0100 | host), port: 6_881))
            #expect(!lone.befriend(liar, observed: own).contains(.learnedExternalAddress(own.ip)))
        }
        for number in 2 ... 3 {
            #expect(!lone.befriend(contact(number), observed: own).contains(.learnedExternalAddress(own.ip)))
        }
        #expect(lone.node.status(now: lone.now).networks[0].id == old)
        #expect(lone.befriend(contact(4), observed: own).contains(.learnedExternalAddress(own.ip)))
        let status = lone.node.status(now: lone.now).networks[0]
        #expect(status.externalAddress == own.ip)
        #expect(SecureNodeID.isValid(status.id, for: own.ip))
        #expect(status.nodes >= 3)
        // Not again within five minutes, whoever says so.
        let other = UDPEndpoint(ip: .v4(0x0606_0606), port: 1)
        for number in 10 ..< 40 {
            #expect(!lone.befriend(contact(number), observed: other).contains(.learnedExternalAddress(other.ip)))
        }
        var deaf = LoneNode(families: [.v4])
        for number in 0 ..< 20 {
            let actions = deaf.befriend(contact(number), observed: UDPEndpoint(ip: .v4(0x0A00_0001), port: 1))
            #expect(!actions.contains(.learnedExternalAddress(.v4(0x0A00_0001))))
        }
    }

    @Test
    func `whatever comes, the next ping is answered and memory stays where it is`() throws {
        var lone = LoneNode()
        for number in 1 ..< 30 { _ = lone.befriend(contact(number)) }
        let before = lone.node.memoryCount
        var inputs: [[UInt8]] = [[], [0], [UInt8](repeating: 0x6C, count: 1_500), [UInt8](repeating: 0, count: 65_507)]
        for (i, sample) in try KRPCMessageTests.samples().enumerated() {
            let bytes = sample.encoded()
            inputs += Damage.mutations(of: bytes, count: 60, seed: UInt64(i))
            inputs += Damage.truncations(of: bytes).prefix(40)
        }
        var generator = SeededGenerator(seed: 2)
        for _ in 0 ..< 200 { inputs.append(generator.bytes(Int.random(in: 1 ..< 300, using: &generator))) }
        #expect(inputs.count >= 300)
        let attacker = contact(900).endpoint
        let honest = contact(901).endpoint
        for input in inputs {
            lone.now = lone.now.advanced(by: .milliseconds(200))
            _ = lone.node.handleDatagram(input, from: attacker, now: lone.now)
            #expect(lone.ask(.ping, from: honest) != nil)
        }
        // The two of them, their allowances, and what the attacker stored with its one token.
        #expect(lone.node.memoryCount <= before + 20)
        print(
            "\(inputs.count) malformed datagrams: every ping was answered, \(lone.node.memoryCount - before) entries more"
        )
    }

    @Test
    func `memory is bounded under a flood from everywhere`() {
        var lone = LoneNode()
        var generator = SeededGenerator(seed: 77)
        for _ in 0 ..< 60_000 {
            let source = UDPEndpoint(
                ip: .v4(UInt32.random(in: 0x0B00_0000 ..< 0xDF00_0000, using: &generator)),
                port: 9_999
            )
            let query = KRPCQuery.getPeers(infohash: generator.key(), want: nil)
            let message = KRPCMessage(transaction: [1], body: .query(query, from: generator.key()))
            _ = lone.node.handleDatagram(message.encoded(), from: source, now: lone.now)
            lone.now = lone.now.advanced(by: .milliseconds(1))
            if lone.node.nextDeadline <= lone.now { _ = lone.node.handleTimeout(now: lone.now) }
        }
        #expect(lone.node.memoryCount < 24_000)
        lone.wait(.seconds(5))
        #expect(lone.ask(.ping, from: contact(1).endpoint) != nil)
    }

    @Test
    func `a saved state comes back, and a damaged one is as good as none`() {
        var lone = LoneNode()
        for number in 1 ..< 20 { _ = lone.befriend(contact(number)) }
        let saved = lone.node.saved(now: lone.now)
        func start(_ bytes: [UInt8]) -> DHTNode {
            DHTNode(
                configuration: DHTConfiguration(scope: .internet, families: [.v4, .v6], isReadOnly: false),
                saved: bytes,
                seed: [UInt8](repeating: 5, count: 32),
                now: lone.now
            )
        }
        var again = start(saved)
        #expect(again.status(now: lone.now).networks.map(\.id) == lone.node.status(now: lone.now).networks.map(\.id))
        // Nothing of it is believed before it answers; it is asked at once, and kept if nobody does.
        #expect(again.status(now: lone.now).goodNodes == 0)
        let asked = again.handleTimeout(now: lone.now)
        #expect(asked.contains { if case .send = $0 { true } else { false } })
        #expect(again.saved(now: lone.now) == saved)
        for bytes in Damage.truncations(of: saved) + Damage.mutations(of: saved, count: 500, seed: 3) {
            var node = start(bytes)
            _ = node.handleTimeout(now: lone.now)
        }
    }
}
