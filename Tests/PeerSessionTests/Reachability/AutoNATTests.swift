import GridWire
import PeerSession
import Testing

@Suite
struct AutoNATTests {
    private let own = Multiaddr(ip: .v4(0xc633_6402), tcp: 7877)
    private let foreign = Multiaddr(ip: .v4(0xcb00_7109), tcp: 7877)
    private var ownIP: IPAddress { .v4(0xc633_6402) }

    private func frames(_ actions: [AutoNATServerStream.Action]) -> [UInt8] {
        actions.flatMap { if case .send(let bytes) = $0 { bytes } else { [UInt8]() } }
    }

    private func frames(_ actions: [AutoNATClientStream.Action]) -> [UInt8] {
        actions.flatMap { if case .send(let bytes) = $0 { bytes } else { [UInt8]() } }
    }

    @Test
    func `a client's own address is dialed at once, and the verdict is told`() {
        var server = AutoNATServerStream(client: self.ownIP) { _ in true }
        var client = AutoNATClientStream(addresses: [self.foreign, self.own])
        #expect(server.receive(client.opening(nonce: 77)) == [.dial(self.own, nonce: 77)])
        let answer = server.dialEnded(.ok)
        #expect(answer.last == .finish)
        #expect(client.receive(self.frames(answer)) == [.ended(.init(address: self.own, isReachable: true))])
        #expect(client.receive([1, 2, 3]).isEmpty && server.dialEnded(.ok).isEmpty)
    }

    @Test(arguments: [AutoNATMessage.DialStatus.dialError, .dialBackError])
    func `what could not be dialed is told, what was dialed in vain says nothing`(_ status: AutoNATMessage.DialStatus) {
        var server = AutoNATServerStream(client: self.ownIP) { _ in true }
        var client = AutoNATClientStream(addresses: [self.own])
        _ = server.receive(client.opening(nonce: 1))
        let verdict = status == .dialError ? AutoNATClientStream.Verdict(address: self.own, isReachable: false) : nil
        #expect(client.receive(self.frames(server.dialEnded(status))) == [.ended(verdict)])
    }

    @Test
    func `another address costs the client data before it is dialed`() {
        var server = AutoNATServerStream(client: self.ownIP) { _ in true }
        var client = AutoNATClientStream(addresses: [self.foreign])
        let request = server.receive(client.opening(nonce: 5))
        let data = self.frames(client.receive(self.frames(request)))
        #expect(data.count > AutoNATServerStream.dialDataSize)
        // A byte less is not enough.
        #expect(server.receive([UInt8](data.dropLast())).isEmpty)
        #expect(server.receive([data.last ?? 0]) == [.dial(self.foreign, nonce: 5)])
    }

    @Test
    func `a server does not dial what it may not`() {
        var server = AutoNATServerStream(client: self.ownIP) { _ in false }
        var client = AutoNATClientStream(addresses: [self.own])
        let answer = server.receive(client.opening(nonce: 5))
        #expect(answer.last == .finish && answer.count == 2)
        #expect(client.receive(self.frames(answer)) == [.ended(nil)])
    }

    @Test
    func `a client sends data once, and never more than its bound`() {
        var greedy = AutoNATClientStream(addresses: [self.own])
        let request = AutoNATMessage.dialDataRequest(addressIndex: 0, byteCount: 100_001)
        #expect(greedy.receive(MessageBuffer.frame(request.encoded())) == [.ended(nil)])
        var twice = AutoNATClientStream(addresses: [self.own])
        let modest = MessageBuffer.frame(AutoNATMessage.dialDataRequest(addressIndex: 0, byteCount: 30_000).encoded())
        #expect(twice.receive(modest).count == 8)
        #expect(twice.receive(modest) == [.ended(nil)])
        var lost = AutoNATClientStream(addresses: [self.own])
        let elsewhere = AutoNATMessage.dialResponse(.ok, addressIndex: 4, .ok)
        #expect(lost.receive(MessageBuffer.frame(elsewhere.encoded())) == [.ended(nil)])
    }

    @Test
    func `drips of data do not count`() {
        var server = AutoNATServerStream(client: nil) { _ in true }
        _ = server.receive(AutoNATClientStream(addresses: [self.foreign]).opening(nonce: 5))
        let drip = AutoNATMessage.dialDataResponse(byteCount: 1)
        #expect(server.receive(MessageBuffer.frame(drip.encoded())) == [.reset])
    }

    @Test
    func `messages survive encoding, and the nonce is eight bytes in order`() {
        let messages: [AutoNATMessage] = [
            .dialRequest(addresses: [self.own, nil, self.foreign], nonce: 0x0102_0304_0506_0708),
            .dialResponse(.ok, addressIndex: 3, .dialError), .dialResponse(.internalError, addressIndex: 0, .unused),
            .dialDataRequest(addressIndex: 1, byteCount: 40_000), .dialDataResponse(byteCount: 4096),
        ]
        for message in messages { #expect(AutoNATMessage(decoding: message.encoded()) == message) }
        #expect(AutoNATMessage.encodeDialBack(nonce: 1) == [9, 9, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(AutoNATMessage.decodeDialBack([9, 1, 0, 0, 0, 0, 0, 0, 0]) == 1)
        #expect(AutoNATMessage.dialBackResponse == [0])
    }

    @Test
    func `cut and mutated messages are refused or mean something, and nothing grows`() {
        var generator = SeededGenerator(seed: 41)
        let good = AutoNATClientStream(addresses: [self.own, self.foreign]).opening(nonce: 9)
        for cut in 0 ..< good.count {
            var server = AutoNATServerStream(client: self.ownIP) { _ in true }
            #expect(server.receive([UInt8](good[..<cut])).isEmpty)
        }
        for _ in 0 ..< 400 {
            var bytes = good
            for _ in 0 ..< 3 {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            var server = AutoNATServerStream(client: self.ownIP) { _ in true }
            #expect(server.receive(bytes).count <= 2)
            var client = AutoNATClientStream(addresses: [self.own])
            #expect(client.receive(bytes).count <= 26)
        }
        var endless = AutoNATServerStream(client: self.ownIP) { _ in true }
        #expect(endless.receive([0xff, 0xff, 0xff, 0x7f]) == [.reset])
    }
}
