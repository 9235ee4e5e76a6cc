import Discovery
import GridWire
import Testing

/// One node, and what a stranger says to it.
struct LoneNode {
    var node: DHTNode
    var now = Instant(sinceEpoch: .seconds(500))
    private var transaction: UInt8 = 0

    static let id = DHTKey(repeatElement(0x11, count: 20)) ?? .zero

    init(
        scope: DHTScope = .internet,
        isReadOnly: Bool = false,
        families: Set<AddressFamily> = [.v4, .v6],
        seed: UInt8 = 1
    ) {
        self.node = DHTNode(
            configuration: DHTConfiguration(scope: scope, families: families, isReadOnly: isReadOnly),
            saved: nil,
            seed: [UInt8](repeating: seed, count: 32),
            now: self.now
        )
        _ = self.node.handleTimeout(now: self.now)
    }

    mutating func wait(_ duration: Duration) {
        self.now = self.now.advanced(by: duration)
        _ = self.node.handleTimeout(now: self.now)
    }

    /// Sends bytes and gives what goes back to their sender.
    mutating func exchange(_ bytes: [UInt8], from source: UDPEndpoint) -> [KRPCMessage] {
        self.node.handleDatagram(bytes, from: source, now: self.now).compactMap { action in
            guard case .send(let bytes, source) = action else { return nil }
            return try? KRPCMessage(decoding: bytes)
        }
    }

    /// Asks something and gives the answer, or the code of the refusal.
    mutating func ask(
        _ query: KRPCQuery,
        from source: UDPEndpoint,
        id: DHTKey = Self.id,
        isReadOnly: Bool = true
    ) -> KRPCMessage.Body? {
        self.transaction &+= 1
        let message = KRPCMessage(
            transaction: [0xAA, self.transaction],
            body: .query(query, from: id),
            isReadOnly: isReadOnly
        )
        return self.exchange(message.encoded(), from: source).first { $0.transaction == message.transaction }?.body
    }

    mutating func response(_ query: KRPCQuery, from source: UDPEndpoint) -> KRPCResponse? {
        if case .response(let response) = self.ask(query, from: source) { response } else { nil }
    }

    mutating func code(_ query: KRPCQuery, from source: UDPEndpoint) -> Int? {
        if case .error(let code) = self.ask(query, from: source) { code } else { nil }
    }

    /// Answers what the node asks of an endpoint; gives the queries.
    mutating func answer(
        _ actions: [DHTNode.Action],
        as contact: DHTContact,
        with change: (inout KRPCResponse) -> Void = { _ in },
        observed: UDPEndpoint? = nil
    ) -> [DHTNode.Action] {
        var next: [DHTNode.Action] = []
        for case .send(let bytes, contact.endpoint) in actions {
            guard let message = try? KRPCMessage(decoding: bytes), case .query = message.body else { continue }
            var response = KRPCResponse(id: contact.id)
            change(&response)
            let reply = KRPCMessage(transaction: message.transaction, body: .response(response), observed: observed)
            next += self.node.handleDatagram(reply.encoded(), from: contact.endpoint, now: self.now)
        }
        return next
    }

    /// Makes a contact known: the node pings it and it answers.
    mutating func befriend(_ contact: DHTContact, observed: UDPEndpoint? = nil) -> [DHTNode.Action] {
        let actions = self.node.heard(of: contact.endpoint, now: self.now)
        return self.answer(actions, as: contact, observed: observed)
    }
}

private func stranger(_ number: Int, port: UInt16 = 6_881) -> UDPEndpoint {
    UDPEndpoint(ip: VirtualDHT.endpoint(number).ip, port: port)
}

/// A contact whose id fits its address.
private func contact(_ number: Int, seed: UInt64 = 0) -> DHTContact {
    var generator = SeededGenerator(seed: UInt64(number) &+ seed &* 7_919)
    let endpoint = VirtualDHT.endpoint(number)
    return DHTContact(
        id: SecureNodeID.make(for: endpoint.ip, random: generator.key(), lastByte: generator.bytes(1)[0]),
        endpoint: endpoint
    )
}

@Suite
struct DHTServingTests {
    private let infohash = DHTKey(repeatElement(0x42, count: 20)) ?? .zero

    @Test
    func `a ping is answered with the own id and the asker's address`() throws {
        var lone = LoneNode()
        let source = stranger(1)
        let message = KRPCMessage(transaction: [1, 2, 3], body: .query(.ping, from: LoneNode.id), isReadOnly: true)
        let replies = lone.exchange(message.encoded(), from: source)
        let reply = try #require(replies.first)
        #expect(replies.count == 1)
        #expect(reply.transaction == [1, 2, 3])
        #expect(reply.observed == source)
        let id = lone.node.status(now: lone.now).networks[0].id
        #expect(reply.body == .response(KRPCResponse(id: id)))
    }

    @Test
    func `an announcement needs the token of its address, at most ten minutes old`() throws {
        var lone = LoneNode()
        let source = stranger(1)
        func announce(_ token: [UInt8]) -> KRPCQuery {
            .announcePeer(infohash: self.infohash, port: 7_877, token: token)
        }
        let tokenFound = lone.response(.getPeers(infohash: self.infohash, want: nil), from: source)?.token
        let token = try #require(tokenFound)
        #expect(lone.code(announce([1, 2, 3]), from: source) == 203)
        #expect(lone.code(announce([]), from: source) == 203)
        #expect(lone.code(announce(token), from: stranger(2)) == 203)
        // The port does not matter.
        #expect(lone.response(announce(token), from: stranger(1, port: 99)) != nil)
        let found = lone.response(.getPeers(infohash: self.infohash, want: nil), from: stranger(3))
        #expect(found?.peers == [UDPEndpoint(ip: source.ip, port: 7_877)])
        lone.wait(.seconds(299))
        #expect(lone.response(announce(token), from: source) != nil)
        lone.wait(.seconds(302))
        #expect(lone.code(announce(token), from: source) == 203)
    }

    @Test
    func `an announced peer is forgotten after half an hour, and its implied port is the datagram's`() throws {
        var lone = LoneNode()
        let source = stranger(1, port: 5_000)
        let tokenFound = lone.response(.getPeers(infohash: self.infohash, want: nil), from: source)?.token
        let token = try #require(tokenFound)
        _ = lone.ask(.announcePeer(infohash: self.infohash, port: nil, token: token), from: source)
        #expect(lone.response(.getPeers(infohash: self.infohash, want: nil), from: stranger(2))?.peers == [source])
        lone.wait(.seconds(1_801))
        #expect(lone.response(.getPeers(infohash: self.infohash, want: nil), from: stranger(2))?.peers == [])
        #expect(lone.node.status(now: lone.now).storedPeers == 0)
    }

    @Test
    func `the stores are bounded, whoever fills them`() throws {
        var lone = LoneNode()
        var generator = SeededGenerator(seed: 9)
        for number in 0 ..< 400 {
            let source = stranger(number)
            let tokenFound = lone.response(.getPeers(infohash: self.infohash, want: nil), from: source)?.token
            let token = try #require(tokenFound)
            for port: UInt16 in 1 ... 6 {
                _ = lone.ask(.announcePeer(infohash: self.infohash, port: port, token: token), from: source)
            }
            lone.wait(.milliseconds(100))
        }
        #expect(lone.node.status(now: lone.now).storedPeers == 256)
        let source = stranger(1_000)
        let tokenFound = lone.response(.getPeers(infohash: self.infohash, want: nil), from: source)?.token
        let token = try #require(tokenFound)
        for _ in 0 ..< 200 {
            _ = lone.ask(.announcePeer(infohash: generator.key(), port: 1, token: token), from: source)
            let value = DHTItem.value(ofBytes: generator.bytes(20))
            _ = lone.ask(.put(.immutable(value: value), token: token, expecting: nil), from: source)
            lone.wait(.milliseconds(250))
        }
        #expect(lone.node.status(now: lone.now).storedInfohashes == 65)
        #expect(lone.node.status(now: lone.now).storedItems == 64)
    }

    @Test
    func `items follow the rules of versions`() throws {
        var lone = LoneNode()
        let source = stranger(1)
        let key = SigningKey(seed: 2)
        func put(_ item: MutableDHTItem, _ expected: Int64? = nil) -> KRPCQuery {
            let target = DHTItem.mutable(item).target
            let token = lone.response(.get(target: target, newerThan: nil, want: nil), from: source)?.token ?? []
            lone.wait(.seconds(1))
            return .put(.mutable(item), token: token, expecting: expected)
        }
        let first = key.item("one", sequence: 5)
        #expect(lone.code(.put(.mutable(first), token: [1], expecting: nil), from: source) == 203)
        #expect(lone.response(put(first), from: source) != nil)
        #expect(lone.code(put(key.item("older", sequence: 4)), from: source) == 302)
        #expect(lone.code(put(key.item("other", sequence: 5)), from: source) == 302)
        #expect(lone.response(put(first), from: source) != nil)
        #expect(lone.code(put(key.item("two", sequence: 6), 4), from: source) == 301)
        #expect(lone.response(put(key.item("two", sequence: 6), 5), from: source) != nil)
        let forged = MutableDHTItem(
            publicKey: key.publicKey,
            salt: [],
            sequence: 9,
            value: first.value,
            signature: first.signature
        )
        #expect(lone.code(put(forged), from: source) == 206)
        let target = DHTItem.mutable(first).target
        let knownFound = lone.response(.get(target: target, newerThan: 6, want: nil), from: source)
        let known = try #require(knownFound)
        #expect(known.sequence == 6 && known.value == nil && known.publicKey == nil)
        let newerFound = lone.response(.get(target: target, newerThan: 5, want: nil), from: source)
        let newer = try #require(newerFound)
        #expect(newer.item(target: target, salt: []) == .mutable(key.item("two", sequence: 6)))
        lone.wait(.seconds(7_201))
        #expect(lone.response(.get(target: target, newerThan: nil, want: nil), from: source)?.sequence == nil)
    }

    @Test
    func `an address that proved nothing gets at most one datagram more than three times what it sent`() throws {
        var lone = LoneNode()
        for number in 1 ..< 40 { _ = lone.befriend(contact(number)) }
        let writer = contact(50)
        _ = lone.befriend(writer)
        let item = DHTItem.immutable(value: DHTItem.value(ofBytes: [UInt8](repeating: 1, count: 990)))
        let tokenFound = lone.response(.get(target: item.target, newerThan: nil, want: nil), from: writer.endpoint)?
            .token
        let token = try #require(tokenFound)
        #expect(lone.response(.put(item, token: token, expecting: nil), from: writer.endpoint) != nil)

        let victim = stranger(77)
        var (sent, received, withItem) = (0, 0, 0)
        for number in 0 ..< 400 {
            let query = KRPCMessage(
                transaction: [UInt8(number & 255)],
                body: .query(.get(target: item.target, newerThan: nil, want: [.v4, .v6]), from: LoneNode.id)
            ).encoded()
            received += query.count
            for case .send(let bytes, victim) in lone.node.handleDatagram(query, from: victim, now: lone.now) {
                sent += bytes.count
                if bytes.count > 1_000 { withItem += 1 }
            }
            lone.wait(.milliseconds(200))
        }
        #expect(withItem >= 1)
        // 1,500 bytes at first, 5 a second, and the one ping to somebody new.
        #expect(sent <= 1_500 + 3 * received + 5 * 80 + 150)
        // Whoever proved to be there gets the item each time.
        for _ in 0 ..< 10 {
            lone.wait(.seconds(1))
            let found = lone.response(.get(target: item.target, newerThan: nil, want: nil), from: writer.endpoint)
            #expect(found?.value == item.value)
        }
    }

    @Test
    func `no answer is larger than the limit`() throws {
        var lone = LoneNode()
        for number in 1 ..< 60 { _ = lone.befriend(contact(number)) }
        for number in 0 ..< 200 {
            lone.wait(.milliseconds(50))
            let source = stranger(100 + number)
            let tokenFound = lone.response(.getPeers(infohash: self.infohash, want: nil), from: source)?.token
            let token = try #require(tokenFound)
            _ = lone.ask(.announcePeer(infohash: self.infohash, port: 1, token: token), from: source)
        }
        let asker = contact(90)
        _ = lone.befriend(asker)
        let query = KRPCMessage(
            transaction: [1],
            body: .query(.getPeers(infohash: self.infohash, want: [.v4, .v6]), from: asker.id)
        )
        let actions = lone.node.handleDatagram(query.encoded(), from: asker.endpoint, now: lone.now)
        guard case .send(let bytes, _) = try #require(actions.first),
            case .response(let response) = try KRPCMessage(decoding: bytes).body
        else {
            Issue.record("no answer")
            return
        }
        #expect(bytes.count <= 1_024)
        #expect(response.peers.count == 50)
        #expect(response.nodes.count == 8)
    }

    @Test
    func `who asks too much is not heard, and others still are`() {
        var lone = LoneNode()
        var answers = 0
        for _ in 0 ..< 1_000 where lone.ask(.ping, from: stranger(1)) != nil { answers += 1 }
        #expect((1 ... 60).contains(answers))
        #expect(lone.ask(.ping, from: stranger(2)) != nil)
        lone.wait(.seconds(10))
        #expect(lone.ask(.ping, from: stranger(1)) != nil)
    }

    @Test
    func `nobody outside of the scope is heard`() throws {
        func hears(_ scope: DHTScope, _ text: String, port: UInt16 = 6_881) throws -> Bool {
            var lone = LoneNode(scope: scope)
            return lone.ask(.ping, from: UDPEndpoint(ip: try #require(IPAddress(text)), port: port)) != nil
        }
        let global = ["8.8.8.8", "2a00::1"]
        let own = ["10.0.0.1", "192.168.7.7", "172.20.0.1", "fd00::7"]
        let never = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "169.254.1.1", "fe80::1"]
        for text in global {
            #expect(try hears(.internet, text) && hears(.privateNetworks, text) && !hears(.loopback, text))
            #expect(try !hears(.internet, text, port: 0))
        }
        for text in own {
            #expect(try !hears(.internet, text) && hears(.privateNetworks, text) && !hears(.loopback, text))
        }
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            #expect(try !hears(.internet, text) && !hears(.privateNetworks, text) && hears(.loopback, text))
        }
        for text in never + ["2002:7f00:1::", "2001:0:1::"] {
            for scope in [DHTScope.internet, .privateNetworks, .loopback] { #expect(try !hears(scope, text)) }
        }
    }

    @Test
    func `a node that only asks answers nothing`() {
        var lone = LoneNode(isReadOnly: true)
        #expect(lone.ask(.ping, from: stranger(1)) == nil)
        #expect(
            lone.exchange([UInt8]("d1:ad2:id20:abcdefghij0123456789e1:q4:pong1:t2:aa1:y1:qe".utf8), from: stranger(1))
                .isEmpty
        )
        lone.node.setReadOnly(false)
        #expect(lone.ask(.ping, from: stranger(1)) != nil)
    }
}
