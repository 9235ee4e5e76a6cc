import GridWire
import PeerSession
import Testing

@Suite
struct HolePunchTests {
    private let a = Multiaddr(ip: .v4(0xc633_6402), tcp: 7877)
    private let b = Multiaddr(ip: .v4(0xc633_6502), tcp: 7878)

    private func bytes(_ actions: [HolePunch.Action]) -> [UInt8] {
        actions.flatMap { if case .send(let bytes) = $0 { bytes } else { [UInt8]() } }
    }

    @Test
    func `both sides dial at the same moment`() {
        var reached = HolePunch(role: .initiator, addresses: [self.b])
        var dialer = HolePunch(role: .responder, addresses: [self.a])
        #expect(dialer.start(now: start).isEmpty)
        let connect = self.bytes(reached.start(now: start))
        // 40 ms there, 40 ms back.
        let answer = self.bytes(dialer.receive(connect, now: after(.milliseconds(40))))
        let sync = reached.receive(answer, now: after(.milliseconds(80)))
        #expect(sync.last == .dial([self.a], after: .milliseconds(40)))
        #expect(dialer.receive(self.bytes(sync), now: after(.milliseconds(120))) == [.dial([self.b], after: .zero)])
        #expect(HolePunch.Role.responder.sessionRole == .dialer && HolePunch.Role.initiator.sessionRole == .listener)
    }

    @Test
    func `words out of order, without addresses or malformed end the attempt`() {
        let connect = self.bytes(
            {
                var machine = HolePunch(role: .initiator, addresses: [self.b])
                return machine.start(now: start)
            }()
        )
        let empty = self.bytes(
            {
                var machine = HolePunch(role: .initiator, addresses: [])
                return machine.start(now: start)
            }()
        )
        let sync: [UInt8] = [3, 8, 0xac, 2]
        for words in [sync, empty, connect + connect, [0xff, 0xff, 0xff, 0xff], [2, 8, 100], [1, 7]] {
            var machine = HolePunch(role: .responder, addresses: [self.a])
            #expect(machine.receive(words, now: start).last == .fail)
            #expect(machine.receive(connect, now: start).isEmpty)
        }
    }

    @Test
    func `a seeded stream of words never dials more than once`() {
        var generator = SeededGenerator(seed: 61)
        for _ in 0 ..< 300 {
            var machine = HolePunch(role: generator.next() % 2 == 0 ? .initiator : .responder, addresses: [self.a])
            var actions = machine.start(now: start)
            for _ in 0 ..< 20 { actions += machine.receive(generator.bytes(Int(generator.next() % 12)), now: start) }
            #expect(actions.count { if case .dial = $0 { true } else { false } } <= 1)
        }
    }
}
