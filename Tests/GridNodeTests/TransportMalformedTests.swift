import GridNode
import GridWire
import PeerSession
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Hundreds of conversations that break the rules, with a peer in a process of its own: after each of them an honest peer is
/// answered, and memory stays where it was.
@Suite(.serialized)
struct TransportMalformedTests {
    private static let echo = "/test/echo/1"

    /// Somebody who knows the protocol well, and breaks it.
    private final class Attacker {
        let connection: RawConnection
        private let handshake: NoiseHandshake
        private let identity: IdentityKey
        private var cipher: CipherState?
        /// All that was sent.
        private(set) var said: [UInt8] = []

        init(port: UInt16, number: Int) throws {
            self.connection = try #require(RawConnection(port: port, from: 3))
            let seed = (0 ..< 32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }
            self.identity = try IdentityKey(seed: seed)
            self.handshake = NoiseHandshake(
                role: .initiator,
                staticKey: SecretBytes(copying: SystemEntropy.bytes(32)),
                ephemeralKey: SecretBytes(copying: SystemEntropy.bytes(32))
            )
        }

        static func framed(_ message: [UInt8]) -> [UInt8] {
            [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
        }

        func send(_ bytes: [UInt8]) {
            self.said += bytes
            self.connection.send(bytes)
        }

        /// What a dialer says first.
        func opening() throws -> [UInt8] {
            Multistream.opening(SessionConnection.securityProtocol)
                + Self.framed(try self.handshake.writeMessage(payload: []))
        }

        /// Does the whole handshake.
        ///
        /// - Parameter signedFor: the static key that the identity signs; the own one unless it is a forgery.
        func shakeHands(signedFor key: [UInt8]? = nil) throws {
            self.send(try self.opening())
            let lines = Multistream.opening(SessionConnection.securityProtocol).count
            let head = try #require(self.connection.read(lines + 2))
            let size = Int(head[lines]) << 8 | Int(head[lines + 1])
            _ = try self.handshake.readMessage(try #require(self.connection.read(size)))
            let payload = HandshakePayload(
                identity: self.identity,
                staticPublicKey: key ?? self.handshake.staticPublicKey,
                muxers: [SessionConnection.muxerProtocol]
            )
            self.send(Self.framed(try self.handshake.writeMessage(payload: payload.encoded())))
            self.cipher = try #require(self.handshake.split()).send
        }

        /// Says something as the peer that it is.
        func say(_ text: [UInt8]) throws {
            self.send(Self.framed(try #require(self.cipher?.seal(text))))
        }
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ self.state >> 29
        }

        mutating func bytes(_ count: Int) -> [UInt8] {
            (0 ..< count).map { _ in UInt8(truncatingIfNeeded: self.next() >> 24) }
        }
    }

    /// Flips, cuts, or puts something in.
    private func damaged(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = bytes
        let position = Int.random(in: 0 ..< bytes.count, using: &random)
        switch random.next() % 4 {
        case 0: bytes[position] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes = bytes[..<position] + random.bytes(200)
        case 2: bytes.insert(contentsOf: random.bytes(1 + position % 60), at: position)
        default: bytes = bytes[..<position] + [0xFF, 0xFF] + random.bytes(3_000)
        }
        return bytes
    }

    private func frames(_ random: inout Generator) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0 ..< Int.random(in: 1 ... 20, using: &random) {
            let body = random.next() % 3 == 0 ? Multistream.opening(Self.echo) : random.bytes(7)
            let kinds: [YamuxHeader.Kind] = [.data, .data, .windowUpdate, .ping, .goAway]
            let header = YamuxHeader(
                kinds[Int(random.next() % 5)],
                YamuxHeader.Flags(rawValue: UInt16(random.next() % 16)),
                stream: UInt32(random.next() % 6),
                length: random.next() % 4 == 0 ? UInt32(truncatingIfNeeded: random.next()) : UInt32(body.count)
            )
            text += header.encoded + body
        }
        return text
    }

    @Test
    func `after each of 400 malformed conversations an honest peer is answered, and memory is flat`() async throws {
        let directory = try TestDirectory()
        let server = try NamespacePeer(seed: 71, in: nil, directory: directory, listen: "127.0.0.1:0")
        defer { server.stop() }
        let address = try await server.address()
        let port = try #require(address.tcpEndpoint?.port)
        let client = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: 72, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0
        )
        try await client.start()
        let peer = try await client.dial(address)
        var random = Generator(state: 5)
        var recorded: [UInt8] = []
        var (count, before) = (0, 0)

        func attack(_ body: (Attacker) throws -> Void) async throws {
            count += 1
            let attacker = try Attacker(port: port, number: count)
            try body(attacker)
            let word = random.bytes(32)
            let answer = try await client.request(
                peer,
                protocol: Self.echo,
                body: word,
                responseLimit: 64,
                timeout: .seconds(10)
            )
            #expect(answer == word)
            recorded = attacker.said
            if count == 100 { before = try server.residentBytes() }
        }

        for _ in 0 ..< 150 {
            try await attack { $0.send(self.damaged(try $0.opening(), &random)) }
        }
        for _ in 0 ..< 150 {
            try await attack {
                try $0.shakeHands()
                try $0.say(self.frames(&random))
            }
        }
        for _ in 0 ..< 60 {
            try await attack {
                try $0.shakeHands()
                // Sealed by nobody.
                $0.send(Attacker.framed(random.bytes(16 + Int(random.next() % 200))))
            }
        }
        for _ in 0 ..< 20 {
            // Somebody else's words once more, and a key that another handshake's signature is for.
            let again = recorded
            try await attack { $0.send(again) }
            try await attack {
                try $0.shakeHands(signedFor: random.bytes(32))
                #expect($0.connection.readsEnd())
            }
        }
        // More than any window, and ten thousand streams.
        try await attack {
            try $0.shakeHands()
            try $0.say(YamuxHeader(.windowUpdate, .syn, stream: 1, length: 0).encoded)
            try $0.say(YamuxHeader(.data, stream: 1, length: 1 << 30).encoded)
            for _ in 0 ..< 100 { try $0.say([UInt8](repeating: 1, count: 32 << 10)) }
            #expect($0.connection.readsEnd())
        }
        for _ in 0 ..< 3 {
            try await attack { attacker in
                try attacker.shakeHands()
                for number in 0 ..< UInt32(10_000) {
                    try attacker.say(YamuxHeader(.windowUpdate, .syn, stream: 2 * number + 1, length: 0).encoded)
                    if number % 100 == 0 { _ = attacker.connection.isClosed(within: 0) }
                }
            }
        }
        #expect(count >= 400)
        let growth = try server.residentBytes() - before
        #expect(growth < 8 << 20, "grew by \(growth) bytes")
        print("\(count) malformed conversations: every word was answered, memory \(growth >> 10) KiB more")
        await client.shutdown()
    }
}
