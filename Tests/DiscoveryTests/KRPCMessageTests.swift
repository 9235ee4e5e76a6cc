import Discovery
import GridWire
import Testing

@Suite
struct KRPCMessageTests {
    private static let id = DHTKey("6162636465666768696a30313233343536373839") ?? .zero
    private static let target = DHTKey("6d6e6f707172737475767778797a313233343536") ?? .zero

    static func samples() throws -> [KRPCMessage] {
        let key = SigningKey(seed: 7)
        var response = KRPCResponse(id: Self.id)
        response.nodes = [
            DHTContact(id: Self.target, endpoint: UDPEndpoint(ip: .v4(0x0102_0304), port: 6881)),
            DHTContact(id: Self.id, endpoint: UDPEndpoint(ip: .v6(high: 0x2001_0DB8 << 32, low: 1), port: 6882)),
        ]
        response.listedFamilies = [.v4, .v6]
        response.token = [1, 2, 3]
        response.peers = [
            UDPEndpoint(ip: .v4(0x0506_0708), port: 1), UDPEndpoint(ip: .v6(high: 0x2001_0DB8 << 32, low: 2), port: 2),
        ]
        response.setItem(.mutable(key.item("hello", sequence: 4)), newerThan: nil)
        let item = key.item("hello", sequence: 4, salt: "salt")
        let queries: [KRPCQuery] = [
            .ping, .findNode(target: Self.target, want: nil), .findNode(target: Self.target, want: [.v4, .v6]),
            .getPeers(infohash: Self.target, want: [.v6]),
            .announcePeer(infohash: Self.target, port: 7877, token: [9]),
            .announcePeer(infohash: Self.target, port: nil, token: [9]),
            .get(target: Self.target, newerThan: 3, want: nil),
            .put(.immutable(value: [UInt8]("4:spam".utf8)), token: [9], expecting: nil),
            .put(.mutable(item), token: [9], expecting: 3),
        ]
        return queries.map { KRPCMessage(transaction: [1, 2], body: .query($0, from: Self.id), isReadOnly: true) } + [
            KRPCMessage(
                transaction: [0xFF],
                body: .response(response),
                observed: UDPEndpoint(ip: .v4(0x0102_0304), port: 5)
            ),
            KRPCMessage(transaction: [0xFF], body: .error(code: 203)),
        ]
    }

    @Test
    func `every kind of message comes back as it went`() throws {
        for message in try Self.samples() {
            #expect(try KRPCMessage(decoding: message.encoded()) == message)
        }
    }

    @Test
    func `cut and damaged messages are refused or read, never more`() throws {
        for (i, message) in try Self.samples().enumerated() {
            let bytes = message.encoded()
            for cut in Damage.truncations(of: bytes) {
                #expect(throws: KRPCError.self) { try KRPCMessage(decoding: cut) }
            }
            for damaged in Damage.mutations(of: bytes, count: 2_000, seed: UInt64(i)) {
                guard let read = try? KRPCMessage(decoding: damaged) else { continue }
                #expect(read.encoded().count <= 2 * KRPCMessage.sizeMax)
            }
        }
    }

    /// The examples of BEP 5.
    @Test
    func `the examples of the specification are read`() throws {
        func read(_ text: String) throws -> KRPCMessage { try KRPCMessage(decoding: [UInt8](text.utf8)) }
        let ping = try read("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")
        #expect(ping.body == .query(.ping, from: Self.id))
        #expect(ping.transaction == [UInt8]("aa".utf8))
        let pong = try read("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re")
        #expect(pong.body == .response(KRPCResponse(id: Self.target)))
        let find = try read(
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe"
        )
        #expect(find.body == .query(.findNode(target: Self.target, want: nil), from: Self.id))
        let peers = try read(
            "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re"
        )
        guard case .response(let response) = peers.body else {
            Issue.record("no response")
            return
        }
        #expect(response.token == [UInt8]("aoeusnth".utf8))
        #expect(response.peers.map(\.description) == ["97.120.106.101:11893", "105.100.104.116:28269"])
        let announce = try read(
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe"
                + "1:q13:announce_peer1:t2:aa1:y1:qe"
        )
        let token = [UInt8]("aoeusnth".utf8)
        #expect(announce.body == .query(.announcePeer(infohash: Self.target, port: nil, token: token), from: Self.id))
        #expect(try read("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee").body == .error(code: 201))
    }

    @Test(arguments: [
        ("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe", 203, false),
        ("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t0:1:y1:qe", 203, false),
        ("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:qe", 203, false),
        ("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:xe", 203, false),
        ("d1:rd2:id19:abcdefghij012345678e1:t2:aa1:y1:re", 203, false),
        ("d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:y1:qe", 203, true),
        ("d1:ali1ee1:q4:ping1:t2:aa1:y1:qe", 203, true),
        ("d1:ad2:id20:abcdefghij0123456789e1:q4:pong1:t2:aa1:y1:qe", 204, true),
        ("d1:ad2:id20:abcdefghij01234567896:target3:abce1:q9:find_node1:t2:aa1:y1:qe", 203, true),
        (
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti0e5:token1:ae1:q13:announce_peer1:t2:aa1:y1:qe",
            203, true
        ),
        (
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti1099511627776e5:token1:ae1:q13:announce_peer1:t2:aa1:y1:qe",
            203, true
        ),
        ("d1:ad2:id20:abcdefghij01234567895:token1:ae1:q3:put1:t2:aa1:y1:qe", 203, true),
        ("d1:ad2:id20:abcdefghij01234567891:k1:x5:token1:a1:v1:xe1:q3:put1:t2:aa1:y1:qe", 203, true),
    ])
    func `a bad query is answered when it can be, anything else is not`(text: String, code: Int, isAnswerable: Bool) {
        do {
            _ = try KRPCMessage(decoding: [UInt8](text.utf8))
            Issue.record("\(text) was read")
        } catch {
            #expect(error.code.rawValue == code)
            #expect((error.transaction != nil) == isAnswerable)
        }
    }

    @Test
    func `a value over 1,000 bytes and a salt over 64 have errors of their own`() throws {
        let key = SigningKey(seed: 1)
        func code(_ query: KRPCQuery) -> KRPCError.Code? {
            do {
                _ = try KRPCMessage(
                    decoding: KRPCMessage(transaction: [1], body: .query(query, from: Self.id)).encoded()
                )
                return nil
            } catch {
                return error.code
            }
        }
        let fits = DHTItem.value(ofBytes: [UInt8](repeating: 1, count: 996))
        let tooBig = DHTItem.value(ofBytes: [UInt8](repeating: 1, count: 997))
        #expect(fits.count == 1_000)
        #expect(code(.put(.immutable(value: fits), token: [1], expecting: nil)) == nil)
        #expect(code(.put(.immutable(value: tooBig), token: [1], expecting: nil)) == .valueTooBig)
        let salt = String(repeating: "x", count: 65)
        #expect(
            code(.put(.mutable(key.item("a", sequence: 1, salt: salt)), token: [1], expecting: nil)) == .saltTooBig
        )
    }

    @Test
    func `a datagram over the limit is not looked into`() {
        let padding = [UInt8](repeating: 0x61, count: KRPCMessage.sizeMax)
        let message = [UInt8]("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:x\(padding.count):".utf8) + padding
        #expect(throws: KRPCError.self) { try KRPCMessage(decoding: message + [UInt8]("1:y1:qe".utf8)) }
    }

    @Test
    func `a list of nodes is read up to its limit and its broken end is ignored`() {
        let contact = DHTContact(id: Self.id, endpoint: UDPEndpoint(ip: .v4(7), port: 8))
        let bytes = [[UInt8]](repeating: contact.compact, count: 20).reduce([], +) + [1, 2, 3]
        #expect(DHTContact.list(compact: bytes, family: .v4, countMax: 16).count == 16)
        #expect(DHTContact.list(compact: bytes, family: .v4, countMax: 100).count == 20)
        // An IPv4 address in an IPv6 coat belongs to the other list.
        let mapped = Self.id.bytes + [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 1, 2, 3, 4, 0, 9]
        #expect(DHTContact.list(compact: mapped, family: .v6, countMax: 8).isEmpty)
    }
}
