import GridWire
import PeerSession
import Testing

@Suite
struct ReachabilityTests {
    private let outside = Multiaddr(ip: .v4(0xc633_6402), tcp: 7877)
    private let inside = Multiaddr(ip: .v4(0xc0a8_0102), tcp: 7877)

    private func peer(_ number: UInt8) throws -> PeerID { try identity(number).peerID }

    @Test
    func `nothing is known at first, and says so`() {
        var machine = Reachability()
        #expect(machine.verdict(now: start) == .unknown)
        #expect(machine.summary(now: start).contains("not known yet"))
        #expect(machine.addressesToAsk(now: start).isEmpty && machine.nextDeadline(now: start) == nil)
    }

    @Test
    func `an address that peers see is asked about, and what they say is summed up`() throws {
        var machine = Reachability()
        machine.listening(at: [self.inside])
        machine.observed(self.outside, by: try self.peer(1))
        #expect(machine.addressesToAsk(now: start) == [self.outside, self.inside])
        #expect(machine.addressesToAsk(now: after(.seconds(4))).isEmpty)
        machine.heard(false, of: self.outside, from: try self.peer(1), now: start)
        #expect(machine.verdict(now: start) == .unreachable)
        #expect(machine.summary(now: start).contains("reachable: no") && machine.summary(now: start).contains("7877"))
        machine.heard(true, of: self.outside, from: try self.peer(2), now: start)
        machine.heard(true, of: self.outside, from: try self.peer(1), now: start)
        #expect(machine.verdict(now: start) == .reachable)
        // Those who dialed have been spoken to before; a stranger may still be kept out.
        #expect(machine.summary(now: start).hasPrefix("reachable: probably, 2 peers"))
        #expect(!machine.isOpenToStrangers(now: start))
        machine.mapped(self.outside, by: "PCP")
        #expect(machine.summary(now: start).hasPrefix("reachable: yes, 2 peers"))
        #expect(machine.isOpenToStrangers(now: start))
        machine.mapped(nil, by: nil)
        // Words grow old.
        #expect(machine.verdict(now: after(.seconds(3600))) == .unknown)
    }

    @Test
    func `only a socket of the machine itself is open for other ports too`() throws {
        var machine = Reachability()
        machine.listening(at: [self.inside])
        machine.mapped(self.outside, by: "UPnP")
        machine.heard(true, of: self.outside, from: try self.peer(1), now: start)
        machine.heard(true, of: self.inside, from: try self.peer(1), now: start)
        #expect(machine.isOpenToStrangers(now: start) && machine.isOwnAddressOpen(now: start) == nil)
        machine.listening(at: [self.outside])
        #expect(machine.isOwnAddressOpen(now: start) == true)
        machine.heard(false, of: self.outside, from: try self.peer(1), now: start)
        #expect(machine.isOwnAddressOpen(now: start) == false)
        #expect(machine.isOwnAddressOpen(now: after(.seconds(3600))) == nil)
    }

    @Test
    func `reaching the inside address says nothing about the outside`() throws {
        var machine = Reachability()
        machine.listening(at: [self.inside])
        machine.heard(true, of: self.inside, from: try self.peer(1), now: start)
        #expect(machine.verdict(now: start) == .unknown)
        #expect(machine.summary(now: start).contains("on this network"))
    }

    @Test
    func `one liar neither makes a node reachable against the others nor pushes out what many see`() throws {
        var machine = Reachability()
        machine.observed(self.outside, by: try self.peer(1))
        for number in 2 ... 4 {
            machine.heard(false, of: self.outside, from: try self.peer(UInt8(number)), now: start)
        }
        for _ in 0 ..< 10 { machine.heard(true, of: self.outside, from: try self.peer(9), now: start) }
        #expect(machine.verdict(now: start) == .unreachable)
        for number in 2 ... 5 { machine.observed(self.outside, by: try self.peer(UInt8(number))) }
        for port in 1 ... 100 {
            machine.observed(Multiaddr(ip: .v4(0xc633_6409), tcp: UInt16(port)), by: try self.peer(9))
        }
        #expect(machine.observedAddresses.first == self.outside)
        #expect(machine.observedAddresses.count <= Reachability.candidatesMax)
        // Verdicts about addresses that nobody sees are not kept.
        machine.heard(true, of: Multiaddr(ip: .v4(1), tcp: 1), from: try self.peer(9), now: start)
        #expect(machine.verdict(now: start) == .unreachable)
    }

    @Test
    func `relays and mappings are told in words`() throws {
        var machine = Reachability()
        machine.listening(at: [self.inside])
        machine.mapped(self.outside, by: "UPnP")
        machine.heard(true, of: self.outside, from: try self.peer(1), now: start)
        #expect(machine.summary(now: start).contains("UPnP"))
        #expect(machine.addressesToAnnounce(now: start) == [self.inside, self.outside])
        machine.mapped(nil, by: nil)
        #expect(machine.addressesToAnnounce(now: start) == [self.inside])
        machine.observed(self.outside, by: try self.peer(1))
        machine.heard(false, of: self.outside, from: try self.peer(1), now: start)
        let circuit = try #require(Multiaddr(self.outside.components + [.p2p(try self.peer(2)), .p2pCircuit]))
        machine.relayed(at: [circuit])
        #expect(machine.summary(now: start).contains("relay"))
        #expect(machine.addressesToAnnounce(now: start) == [self.inside, circuit])
    }
}
