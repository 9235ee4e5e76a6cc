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
    func `whoever keeps a job for good asks nobody`() throws {
        var steward = try self.steward(Roster(number: 1, stewards: [self.me, self.other]))
        while let next = steward.nextDeadline, TestGrid.start.duration(to: next) < .seconds(100) {
            for case .offer(_) in steward.handleTimeout(now: next) {
                Issue.record("it asked around after \(TestGrid.start.duration(to: next))")
            }
        }
    }
}
