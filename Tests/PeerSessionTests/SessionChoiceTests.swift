import GridWire
import PeerSession
import Testing

struct SessionChoiceTests {
    private let ways = [false, true].flatMap { isOutbound in
        [false, true].map { SessionChoice.Way(isOutbound: isOutbound, isRelayed: $0) }
    }

    private func peer(_ byte: UInt8) throws -> PeerID {
        try #require(PeerID(publicKey: [UInt8](repeating: byte, count: 32)))
    }

    @Test
    func `both ends keep the same one of two that cross`() throws {
        let (low, high) = (try self.peer(1), try self.peer(2))
        for hasLowDialedFirst in [false, true] {
            let first = SessionChoice(
                of: .init(isOutbound: !hasLowDialedFirst, isRelayed: false),
                beside: .init(isOutbound: hasLowDialedFirst, isRelayed: false),
                me: low,
                peer: high
            )
            let second = SessionChoice(
                of: .init(isOutbound: hasLowDialedFirst, isRelayed: false),
                beside: .init(isOutbound: !hasLowDialedFirst, isRelayed: false),
                me: high,
                peer: low
            )
            #expect(first == second)
            // The one that the lower id dialed stays.
            #expect(first == (hasLowDialedFirst ? .spare : .replaces))
        }
    }

    @Test
    func `of two in one direction the newer stays, and a direct way replaces one through a relay`() throws {
        let (me, other) = (try self.peer(1), try self.peer(2))
        for newcomer in self.ways {
            for present in self.ways {
                let choice = SessionChoice(of: newcomer, beside: present, me: me, peer: other)
                if newcomer.isRelayed {
                    #expect(choice == .spare)
                } else if present.isRelayed || newcomer.isOutbound == present.isOutbound {
                    #expect(choice == .replaces)
                }
            }
        }
    }
}
