import GridCore
import GridWire
import Testing

/// Who keeps a job, as one of its stewards sees it.
@Suite
struct StewardRosterTests {
    private let manifest = TestGrid.manifest(width: 64, height: 64)
    private let me = TestGrid.peer("steward")
    private let other = TestGrid.peer("other")

    private func steward(_ roster: Roster) throws -> Steward {
        let settings = Steward.Settings(me: self.me, sign: TestGrid.signer(self.me), verify: TestGrid.verify)
        var steward = try Steward(manifest: self.manifest, settings: settings, roster: roster)
        _ = steward.start(now: TestGrid.start)
        return steward
    }

    @Test
    func `who stands in for lost stewards asks everyone for them, and is answered by those who are back`() throws {
        let provisional = Roster(number: 2, stewards: [self.me], isProvisional: true)
        var standIn = try self.steward(provisional)
        var offered: [Duration] = []
        while let next = standIn.nextDeadline, TestGrid.start.duration(to: next) < .seconds(100) {
            for case .offer(let peer) in standIn.handleTimeout(now: next) {
                #expect(peer == nil)
                offered.append(TestGrid.start.duration(to: next))
            }
        }
        #expect(offered.count == 3)
        #expect(offered.allSatisfy { $0 >= .seconds(30) })

        let standing = Roster(number: 1, stewards: [self.me, self.other])
        var returned = try self.steward(standing)
        #expect(returned.rosterHeard(provisional, from: self.other, now: TestGrid.start) == [.offer(to: self.other)])
        #expect(returned.rosterHeard(standing, from: self.other, now: TestGrid.start).isEmpty)
        let actions = standIn.rosterHeard(standing, from: self.other, now: TestGrid.start.advanced(by: .seconds(101)))
        #expect(actions.contains(.rosterChanged(standing)))
    }

    @Test
    func `a steward that says nothing is told from time to time that it is one, and nobody else is asked`() throws {
        var steward = try self.steward(Roster(number: 1, stewards: [self.me, self.other]))
        var reminded: [Duration] = []
        let word = StewardMessage(job: steward.job, recordCount: 0, summary: Digest(hashing: "".utf8))
        var now = TestGrid.start
        while let next = steward.nextDeadline, TestGrid.start.duration(to: next) < .seconds(200) {
            now = max(now, next)
            var actions = steward.handleTimeout(now: now)
            let time = TestGrid.start.duration(to: now)
            if time > .seconds(100) { actions += steward.handle(word, from: self.other, now: now) }
            for case .offer(let peer) in actions {
                #expect(peer == self.other)
                reminded.append(time)
            }
        }
        #expect(reminded.count == 3, "\(reminded)")
        #expect(reminded.allSatisfy { $0 >= .seconds(30) && $0 < .seconds(101) }, "\(reminded)")
    }
}
