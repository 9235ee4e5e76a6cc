import GridNode
import GridWire
import PeerSession
import Testing

struct TransportBudgetTests {
    private func budget(sessions: Int = 256, handshakes: Int, perSource: Int) -> ConnectionBudget {
        ConnectionBudget(
            limits: .init(sessionsMax: sessions, handshakesMax: handshakes, handshakesPerSourceMax: perSource)
        )
    }

    @Test
    func `one address cannot use up the handshakes of the others`() {
        var budget = self.budget(handshakes: 3, perSource: 2)
        let admitted = [1, 1, 1, 2].enumerated().map { budget.admit($0.offset, from: .v4($0.element)) }
        #expect(admitted == [.admitted, .admitted, .refused, .admitted])
        // All places are taken: whoever holds most gives one up, the oldest.
        let newcomer = budget.admit(4, from: .v4(3))
        #expect(newcomer == .replacing(0))
        budget.handshakeEnded(0, hasProved: false)
        budget.connectionEnded()
        budget.handshakeEnded(1, hasProved: false)
        let again = budget.admit(5, from: .v4(1))
        #expect(again == .admitted)
    }

    @Test
    func `a flood from many addresses replaces itself and not the honest for long`() {
        var budget = self.budget(handshakes: 16, perSource: 4)
        var open: Set<Int> = []
        for number in 0 ..< 10_000 {
            switch budget.admit(number, from: .v4(number % 50 == 0 ? 100 : UInt32(number % 7))) {
            case .admitted: open.insert(number)
            case .replacing(let victim):
                #expect(open.remove(victim) != nil)
                budget.handshakeEnded(victim, hasProved: false)
                budget.connectionEnded()
                open.insert(number)
            case .refused: break
            }
            if number % 50 == 0, open.remove(number) != nil {
                // An honest handshake is over before the next packets come.
                budget.handshakeEnded(number, hasProved: true)
                budget.connectionEnded()
            } else if number % 50 == 0 {
                Issue.record("an honest peer was refused")
            }
            #expect(open.count <= 16)
        }
    }

    @Test
    func `a crowd of addresses leaves an honest handshake the time of as many newcomers as there are places`() {
        var budget = self.budget(handshakes: 512, perSource: 16)
        let honest = budget.admit(0, from: .v4(1))
        #expect(honest == .admitted)
        for number in 1 ..< 10_000 {
            guard case .replacing(let victim) = budget.admit(number, from: .v4(UInt32(number + 1))) else { continue }
            #expect(victim == number - 512)
            budget.handshakeEnded(victim, hasProved: false)
            budget.connectionEnded()
            if number == 512 { break }
        }
        #expect(budget.inboundCount == 512)
    }

    @Test
    func `whoever has finished a handshake keeps the place that strangers want`() {
        var budget = self.budget(handshakes: 64, perSource: 4)
        _ = budget.admit(0, from: .v4(1))
        budget.handshakeEnded(0, hasProved: true)
        budget.connectionEnded()
        let again = budget.admit(1, from: .v4(1))
        #expect(again == .admitted)
        for number in 2 ..< 10_000 {
            guard case .replacing(let victim) = budget.admit(number, from: .v4(UInt32(number + 1))) else { continue }
            #expect(victim != 1)
            budget.handshakeEnded(victim, hasProved: false)
            budget.connectionEnded()
        }
        // With all places taken by strangers it comes in as well.
        guard case .replacing = budget.admit(10_000, from: .v4(1)) else {
            Issue.record("an acquaintance was refused")
            return
        }
    }

    @Test
    func `acquaintances leave half of the places to strangers`() {
        var budget = self.budget(handshakes: 64, perSource: 4)
        for number in 0 ..< 100 {
            _ = budget.admit(number, from: .v4(UInt32(number)))
            budget.handshakeEnded(number, hasProved: true)
            budget.connectionEnded()
        }
        var open: [Int: Bool] = [:]
        for number in 100 ..< 2_000 {
            // Ten times as many acquaintances as strangers, none of whom ever goes on.
            let isStranger = number % 11 == 0
            let source = isStranger ? UInt32(number + 1_000) : UInt32(number % 100)
            switch budget.admit(number, from: .v4(source)) {
            case .admitted: open[number] = isStranger
            case .replacing(let victim):
                open[victim] = nil
                budget.handshakeEnded(victim, hasProved: false)
                budget.connectionEnded()
                open[number] = isStranger
            case .refused: #expect(!isStranger)
            }
            #expect(open.count <= 64)
        }
        #expect(open.values.count { $0 } >= 31)
    }

    @Test
    func `established connections count until they end, and handshakes not as such`() {
        var budget = self.budget(sessions: 2, handshakes: 10, perSource: 10)
        for number in 0 ..< 4 {
            let admission = budget.admit(number, from: .v4(1))
            #expect(admission == .admitted)
        }
        let established = (0 ..< 3).map { budget.handshakeEnded($0, hasProved: true) }
        // Whoever proves himself when all places are taken has to go.
        #expect(established == [true, true, false])
        budget.connectionEnded()
        let late = budget.admit(4, from: .v4(2))
        #expect(late == .refused)
        budget.connectionEnded()
        let admission = budget.admit(5, from: .v4(2))
        #expect(admission == .admitted)
        #expect(budget.inboundCount == 3)
    }
}

struct InboundSessionsTests {
    @Test
    func `one address holds so many sessions and no more, but for this machine's own`() {
        var sessions = InboundSessions(sessionsMax: 256, sessionsPerSourceMax: 16)
        func admitted(_ first: Int, _ source: IPAddress) -> Int {
            (first ..< first + 40).count { sessions.admit($0, from: source) { _ in nil } == .admitted }
        }
        #expect(admitted(0, .v4(0x0808_0808)) == 16)
        #expect(!sessions.mayHoldMore(.v4(0x0808_0808)))
        #expect(admitted(100, .v4(0x7F00_0001)) == 40)
        #expect(admitted(200, .v6(high: 0, low: 0)) == 40)
        #expect(admitted(300, .v6(high: 0x2A00 << 48, low: 0)) == 16)
        sessions.ended(0)
        sessions.ended(0)
        #expect(admitted(400, .v4(0x0808_0808)) == 1)
    }

    @Test
    func `when all places are taken, the longest idle session of the largest block gives way to a smaller one`() {
        var sessions = InboundSessions(sessionsMax: 6, sessionsPerSourceMax: 4)
        let idle: [Int: Duration] = [1: .seconds(200), 2: .seconds(300), 4: .seconds(900)]
        func admit(_ number: Int, _ source: UInt32) -> InboundSessions.Admission {
            sessions.admit(number, from: .v4(source)) { idle[$0] }
        }
        for (number, source) in [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (5, 2)] as [(Int, UInt32)] {
            #expect(admit(number, source) == .admitted)
        }
        #expect(admit(6, 1) == .refused)
        // Of the block with most, although a session of the other was idle for longer.
        #expect(admit(7, 3) == .replacing(2))
        #expect(sessions.count == 6)
        #expect(admit(8, 4) == .replacing(1))
        // None that is in use gives way, and nobody's who would then have fewer than the newcomer.
        #expect(admit(9, 5) == .replacing(4))
        #expect(admit(10, 6) == .refused)
        sessions.ended(2)
        #expect(sessions.count == 6)
    }
}

struct TransportAddressTests {
    @Test(arguments: [
        ("127.0.0.1:7877", "/ip4/127.0.0.1/tcp/7877"),
        ("[::1]:7877", "/ip6/::1/tcp/7877"),
        ("example.org:1", "/dns/example.org/tcp/1"),
        ("/ip4/192.0.2.7/tcp/4001", "/ip4/192.0.2.7/tcp/4001"),
    ])
    func `addresses are read as people write them`(text: String, expected: String) throws {
        #expect(try PeerAddress.parse(text).description == expected)
    }

    @Test(arguments: ["", "host", "host:", "host:0", "host:65536", ":7877", "a:b:c:1", "/ip4/1.2.3/tcp/1", "ho/st:1"])
    func `anything else is refused by name`(text: String) {
        #expect(throws: NetworkError.self) { try PeerAddress.parse(text) }
    }
}
