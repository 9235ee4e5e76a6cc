import GridCore
import GridWire
import Testing

@Suite
struct StewardRestartTests {
    private let manifest = TestGrid.manifest(width: 128, height: 64, frames: 2)

    /// Frame 1 closed; of frame 2 one unit stored, the other committed once.
    private func before() throws -> (Desk, alice: Hand, bob: Hand) {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        for index in 0 ..< 3 {
            _ = desk.send(alice.report(desk.job, [desk.unit(index)]), from: alice)
            _ = desk.send(bob.report(desk.job, [desk.unit(index)]), from: bob)
            desk.store(desk.unit(index))
        }
        _ = desk.send(alice.report(desk.job, [desk.unit(3)]), from: alice)
        return (desk, alice, bob)
    }

    @Test
    func `what is accepted and stored is not rendered again`() throws {
        let (old, alice, first) = try self.before()
        var bob = first
        for records in [old.disk, old.disk.reversed()] {
            var desk = try Desk(self.manifest, records: records, pixels: (0 ..< 3).map(old.unit))
            #expect(!desk.actions.contains { if case .discardPixels = $0 { true } else { false } })
            let status = desk.steward.status(now: desk.now)
            #expect(status.finalFrames == [1])
            #expect(status.unitsVerified == 3 && status.unitsRendered == 4)
            #expect(desk.steward.ledger == old.steward.ledger)
            let snapshot = desk.steward.snapshot(now: desk.now)
            #expect(snapshot.frames.map(\.tiles) == ["vv", "vr"])
            #expect(Set(snapshot.workers.map(\.verifiedUnits)) == [3])
            #expect(desk.send(alice.ask(desk.job, wanted: 9), from: alice) == nil, "alice has done her part")
            #expect(desk.send(bob.ask(desk.job, wanted: 9), from: bob)?.units == [desk.unit(3)])
        }
        var desk = try Desk(self.manifest, records: old.disk, pixels: (0 ..< 3).map(old.unit))
        _ = desk.send(bob.report(desk.job, [desk.unit(3)]), from: bob)
        desk.store(desk.unit(3))
        #expect(desk.steward.phase == .complete)
    }

    @Test
    func `accepted units without pixels are asked for, not rendered`() throws {
        let (old, alice, bob) = try self.before()
        var desk = try Desk(self.manifest, records: old.disk, pixels: [old.unit(0), old.unit(1)])
        #expect(desk.steward.wantsPixels(of: desk.unit(2)))
        let grants = [
            desk.send(bob.ask(desk.job, wanted: 0), from: bob), desk.send(alice.ask(desk.job, wanted: 0), from: alice),
        ]
        #expect(grants.compactMap { $0 }.flatMap(\.wantedPixels) == [desk.unit(2)])
        #expect(grants.compactMap { $0 }.flatMap(\.units).isEmpty)
    }

    @Test
    func `stored pixels whose records were lost stay, and serve when two workers agree on them again`() throws {
        let (old, _, _) = try self.before()
        var desk = try Desk(self.manifest, records: [], pixels: [old.unit(0), old.unit(2)])
        #expect(!desk.actions.contains { if case .discardPixels = $0 { true } else { false } })
        #expect(desk.steward.status(now: desk.now).unitsVerified == 0)
        var (carol, dave) = (Hand("carol"), Hand("dave"))
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        _ = desk.send(dave.report(desk.job, [desk.unit(0)]), from: dave)
        #expect(desk.steward.status(now: desk.now).unitsVerified == 1)
        #expect(!desk.steward.wantsPixels(of: desk.unit(0)))
    }

    @Test
    func `a frame whose last step was interrupted is closed at the start`() throws {
        let (old, _, _) = try self.before()
        let records = old.disk.filter { $0.kind != .frameFinal }
        let desk = try Desk(self.manifest, records: records, pixels: (0 ..< 3).map(old.unit))
        #expect(desk.actions.contains(.frameFinal(1)))
        #expect(desk.disk.count == old.disk.count)
        #expect(desk.steward.ledger == old.steward.ledger)
    }

    @Test
    func `a finished job is complete at once`() throws {
        var (old, _, bob) = try self.before()
        _ = old.send(bob.report(old.job, [old.unit(3)]), from: bob)
        old.store(old.unit(3))
        let desk = try Desk(self.manifest, records: old.disk)
        #expect(desk.steward.phase == .complete)
        #expect(desk.actions == [.jobComplete, .statusChanged])
    }

    @Test
    func `a burned worker stays burned`() throws {
        var (old, _, bob) = try self.before()
        let carol = Hand("carol")
        _ = old.send(carol.ask(old.job, wanted: 0), from: carol)
        _ = old.send(bob.report(old.job, [old.unit(3)], wrongAt: 1), from: bob)
        _ = old.send(carol.audit(old.job, LeaseGrant.Audit(unit: old.unit(3), leafIndex: 1)), from: carol)
        #expect(old.steward.status(now: old.now).burned == [bob.peer])
        var desk = try Desk(self.manifest, records: old.disk, pixels: (0 ..< 3).map(old.unit))
        #expect(desk.steward.status(now: desk.now).burned == [bob.peer])
        #expect(!desk.actions.contains { if case .workerBurned = $0 { true } else { false } })
        #expect(desk.send(bob.ask(desk.job), from: bob)?.isClosed == true)
        #expect(desk.actions.count == 1)
        // Frame 1 was closed while bob was trusted; his part of frame 2 is rendered by somebody else.
        #expect(desk.steward.status(now: desk.now).unitsVerified == 2)
        #expect(desk.send(carol.ask(desk.job, wanted: 2), from: carol)?.units.first == desk.unit(2))
    }
}
