import GridWire
import Testing

struct MultiaddrTests {
    private static let peer = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
    private static let peerBytes = "0024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"

    @Test(arguments: [
        ("/ip4/192.0.2.7/tcp/4001", "04c0000207060fa1"),
        ("/ip6/2001:db8::1/tcp/4001", "2920010db8000000000000000000000001060fa1"),
        ("/ip4/192.0.2.7/udp/6881", "04c000020791021ae1"),
        ("/dns4/example.org/tcp/443", "360b6578616d706c652e6f72670601bb"),
        ("/ip4/192.0.2.7/tcp/4001/p2p/\(peer)", "04c0000207060fa1a50326\(peerBytes)"),
        ("/p2p/\(peer)/p2p-circuit", "a50326\(peerBytes)a202"),
        ("/ip6zone/eth0/ip6/fe80::1/udp/5353", "2a046574683029fe800000000000000000000000000001910214e9"),
        ("/ip4/127.0.0.1/udp/443/quic-v1", "047f000001910201bbcd03"),
    ])
    func `an address has libp2p's bytes and text`(text: String, hex: String) throws {
        let bytes = try #require(Hex.decode(hex))
        let parsed = try Multiaddr(parsing: text)
        #expect(parsed.bytes == bytes)
        let decoded = try Multiaddr(decoding: bytes)
        #expect(decoded == parsed)
        #expect(decoded.components == parsed.components)
        #expect(decoded.description == text)
        for length in 1 ..< bytes.count {
            // A cut address is refused, unless it is cut between two parts.
            if let cut = try? Multiaddr(decoding: Array(bytes.prefix(length))) {
                #expect(parsed.components.starts(with: cut.components))
            }
        }
    }

    @Test
    func `an unknown part makes an address opaque and is kept`() throws {
        let bytes: [UInt8] = [0x04, 127, 0, 0, 1, 0xff, 0x7f, 1, 2, 3]
        let address = try Multiaddr(decoding: bytes)
        #expect(address.isOpaque)
        #expect(address.bytes == bytes)
        #expect(address.tcpEndpoint == nil)
        #expect(address.withPeer(try PeerID(parsing: Self.peer)) == nil)
    }

    @Test
    func `the identity of another kind of key makes an address opaque`() throws {
        let rsa: [UInt8] = [0x12, 0x20] + [UInt8](repeating: 7, count: 32)
        let address = try Multiaddr(decoding: [0x04, 127, 0, 0, 1, 0x06, 0, 80, 0xa5, 0x03, 34] + rsa)
        #expect(address.isOpaque)
    }

    @Test(arguments: [
        "", "/", "ip4/127.0.0.1", "/ip4", "/ip4/", "/ip4/256.0.0.1", "/ip4/1.2.3", "/ip4/01.2.3.4", "/ip4/::1",
        "/ip6/127.0.0.1", "/tcp/65536", "/tcp/-1", "/tcp/+1", "/tcp/", "/nonsense/1", "/dns4/", "/p2p/12D3", "//",
        "/dns/a b",
        "/dns/é",
    ])
    func `a text that is no address is refused`(text: String) {
        #expect(throws: WireError.self) { try Multiaddr(parsing: text) }
    }

    @Test
    func `an address that is too long is refused`() {
        let long = [UInt8](repeating: 0, count: Multiaddr.sizeMax + 1)
        #expect(throws: WireError.self) { try Multiaddr(decoding: long) }
        #expect(throws: WireError.self) { try Multiaddr(decoding: []) }
        let name = String(repeating: "a", count: 120)
        #expect(throws: WireError.self) { try Multiaddr(parsing: "/dns/\(name)/dns/\(name)/dns/\(name)") }
        #expect(throws: WireError.self) { try Multiaddr(parsing: String(repeating: "/ws", count: 17)) }
        #expect(Multiaddr([]) == nil)
    }

    @Test
    func `peers are put on and taken off`() throws {
        let peer = try PeerID(parsing: Self.peer)
        let address = Multiaddr(ip: .loopback, tcp: 4_001)
        let full = try #require(address.withPeer(peer))
        #expect(full.description == "/ip4/127.0.0.1/tcp/4001/p2p/\(Self.peer)")
        #expect(full.peer == peer)
        #expect(full.withPeer(peer) == full)
        #expect(full.withoutPeer == address)
        #expect(address.withoutPeer == address)
        let endpoint = try #require(full.tcpEndpoint)
        #expect(endpoint.ip == .loopback)
        #expect(endpoint.port == 4_001)
    }

    @Test
    func `mutated addresses are refused or come back as they are`() throws {
        var random = SplitMix64(seed: 6)
        let seeds = try ["/ip4/192.0.2.7/tcp/4001/p2p/\(Self.peer)", "/dns4/example.org/tcp/443/wss"].map {
            try Multiaddr(parsing: $0).bytes
        }
        for i in 0 ..< 20_000 {
            let bytes = random.mutated(seeds[i % 2])
            guard let address = try? Multiaddr(decoding: bytes) else { continue }
            #expect(address.bytes == bytes)
            if !address.isOpaque {
                let again = try Multiaddr(parsing: address.description)
                #expect(again.components == address.components)
            }
        }
    }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:0:2:0:0:3:0:0", "1:0:2::3:0:0"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("fe80:0:0:0:0:0:0:1", "fe80::1"),
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
    ])
    func `an IP address has its canonical text`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", "12345::", "g::", "::1.2.3", "1.2.3.4::",
        "::+1",
        ":1::", "1:", "::1:", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1.2.3.4.5", "", " ::1", "::1%eth0", "-1.2.3.4",
    ])
    func `a text that is no IP address is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test
    func `address ranges are told apart`() throws {
        func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        for text in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] { #expect(try address(text).isLoopback) }
        for text in ["128.0.0.1", "::2", "::"] { #expect(try !address(text).isLoopback) }
        for text in ["10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1", "100.64.0.1", "fd00::1"] {
            #expect(try address(text).isPrivate)
        }
        for text in ["172.32.0.1", "11.0.0.1", "100.128.0.1", "2001:db8::1"] { #expect(try !address(text).isPrivate) }
        for text in ["169.254.1.1", "fe80::1", "febf::1"] { #expect(try address(text).isLinkLocal) }
        for text in ["224.0.0.251", "ff02::fb"] { #expect(try address(text).isMulticast) }
        for text in ["0.0.0.0", "::"] { #expect(try address(text).isUnspecified) }
    }
}
