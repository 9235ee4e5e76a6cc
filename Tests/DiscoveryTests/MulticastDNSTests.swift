import Discovery
import GridWire
import Testing

private let start = Instant(sinceEpoch: .seconds(50))

private func after(_ seconds: Double) -> Instant {
    start.advanced(by: .seconds(seconds))
}

private func bytes(_ hex: String) -> [UInt8] {
    Hex.decode(hex) ?? []
}

private func peer(_ number: UInt8) throws -> PeerID {
    try #require(PeerID(publicKey: [UInt8](repeating: number, count: 32)))
}

private func address(_ text: String) throws -> Multiaddr {
    try Multiaddr(parsing: text)
}

private let neighbour = IPAddress.v4(0xC000_0207)

@Suite
struct MulticastDNSTests {
    static let query = bytes("000000000001000000000000045f703270045f756470056c6f63616c00000c0001")

    private func machine(
        _ number: UInt8 = 1,
        _ addresses: [String] = ["/ip4/192.0.2.1/tcp/4001"],
        isLoopbackOnly: Bool = false
    ) throws -> MulticastDNS {
        MulticastDNS(
            configuration: .init(
                peer: try peer(number),
                addresses: try addresses.map(address),
                isLoopbackOnly: isLoopbackOnly
            ),
            entropy: { [UInt8](repeating: number, count: $0) },
            now: start
        )
    }

    /// A machine whose first query and announcement are sent.
    private func quiet(_ number: UInt8 = 1, _ addresses: [String] = ["/ip4/192.0.2.1/tcp/4001"]) throws -> MulticastDNS
    {
        var machine = try self.machine(number, addresses)
        _ = machine.handleTimeout(now: start)
        return machine
    }

    private func response(_ actions: [MulticastDNS.Action]) throws -> [UInt8] {
        let datagrams = actions.compactMap { if case .sendMulticast(let bytes) = $0 { bytes } else { nil } }
        return try #require(datagrams.last { $0[2] == 0x84 })
    }

    @Test
    func `the query is the reference one, at 0, 1 and 3 seconds and then each minute`() throws {
        var machine = try self.machine()
        var times: [Duration] = []
        for _ in 0 ..< 6 {
            let deadline = try #require(machine.nextDeadline)
            let actions = machine.handleTimeout(now: deadline)
            #expect(actions.first == .sendMulticast(Self.query))
            #expect(machine.handleTimeout(now: deadline).isEmpty)
            times.append(start.duration(to: deadline))
        }
        #expect(times == [.zero, .seconds(1), .seconds(3), .seconds(63), .seconds(123), .seconds(183)])
    }

    @Test
    func `two machines find each other`() throws {
        var a = try self.machine(1, ["/ip4/192.0.2.1/tcp/4001", "/ip6/2001:db8::1/tcp/4001"])
        var b = try self.machine(2, ["/ip4/192.0.2.2/tcp/4002"])
        let fromA = a.handleTimeout(now: start)
        #expect(fromA.count == 2)
        var heard: [MulticastDNS.Action] = []
        for case .sendMulticast(let bytes) in fromA {
            heard += b.handleDatagram(bytes, from: neighbour, port: 5353, now: start)
        }
        #expect(
            heard.contains(
                .discovered(
                    peer: try peer(1),
                    addresses: [try address("/ip4/192.0.2.1/tcp/4001"), try address("/ip6/2001:db8::1/tcp/4001")]
                )
            )
        )
        let answer = try self.response(heard)
        #expect(
            a.handleDatagram(answer, from: neighbour, port: 5353, now: start)
                == [.discovered(peer: try peer(2), addresses: [try address("/ip4/192.0.2.2/tcp/4002")])]
        )
    }

    @Test
    func `a response is one PTR and one TXT under a random name`() throws {
        var machine = try self.machine()
        let message = try DNSMessage(decoding: try self.response(machine.handleTimeout(now: start)))
        let name = DNSName(
            labels: [[UInt8](repeating: UInt8(ascii: "b"), count: 32)] + DNSName("_p2p._udp.local").labels
        )
        let text = "dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/\(try peer(1))"
        #expect(
            message
                == DNSMessage(
                    isResponse: true,
                    records: [
                        .init(name: DNSName("_p2p._udp.local"), timeToLive: 120, content: .pointer(name)),
                        .init(name: name, timeToLive: 120, content: .text([[UInt8](text.utf8)])),
                    ]
                )
        )
    }

    @Test
    func `queries are answered once a second`() throws {
        var machine = try self.quiet()
        #expect(machine.handleDatagram(Self.query, from: neighbour, port: 5353, now: after(0.5)).isEmpty)
        #expect(machine.handleDatagram(Self.query, from: neighbour, port: 5353, now: after(0.6)).isEmpty)
        #expect(machine.nextDeadline == after(1))
        // The second query is due as well.
        #expect(machine.handleTimeout(now: after(1)).count == 2)
        #expect(machine.handleTimeout(now: after(1)).isEmpty)
        #expect(machine.handleDatagram(Self.query, from: neighbour, port: 5353, now: after(2.5)).count == 1)
        #expect(machine.handleDatagram(Self.query, from: neighbour, port: 5353, now: after(2.6)).isEmpty)
    }

    @Test
    func `queries for all services, for any type and in capitals are understood`() throws {
        var machine = try self.quiet()
        let meta = DNSMessage(
            isResponse: false,
            questions: [.init(name: DNSName("_services._dns-sd._udp.local"), type: 12)]
        )
        let answers = machine.handleDatagram(meta.encoded(), from: neighbour, port: 5353, now: after(2))
        #expect(answers.count == 2)
        var any = Self.query
        any[any.count - 3] = 255
        #expect(machine.handleDatagram(any, from: neighbour, port: 5353, now: after(4)).count == 1)
        var capitals = Self.query
        (capitals[14], capitals[26]) = (UInt8(ascii: "P"), UInt8(ascii: "A"))
        #expect(machine.handleDatagram(capitals, from: neighbour, port: 5353, now: after(6)).count == 1)
        // A unicast answer wished: the group is answered.
        var unicast = Self.query
        unicast[unicast.count - 2] = 0x80
        #expect(machine.handleDatagram(unicast, from: neighbour, port: 5353, now: after(8)).count == 1)
        let other = DNSMessage(isResponse: false, questions: [.init(name: DNSName("_http._tcp.local"), type: 12)])
        #expect(machine.handleDatagram(other.encoded(), from: neighbour, port: 5353, now: after(10)).isEmpty)
    }

    @Test
    func `our own words, and ourselves under another name, are ignored`() throws {
        var machine = try self.machine()
        let own = try self.response(machine.handleTimeout(now: start))
        #expect(machine.handleDatagram(own, from: neighbour, port: 5353, now: after(0.1)).isEmpty)
        var other = try self.machine(1)
        let same = try self.response(other.handleTimeout(now: start))
        #expect(machine.handleDatagram(same, from: neighbour, port: 5353, now: after(0.2)).isEmpty)
    }

    @Test
    func `a peer is told again when it says something new, or after a while`() throws {
        var machine = try self.quiet()
        var other = try self.machine(2, ["/ip4/192.0.2.2/tcp/4002"])
        let first = try self.response(other.handleTimeout(now: start))
        #expect(machine.handleDatagram(first, from: neighbour, port: 5353, now: after(1)).count == 1)
        #expect(machine.handleDatagram(first, from: neighbour, port: 5353, now: after(2)).isEmpty)
        other.setAddresses([try address("/ip4/192.0.2.2/tcp/9")], now: after(2))
        #expect(other.nextDeadline == after(1))
        let second = try self.response(other.handleTimeout(now: after(2)))
        #expect(
            machine.handleDatagram(second, from: neighbour, port: 5353, now: after(2))
                == [.discovered(peer: try peer(2), addresses: [try address("/ip4/192.0.2.2/tcp/9")])]
        )
        #expect(machine.handleDatagram(second, from: neighbour, port: 5353, now: after(31)).isEmpty)
        #expect(machine.handleDatagram(second, from: neighbour, port: 5353, now: after(32)).count == 1)
        // After a goodbye it is new at once.
        let goodbye = try self.response(other.goodbye())
        #expect(machine.handleDatagram(goodbye, from: neighbour, port: 5353, now: after(33)).isEmpty)
        #expect(machine.handleDatagram(second, from: neighbour, port: 5353, now: after(34)).count == 1)
    }

    @Test
    func `loopback nodes and others keep apart`() throws {
        let both = ["/ip4/127.0.0.1/tcp/4001", "/ip4/192.0.2.3/tcp/4001"]
        var network = try self.machine(1, both)
        var loopback = try self.machine(2, both, isLoopbackOnly: true)
        var third = try self.machine(3, both, isLoopbackOnly: true)
        let fromNetwork = try self.response(network.handleTimeout(now: start))
        let fromLoopback = try self.response(loopback.handleTimeout(now: start))
        _ = third.handleTimeout(now: start)
        #expect(!String(decoding: fromNetwork, as: UTF8.self).contains("127.0.0.1"))
        #expect(!String(decoding: fromLoopback, as: UTF8.self).contains("192.0.2.3"))
        #expect(network.handleDatagram(fromLoopback, from: .loopback, port: 5353, now: after(0.1)).isEmpty)
        #expect(third.handleDatagram(fromNetwork, from: .loopback, port: 5353, now: after(0.1)).isEmpty)
        #expect(third.handleDatagram(fromLoopback, from: neighbour, port: 5353, now: after(0.1)).isEmpty)
        #expect(
            third.handleDatagram(fromLoopback, from: .loopback, port: 5353, now: after(0.1))
                == [.discovered(peer: try peer(2), addresses: [try address("/ip4/127.0.0.1/tcp/4001")])]
        )
    }

    private func announcement(_ strings: [String], name: String = "x._p2p._udp.local") -> [UInt8] {
        DNSMessage(
            isResponse: true,
            records: [.init(name: DNSName(name), timeToLive: 120, content: .text(strings.map { [UInt8]($0.utf8) }))]
        ).encoded()
    }

    @Test
    func `only addresses that can be dialed are told`() throws {
        let id = try peer(9)
        let bad = [
            "dnsaddr=/ip4/192.0.2.7/tcp/4001",
            "dnsaddr=/ip4/127.0.0.1/tcp/4001/p2p/\(id)",
            "dnsaddr=/ip6/::1/tcp/4001/p2p/\(id)",
            "dnsaddr=/ip4/0.0.0.0/tcp/4001/p2p/\(id)",
            "dnsaddr=/ip4/224.0.0.251/tcp/4001/p2p/\(id)",
            "dnsaddr=/ip4/192.0.2.7/tcp/0/p2p/\(id)",
            "dnsaddr=/ip4/192.0.2.7/udp/4001/p2p/\(id)",
            "dnsaddr=/dns4/localhost/tcp/4001/p2p/\(id)",
            "dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/\(id)/p2p-circuit/p2p/\(id)",
            "dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
            "/ip4/192.0.2.7/tcp/4001/p2p/\(id)",
            "id=\(id)",
            "dnsaddr=",
            "",
        ]
        for string in bad {
            var machine = try self.quiet()
            let actions = machine.handleDatagram(
                self.announcement([string]),
                from: neighbour,
                port: 5353,
                now: after(1)
            )
            #expect(actions.isEmpty, "\(string)")
        }
        var machine = try self.quiet()
        let good = "dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/\(id)"
        #expect(
            machine.handleDatagram(self.announcement(bad + [good, good]), from: neighbour, port: 5353, now: after(1))
                == [.discovered(peer: id, addresses: [try address("/ip4/192.0.2.7/tcp/4001")])]
        )
        let elsewhere = self.announcement([good], name: "x._http._tcp.local")
        var other = try self.quiet()
        #expect(other.handleDatagram(elsewhere, from: neighbour, port: 5353, now: after(1)).isEmpty)
    }

    @Test
    func `addresses, peers and senders are bounded`() throws {
        var machine = try self.quiet()
        let id = try peer(9)
        let many = (1 ... 60).map { "dnsaddr=/ip4/192.0.2.\($0)/tcp/4001/p2p/\(id)" }
        let told = machine.handleDatagram(self.announcement(many), from: neighbour, port: 5353, now: after(1))
        guard case .discovered(_, let addresses)? = told.first else {
            Issue.record("nothing told")
            return
        }
        #expect(addresses.count == MulticastDNS.addressCountMax)
        let crowd = try (UInt8(10) ..< 80).map { "dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/\(try peer($0))" }
        let peers = machine.handleDatagram(self.announcement(crowd), from: neighbour, port: 5353, now: after(1))
        #expect(peers.count == MulticastDNS.peerCountMax)
        // One sender tires itself out, another is heard still; and all together have a bound.
        var heard = 0
        for number in 0 ..< 1000 {
            let news = self.announcement(["dnsaddr=/ip4/192.0.2.1/tcp/\(number + 1)/p2p/\(id)"])
            heard += machine.handleDatagram(news, from: .v4(1), port: 5353, now: after(2)).count
        }
        #expect(heard == 60)
        let news = self.announcement(["dnsaddr=/ip4/192.0.2.1/tcp/7777/p2p/\(id)"])
        #expect(machine.handleDatagram(news, from: .v4(2), port: 5353, now: after(2)).count == 1)
        heard = 0
        for number in 0 ..< 10_000 {
            let news = self.announcement(["dnsaddr=/ip4/192.0.2.1/tcp/\(number + 1)/p2p/\(id)"])
            heard += machine.handleDatagram(news, from: .v4(UInt32(number) + 3), port: 5353, now: after(2)).count
        }
        #expect(heard < 200)
        #expect(machine.handleDatagram(news, from: neighbour, port: 5353, now: after(9)).count == 1)
    }

    @Test
    func `what does not fit one datagram is left out`() throws {
        var machine = try self.machine(1, (1 ... 16).map { "/ip6/2001:db8:aaaa:bbbb:cccc:dddd:eeee:\($0)/tcp/40001" })
        let response = try self.response(machine.handleTimeout(now: start))
        #expect(response.count <= MulticastDNS.sentSizeMax && response.count > 1200)
        // Without an address there is nothing to say.
        var silent = try self.machine(1, [])
        #expect(silent.handleTimeout(now: start) == [.sendMulticast(Self.query)])
        #expect(silent.goodbye().isEmpty)
    }

    @Test
    func `a compressed response is read`() throws {
        let text = [UInt8]("dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/\(try peer(9))".utf8)
        let header = bytes("000084000000000100000001")
        // At 12: the service. The PTR's data is one label and a pointer to 12; the TXT's name points to that label.
        let service = bytes("045f703270045f756470056c6f63616c00")
        let pointer = service + bytes("000c0001000000780005") + bytes("0261 62c00c".filter { $0 != " " })
        let nameOffset = UInt8(12 + service.count + 10)
        let record =
            [0xc0, nameOffset] + bytes("001080010000007800") + [UInt8(text.count + 1), UInt8(text.count)] + text
        var machine = try self.quiet()
        #expect(
            machine.handleDatagram(header + pointer + record, from: neighbour, port: 5353, now: after(1))
                == [.discovered(peer: try peer(9), addresses: [try address("/ip4/192.0.2.7/tcp/4001")])]
        )
    }

    @Test
    func `a response of py-libp2p's library is read`() throws {
        // python-zeroconf 0.150.5: PTR, SRV, TXT and A, all compressed.
        let datagram = bytes(
            "000084000000000100000003045f703270045f756470056c6f63616c00000c0001000011940023206162636465666768"
                + "696a6b6c6d6e6f707172737475767778797a303132333435c00cc02700218001000000780029000000000fa120616263"
                + "6465666768696a6b6c6d6e6f707172737475767778797a303132333435c016c0270010800100001194005958646e7361"
                + "6464723d2f6970342f3139322e302e322e372f7463702f343030312f7032702f313244334b6f6f574134586f70314a61"
                + "54334d487877594d6b436570597376346950566f704d5877437a35694859644266655342c05c00018001000000780004"
                + "c0000207"
        )
        var machine = try self.quiet()
        #expect(
            machine.handleDatagram(datagram, from: neighbour, port: 5353, now: after(1))
                == [
                    .discovered(
                        peer: try PeerID(parsing: "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB"),
                        addresses: [try address("/ip4/192.0.2.7/tcp/4001")]
                    )
                ]
        )
    }
}

@Suite
struct DNSMessageTests {
    private let header = bytes("000000000001000000000000")

    @Test
    func `pointers that loop, lead forward or to themselves are refused`() {
        for name in ["c00c", "c00d", "c0ff", "0161c00c", "0161c00e", "c00ec00c", "ffff"] {
            #expect(throws: DNSMessage.Malformed.self) {
                try DNSMessage(decoding: header + bytes(name) + bytes("000c0001"))
            }
        }
    }

    @Test
    func `a chain of backward pointers is followed, but not for ever`() throws {
        // The data of the first record is a name and a chain of pointers, each to the one before it; the name of the
        // second record is a pointer to the last.
        func message(_ count: Int) -> [UInt8] {
            let start = 12 + 11
            var data: [UInt8] = [1, 97, 0]
            var last = start
            for _ in 0 ..< count {
                let here = start + data.count
                data += [0xc0, UInt8(last)]
                last = here
            }
            return bytes("000000000000000200000000") + [0] + bytes("0063000100000000") + [0, UInt8(data.count)] + data
                + [0xc0, UInt8(last)] + bytes("00630001000000000000")
        }
        #expect(try DNSMessage(decoding: message(15)).records.last?.name == DNSName("a"))
        #expect(throws: DNSMessage.Malformed.badName) { try DNSMessage(decoding: message(16)) }
    }

    @Test
    func `names and counts over their limits are refused`() {
        let label = [63] + [UInt8](repeating: 97, count: 63)
        let tooLong = header + label + label + label + label + [0, 0, 12, 0, 1]
        #expect(throws: DNSMessage.Malformed.badName) { try DNSMessage(decoding: tooLong) }
        var many = header
        (many[4], many[5]) = (0xff, 0xff)
        #expect(throws: DNSMessage.Malformed.tooMany) { try DNSMessage(decoding: many) }
        #expect(throws: DNSMessage.Malformed.badName) { try DNSMessage(decoding: header + [0x40, 0, 0, 12, 0, 1]) }
    }

    @Test
    func `messages survive a round trip, and truncated ones are refused`() throws {
        let name = DNSName("abc._p2p._udp.local")
        let message = DNSMessage(
            isResponse: true,
            questions: [.init(name: DNSName("_p2p._udp.local"), type: 12), .init(name: name, type: 255)],
            records: [
                .init(name: DNSName("_p2p._udp.local"), timeToLive: 70_000, content: .pointer(name)),
                .init(name: name, timeToLive: 0, content: .text([[1, 2, 3], [], [UInt8](repeating: 7, count: 255)])),
                .init(name: name, timeToLive: 1, content: .other(type: 33)),
            ]
        )
        let encoded = message.encoded()
        #expect(try DNSMessage(decoding: encoded) == message)
        #expect(try DNSMessage(decoding: encoded + [1, 2, 3]) == message)
        for size in 0 ..< encoded.count {
            #expect(throws: DNSMessage.Malformed.self) { try DNSMessage(decoding: Array(encoded[..<size])) }
        }
    }

    @Test
    func `seeded mutations neither crash nor hang`() throws {
        var generator = SeededGenerator(seed: 8)
        let name = DNSName("abc._p2p._udp.local")
        let text = [UInt8]("dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/\(try peer(9))".utf8)
        let good = DNSMessage(
            isResponse: true,
            records: [
                .init(name: DNSName("_p2p._udp.local"), timeToLive: 120, content: .pointer(name)),
                .init(name: name, timeToLive: 120, content: .text([text, text])),
            ]
        ).encoded()
        var machine = MulticastDNS(
            configuration: .init(peer: try peer(1), addresses: [], isLoopbackOnly: false),
            entropy: { [UInt8](repeating: 0, count: $0) },
            now: start
        )
        var told = 0
        for round in 0 ..< 20_000 {
            var bytes = good
            for _ in 0 ..< (1 + generator.next() % 4) {
                let index = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes[index] = 0xc0
                case 2: bytes.remove(at: index)
                default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
                }
            }
            told += machine.handleDatagram(bytes, from: neighbour, port: 5353, now: after(Double(round))).count
        }
        #expect(told > 0)
    }
}
