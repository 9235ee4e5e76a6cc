import GridWire
import PeerSession
import Testing

@Suite
struct PortMapperTests {
    private let gateway = IPAddress.v4(0xc0a8_0101)
    private let nonce = [UInt8](1 ... 12)

    private func mapper(_ transport: PortMapper.Transport = .tcp) -> PortMapper {
        PortMapper(transport, internalPort: 7877, client: .v4(0xc0a8_0102), gateway: self.gateway, nonce: self.nonce)
    }

    private func sent(_ actions: [PortMapper.Action]) -> [[UInt8]] {
        actions.compactMap { if case .send(let bytes) = $0 { bytes } else { nil } }
    }

    private func pcpAnswer(
        result: UInt8 = 0,
        lifetime: UInt8 = 100,
        port: UInt16 = 4000,
        protocolNumber: UInt8 = 6
    ) -> [UInt8] {
        var bytes: [UInt8] = [2, 0x81, 0, result, 0, 0, lifetime, 0]
        bytes += [UInt8](repeating: 0, count: 16)
        bytes += self.nonce
        bytes += [protocolNumber, 0, 0, 0, 0x1e, 0xc5, UInt8(port >> 8), UInt8(port & 255)]
        bytes += [UInt8](repeating: 0, count: 10)
        bytes += [0xff, 0xff, 198, 51, 100, 2]
        return bytes
    }

    @Test
    func `PCP maps, renews at half of its life, and removes`() throws {
        var mapper = self.mapper()
        let request = try #require(self.sent(mapper.start(now: start)).first)
        #expect(request.count == 60 && request[0] == 2 && request[1] == 1 && Array(request[24 ..< 36]) == self.nonce)
        let mapped = mapper.receive(self.pcpAnswer(), from: self.gateway, now: start)
        #expect(mapped == [.mapped(.v4(0xc633_6402), port: 4000, .pcp)])
        // 25,600 s, of which half must pass.
        #expect(mapper.nextDeadline == after(.seconds(12_800)))
        let renewal = try #require(self.sent(mapper.handleTimeout(now: after(.seconds(12_800)))).first)
        // The port that was given is asked for again.
        #expect(Array(renewal[42 ..< 44]) == [0x0f, 0xa0])
        #expect(mapper.receive(self.pcpAnswer(), from: self.gateway, now: after(.seconds(12_800))).isEmpty)
        let removal = mapper.stop(now: after(.seconds(13_000)))
        #expect(removal.last == .unmapped)
        let last = try #require(self.sent(removal).first)
        #expect(Array(last[4 ..< 8]) == [0, 0, 0, 0])
        #expect(mapper.nextDeadline == nil)
    }

    /// RFC 6887, section 11.1: with IPv6 any external address is written as zeros, and the one that is given is the own one.
    @Test
    func `with IPv6 a gateway is asked to let connections through, by PCP alone`() throws {
        let (own, gateway) = (IPAddress.v6(high: 0x2a00_0078 << 32, low: 2), IPAddress.v6(high: 0xfe80 << 48, low: 1))
        var mapper = PortMapper(.tcp, internalPort: 7877, client: own, gateway: gateway, nonce: self.nonce)
        let request = try #require(self.sent(mapper.start(now: start)).first)
        #expect(Array(request[8 ..< 24]) == own.bytes)
        #expect(Array(request[44 ..< 60]) == [UInt8](repeating: 0, count: 16))
        var silent = mapper
        let answer = Array(self.pcpAnswer(port: 7877).prefix(44)) + own.bytes
        #expect(mapper.receive(answer, from: .v6(high: 0xfe80 << 48, low: 2), now: start).isEmpty)
        #expect(mapper.receive(answer, from: gateway, now: start) == [.mapped(own, port: 7877, .pcp)])
        #expect(self.sent(mapper.stop(now: start)).count == 1)

        // The older protocol knows no IPv6, so nothing is asked in it: neither of the silent nor of those who refuse.
        var requests: [[UInt8]] = []
        var now = start
        while let next = silent.nextDeadline, next < after(.seconds(60)) {
            now = max(now, next)
            requests += self.sent(silent.handleTimeout(now: now))
        }
        #expect(requests.count == PortMapper.attemptsMax - 1 && requests.allSatisfy { $0.count == 60 })
        var refused = PortMapper(.tcp, internalPort: 7877, client: own, gateway: gateway, nonce: self.nonce)
        _ = refused.start(now: start)
        #expect(refused.receive([0, 0x81, 0, 1, 0, 0, 0, 9], from: gateway, now: start).isEmpty)
        #expect(refused.nextDeadline == after(PortMapper.pause))
    }

    @Test
    func `an old gateway is spoken with in its own protocol`() throws {
        var mapper = self.mapper()
        _ = mapper.start(now: start)
        let requests = self.sent(mapper.receive([0, 0x81, 0, 1, 0, 0, 0, 9], from: self.gateway, now: start))
        #expect(requests == [[0, 0], [0, 2, 0, 0, 0x1e, 0xc5, 0x1e, 0xc5, 0, 0, 0x0e, 0x10]])
        let address: [UInt8] = [0, 0x80, 0, 0, 0, 0, 0, 9, 198, 51, 100, 2]
        #expect(mapper.receive(address, from: self.gateway, now: start).isEmpty)
        let mapping: [UInt8] = [0, 0x82, 0, 0, 0, 0, 0, 9, 0x1e, 0xc5, 0x1e, 0xc6, 0, 0, 0x0e, 0x10]
        #expect(
            mapper.receive(mapping, from: self.gateway, now: start) == [
                .mapped(.v4(0xc633_6402), port: 0x1ec6, .natPMP)
            ]
        )
        #expect(self.sent(mapper.stop(now: start)) == [[0, 2, 0, 0, 0x1e, 0xc5, 0, 0, 0, 0, 0, 0]])
    }

    @Test
    func `datagrams are mapped like connections, and neither takes the other's answer`() throws {
        for (transport, other, number, opcode) in [
            (PortMapper.Transport.tcp, PortMapper.Transport.udp, UInt8(6), UInt8(2)), (.udp, .tcp, 17, 1),
        ] {
            var (mapper, stranger) = (self.mapper(transport), self.mapper(other))
            let request = try #require(self.sent(mapper.start(now: start)).first)
            _ = stranger.start(now: start)
            #expect(request[36] == number)
            let answer = self.pcpAnswer(protocolNumber: number)
            #expect(stranger.receive(answer, from: self.gateway, now: start).isEmpty)
            #expect(
                mapper.receive(answer, from: self.gateway, now: start) == [.mapped(.v4(0xc633_6402), port: 4000, .pcp)]
            )

            (mapper, stranger) = (self.mapper(transport), self.mapper(other))
            let address: [UInt8] = [0, 0x80, 0, 0, 0, 0, 0, 9, 198, 51, 100, 2]
            let mapping: [UInt8] = [0, 0x80 | opcode, 0, 0, 0, 0, 0, 9, 0x1e, 0xc5, 0x1e, 0xc6, 0, 0, 0x0e, 0x10]
            for index in 0 ..< 2 {
                var asking = index == 0 ? mapper : stranger
                _ = asking.start(now: start)
                let requests = self.sent(asking.receive([0, 0x81, 0, 1, 0, 0, 0, 9], from: self.gateway, now: start))
                #expect((requests.last?[1] == opcode) == (index == 0))
                _ = asking.receive(address, from: self.gateway, now: start)
                #expect(asking.receive(mapping, from: self.gateway, now: start).isEmpty == (index == 1))
            }
        }
    }

    @Test
    func `a silent gateway is given up and asked again much later`() {
        var mapper = self.mapper()
        var count = self.sent(mapper.start(now: start)).count
        var now = start
        for _ in 0 ..< 20 {
            guard let deadline = mapper.nextDeadline, start.duration(to: deadline) < .seconds(300) else { break }
            now = deadline
            count += self.sent(mapper.handleTimeout(now: now)).count
        }
        #expect(count == 18)
        #expect(start.duration(to: now) < .seconds(60))
        #expect(!mapper.handleTimeout(now: now.advanced(by: .seconds(600))).isEmpty)
    }

    @Test
    func `answers of others, for others, refused or cut change nothing`() {
        var mapper = self.mapper()
        _ = mapper.start(now: start)
        let good = self.pcpAnswer()
        #expect(mapper.receive(good, from: .v4(0xc0a8_0103), now: start).isEmpty)
        for index in [1, 24, 36, 40, 41] {
            var other = good
            other[index] ^= 0x7f
            #expect(mapper.receive(other, from: self.gateway, now: start).isEmpty)
        }
        for cut in 0 ..< good.count {
            var mapper = mapper
            #expect(mapper.receive(Array(good[..<cut]), from: self.gateway, now: start).isEmpty)
        }
        var generator = SeededGenerator(seed: 71)
        for _ in 0 ..< 300 {
            var (mapper, bytes) = (mapper, good)
            bytes[Int(generator.next() % 60)] = UInt8(truncatingIfNeeded: generator.next())
            #expect(mapper.receive(bytes, from: self.gateway, now: start).count <= 2)
        }
        #expect(mapper.receive(self.pcpAnswer(result: 8), from: self.gateway, now: start).isEmpty)
        #expect(mapper.nextDeadline == after(.seconds(600)))
    }
}
