import Discovery
import GridWire
import Testing

struct RedialScheduleTests {
    private let start = Instant(sinceEpoch: .seconds(1_000))

    private func target(_ port: UInt16) -> RedialSchedule.Target {
        .init(address: Multiaddr(ip: .loopback, tcp: port))
    }

    private func peer(_ byte: UInt8) throws -> PeerID {
        try #require(PeerID(publicKey: [UInt8](repeating: byte, count: 32)))
    }

    @Test
    func `a wanted address is dialed at once and only once`() {
        var schedule = RedialSchedule(settings: RedialSettings(), seed: 1)
        schedule.want(self.target(1), isPermanent: true, now: self.start)
        schedule.want(self.target(1), isPermanent: true, now: self.start)
        #expect(schedule.nextDeadline == self.start)
        var due = schedule.dialsDue(now: self.start)
        #expect(due == [self.target(1)])
        due = schedule.dialsDue(now: self.start)
        #expect(due.isEmpty)
        #expect(schedule.nextDeadline == nil)
    }

    @Test
    func `waits double with each failure up to the longest one`() throws {
        var settings = RedialSettings()
        settings.delayMin = .seconds(1)
        settings.delayMax = .seconds(8)
        var schedule = RedialSchedule(settings: settings, seed: 2)
        schedule.want(self.target(1), isPermanent: true, now: self.start)
        var now = self.start
        for expected in [1, 2, 4, 8, 8, 8, 8, 8, 8] {
            _ = schedule.dialsDue(now: now)
            schedule.dialFailed(self.target(1), now: now)
            let wait = now.duration(to: try #require(schedule.nextDeadline))
            #expect(wait >= .seconds(expected))
            #expect(wait <= .seconds(expected) * 1.25)
            now = now.advanced(by: wait)
        }
    }

    @Test
    func `an address that was only heard of is given up after its attempts`() {
        var settings = RedialSettings()
        settings.attemptsMax = 2
        var schedule = RedialSchedule(settings: settings, seed: 3)
        schedule.want(self.target(1), isPermanent: false, now: self.start)
        for _ in 0 ..< 2 {
            _ = schedule.dialsDue(now: self.start.advanced(by: .seconds(60)))
            schedule.dialFailed(self.target(1), now: self.start)
        }
        #expect(schedule.nextDeadline == nil)
        schedule.want(self.target(1), isPermanent: false, now: self.start)
        let due = schedule.dialsDue(now: self.start)
        #expect(due == [self.target(1)])
    }

    @Test
    func `an address where nobody can be reached ever is forgotten`() {
        var schedule = RedialSchedule(settings: RedialSettings(), seed: 3)
        schedule.want(self.target(1), isPermanent: true, now: self.start)
        _ = schedule.dialsDue(now: self.start)
        schedule.dialFailed(self.target(1), isHopeless: true, now: self.start)
        #expect(schedule.nextDeadline == nil)
    }

    @Test
    func `a session that ends is made again`() throws {
        var schedule = RedialSchedule(settings: RedialSettings(), seed: 4)
        let alice = try self.peer(1)
        schedule.want(self.target(1), isPermanent: true, now: self.start)
        _ = schedule.dialsDue(now: self.start)
        schedule.dialSucceeded(self.target(1), peer: alice)
        #expect(schedule.nextDeadline == nil)
        schedule.disconnected(try self.peer(2), now: self.start)
        #expect(schedule.nextDeadline == nil)
        schedule.disconnected(alice, now: self.start)
        let deadline = try #require(schedule.nextDeadline)
        #expect(deadline > self.start)
        let due = schedule.dialsDue(now: deadline)
        #expect(due == [self.target(1)])
    }

    @Test
    func `a peer that is forgotten is dialed no more, unless a person has asked for it`() throws {
        var schedule = RedialSchedule(settings: RedialSettings(), seed: 3)
        let peer = try self.peer(1)
        schedule.want(self.target(1), isPermanent: false, now: self.start)
        schedule.want(self.target(2), isPermanent: true, now: self.start)
        for target in schedule.dialsDue(now: self.start) { schedule.dialSucceeded(target, peer: peer) }
        schedule.forget(peer)
        schedule.disconnected(peer, now: self.start)
        let due = schedule.dialsDue(now: self.start.advanced(by: .seconds(600)))
        #expect(due == [self.target(2)])
    }

    @Test
    func `a flood of announcements is kept within its bound`() {
        var settings = RedialSettings()
        settings.targetsMax = 10
        var schedule = RedialSchedule(settings: settings, seed: 5)
        for port in 1 ... 1_000 { schedule.want(self.target(UInt16(port)), isPermanent: false, now: self.start) }
        var due = schedule.dialsDue(now: self.start)
        #expect(due.count == 10)
        schedule.want(self.target(2_000), isPermanent: true, now: self.start)
        due = schedule.dialsDue(now: self.start)
        #expect(due == [self.target(2_000)])
    }
}
