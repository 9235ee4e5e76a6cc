import GridCore
import GridWire
import Testing

@Suite
struct StewardLeaseTests {
    /// Two units.
    private let small = TestGrid.manifest()
    /// 6 x 4 units a frame, two frames.
    private let large = TestGrid.manifest(width: 384, height: 256, frames: 2)

    @Test
    func `nothing is leased before the scene is there, and a request waits for it`() throws {
        let me = TestGrid.peer("steward")
        var steward = try Steward(
            manifest: self.small,
            settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
        )
        let alice = Hand("alice")
        let asked = steward.handleLeaseRequest(
            alice.ask(steward.job),
            from: alice.peer,
            requestID: 7,
            now: TestGrid.start
        )
        #expect(asked == [.statusChanged])
        #expect(steward.status(now: TestGrid.start).waitingFor == "the scene is still being received")
        let started = steward.start(now: TestGrid.start)
        guard case .respond(requestID: 7, let grant) = started.first else {
            Issue.record("not answered: \(started)")
            return
        }
        #expect(grant.units == [steward.plan.unit(at: 0)])
        #expect(steward.start(now: TestGrid.start).isEmpty)
    }

    @Test
    func `two workers get the same units first, and never the same unit twice`() throws {
        var desk = try Desk(self.large)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        #expect(desk.send(alice.ask(desk.job, wanted: 2), from: alice)?.units == [desk.unit(0), desk.unit(1)])
        #expect(desk.send(bob.ask(desk.job, wanted: 3), from: bob)?.units == [0, 1, 2].map(desk.unit))
        let report = alice.report(desk.job, [desk.unit(0)], wanted: 2, holding: [desk.unit(1)])
        #expect(desk.send(report, from: alice)?.units == [desk.unit(2), desk.unit(3)])
        let second = bob.report(desk.job, [desk.unit(0)], holding: [desk.unit(1), desk.unit(2)])
        _ = desk.send(second, from: bob)
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
        #expect(desk.steward.acceptedRoot(of: desk.unit(1)) == nil)
    }

    @Test
    func `second copies of a frame come before fresh units of the next one, and fresh ones of an earlier frame first`()
        throws
    {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 3))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        #expect(desk.steward.plan.unitsPerFrame == 1)
        _ = desk.send(alice.ask(desk.job, wanted: 1), from: alice)
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice)
        #expect(desk.send(bob.ask(desk.job), from: bob)?.units == [desk.unit(0)])
        #expect(desk.send(bob.ask(desk.job, holding: [desk.unit(0)]), from: bob)?.units == [desk.unit(1)])
    }

    @Test
    func `a request without available work is parked, and answered when work appears`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        _ = desk.send(alice.ask(desk.job), from: alice)
        _ = desk.send(bob.ask(desk.job), from: bob)
        #expect(desk.send(carol.ask(desk.job), from: carol) == nil)
        let request = desk.nextRequest
        desk.note(desk.steward.peerDisconnected(alice.peer, now: desk.now))
        #expect(desk.grant(to: request) == nil)
        desk.wait(.seconds(6))
        #expect(desk.grant(to: request)?.units == [desk.unit(0)])
    }

    @Test
    func `a parked request is answered with nothing after 4 s`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var alice = Hand("alice")
        _ = desk.send(alice.ask(desk.job), from: alice)
        #expect(desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice) == nil)
        let request = desk.nextRequest
        desk.wait(.milliseconds(3_999))
        #expect(desk.grant(to: request) == nil)
        desk.wait(.milliseconds(1))
        let grant = desk.grant(to: request)
        #expect(grant != nil && grant?.units == [] && grant?.isClosed == false)
    }

    @Test
    func `a new request replaces a parked one, which is answered with nothing`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var alice = Hand("alice")
        _ = desk.send(alice.ask(desk.job), from: alice)
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice)
        let old = desk.nextRequest
        #expect(desk.send(alice.ask(desk.job), from: alice) == nil)
        #expect(desk.grant(to: old)?.units == [])
        #expect(desk.steward.status(now: desk.now).activeWorkers == 1)
    }

    @Test
    func `a report is answered at once`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var alice = Hand("alice")
        _ = desk.send(alice.ask(desk.job), from: alice)
        #expect(desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)?.units == [])
    }

    @Test
    func `a lease without news expires after 6 s, and is renewed by holding`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        _ = desk.send(alice.ask(desk.job), from: alice)
        _ = desk.send(bob.ask(desk.job), from: bob)
        desk.wait(.seconds(4))
        _ = desk.send(carol.ask(desk.job), from: carol)
        let request = desk.nextRequest
        _ = desk.send(alice.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: alice)
        desk.wait(.milliseconds(1_999))
        #expect(desk.grant(to: request) == nil)
        desk.wait(.milliseconds(1))
        #expect(desk.grant(to: request)?.units == [desk.unit(0)])
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.heldUnits) == [1, 0, 1])
    }

    @Test
    func `a lease that was listed and is listed no more is given back`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        for hand in [alice, bob] {
            _ = desk.send(hand.ask(desk.job), from: hand)
        }
        _ = desk.send(carol.ask(desk.job), from: carol)
        let request = desk.nextRequest
        _ = desk.send(alice.ask(desk.job, wanted: 0), from: alice)
        #expect(desk.grant(to: request) == nil, "alice may not have seen the grant yet")
        _ = desk.send(alice.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: alice)
        _ = desk.send(alice.ask(desk.job, wanted: 0), from: alice)
        #expect(desk.grant(to: request)?.units == [desk.unit(0)])
    }

    @Test
    func `a peer that comes back within 6 s keeps its leases`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let alice = Hand("alice")
        _ = desk.send(alice.ask(desk.job), from: alice)
        desk.note(desk.steward.peerDisconnected(alice.peer, now: desk.now))
        desk.wait(.seconds(5))
        _ = desk.send(alice.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: alice)
        desk.wait(.seconds(5))
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.heldUnits) == [1])
    }

    @Test
    func `a result that comes after its lease expired is welcome`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.ask(desk.job), from: alice)
        desk.wait(.seconds(100))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
    }

    @Test
    func `a unit that needs no more copies is cancelled in the next grant of those who hold it`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let carol = Hand("carol")
        for hand in [alice, bob] {
            _ = desk.send(hand.ask(desk.job), from: hand)
        }
        desk.wait(.seconds(15))
        #expect(desk.send(carol.ask(desk.job), from: carol)?.units == [desk.unit(0)])
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        let grant = desk.send(carol.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: carol)
        #expect(grant?.cancelled == [desk.unit(0)])
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.cancelled == [])
    }

    @Test
    func `a fast idle worker gets a copy of what a slow one holds, a slow one does not`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 2))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let (carol, snail) = (Hand("carol"), Hand("snail"))
        let units = [desk.unit(0), desk.unit(1)]
        _ = desk.send(alice.ask(desk.job, wanted: 1, blockMicroseconds: 10_000), from: alice)
        _ = desk.send(alice.report(desk.job, [units[0]], wanted: 1), from: alice)
        _ = desk.send(bob.ask(desk.job, wanted: 1), from: bob)
        _ = desk.send(bob.ask(desk.job, wanted: 1, holding: [units[0]]), from: bob)
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.heldUnits) == [1, 2])
        _ = desk.send(alice.report(desk.job, [units[1]]), from: alice)
        _ = desk.send(bob.ask(desk.job, wanted: 0, holding: units, blockMicroseconds: 100_000), from: bob)
        // bob needs 6.4 s for each of the two; the snail 64 s, carol 0.64 s.
        #expect(desk.send(snail.ask(desk.job, blockMicroseconds: 1_000_000), from: snail) == nil)
        #expect(desk.send(carol.ask(desk.job, blockMicroseconds: 10_000), from: carol)?.units == [units[1]])
    }

    @Test
    func `no unit has more than four holders for each of its copies that is missing`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let hands = (0 ..< 10).map { Hand("hand \($0)") }
        // The first two believe that they need an hour; each further one is faster.
        for (i, hand) in hands.enumerated() {
            let time: UInt64 = i < 2 ? 60_000_000 : 1_000_000 / UInt64(1 << (2 * i))
            _ = desk.send(hand.ask(desk.job, blockMicroseconds: time), from: hand)
        }
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.heldUnits) == [1, 1, 1, 1, 1, 1, 1, 1, 0, 0])
    }

    @Test
    func `near the end each worker gets half of its share of what is left`() throws {
        var desk = try Desk(self.large)
        let total = 2 * desk.steward.plan.unitCount
        var left = total
        let hands = (0 ..< 4).map { Hand("hand \($0)") }
        for hand in hands {
            _ = desk.send(hand.ask(desk.job, wanted: 0, blockMicroseconds: 1_000), from: hand)
        }
        for hand in hands {
            let units =
                desk.send(hand.ask(desk.job, wanted: 64, blockMicroseconds: 1_000), from: hand)?.units.count ?? 0
            #expect(units == (left + 7) / 8)
            left -= units
        }
    }

    @Test
    func `a worker holds a bounded number of units, whatever it asks for`() throws {
        var desk = try Desk(TestGrid.manifest(width: 2_048, height: 2_048))
        let alice = Hand("alice")
        #expect(desk.steward.plan.unitCount == 1_024)
        for _ in 0 ..< 20 {
            _ = desk.send(alice.ask(desk.job, wanted: .max), from: alice)
        }
        let held = desk.steward.snapshot(now: desk.now).workers.first?.heldUnits
        #expect(held == Steward.heldUnitsOfUnknownSpeedMax)
        _ = desk.send(alice.ask(desk.job, wanted: -5), from: alice)
    }

    @Test
    func `units that an earlier steward leased are believed to be held`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 2))
        let (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        _ = desk.send(alice.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: alice)
        _ = desk.send(bob.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: bob)
        #expect(desk.send(carol.ask(desk.job, wanted: 1), from: carol)?.units == [desk.unit(1)])
    }

    @Test
    func `a request of another job, or after the end, is told that the job is closed`() throws {
        var desk = try Desk(self.small)
        let alice = Hand("alice")
        let other = JobID(Digest(hashing: "other".utf8))
        #expect(desk.send(alice.ask(other), from: alice)?.isClosed == true)
        desk.order(.cancelled)
        #expect(desk.actions.last == .statusChanged)
        #expect(desk.steward.status(now: desk.now).phase == .cancelled)
        #expect(desk.send(alice.ask(desk.job), from: alice)?.isClosed == true)
        #expect(desk.steward.nextDeadline == nil)
        #expect(desk.steward.offer.isClosed)
    }

    @Test
    func `cancelling answers parked requests`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var alice = Hand("alice")
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice)
        let request = desk.nextRequest
        desk.order(.cancelled)
        #expect(desk.grant(to: request)?.isClosed == true)
    }

    @Test
    func `a paused job leases nothing until it goes on, and only its submitter can say so`() throws {
        var desk = try Desk(self.small)
        let alice = Hand("alice")
        let forged = JobOrder(job: desk.job, sequence: 1, state: .cancelled)
        #expect(desk.steward.handleOrder(alice.sign(.jobOrder(forged)), now: desk.now) == nil)
        desk.order(.paused, sequence: 2)
        #expect(desk.send(alice.ask(desk.job), from: alice) == nil)
        #expect(desk.steward.status(now: desk.now).waitingFor == "its submitter paused it")
        let request = desk.nextRequest
        desk.order(.cancelled, sequence: 1)
        #expect(desk.steward.phase == .running, "an older order came late")
        desk.order(.running, sequence: 3)
        #expect(desk.grant(to: request)?.units == [desk.unit(0)])
    }

    @Test
    func `a job is as urgent as the time that it needs is long beside the time that it has`() throws {
        var desk = try Desk(self.small)
        let alice = Hand("alice")
        func urgency(_ deadline: Duration?, sequence: UInt64) -> Int? {
            let milliseconds = deadline.map { (desk.now.sinceEpoch + $0) / .milliseconds(1) } ?? 0
            desk.order(.running, sequence: sequence, deadline: UInt64(max(0, milliseconds)))
            return desk.send(alice.ask(desk.job, wanted: 0, blockMicroseconds: 1_000_000), from: alice)?.urgency
        }
        #expect(urgency(nil, sequence: 1) == 100)
        desk.wait(.seconds(1))
        let blocks = 2 * desk.steward.plan.unitCount * desk.steward.plan.blocksPerUnit
        #expect(urgency(.seconds(blocks), sequence: 2) == 100, "one block a second, and a second for each")
        #expect(urgency(.seconds(blocks / 2), sequence: 3) == 200)
        #expect(urgency(.seconds(blocks * 100), sequence: 4) == 25)
        #expect(urgency(.milliseconds(1), sequence: 5) == 400)
        #expect(urgency(.zero, sequence: 6) == 400, "it is late")
    }

    @Test
    func `every answer says how urgent the job is, those to requests that another one replaced too`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let alice = Hand("alice")
        desk.wait(.seconds(1))
        desk.order(.running, sequence: 1, deadline: 1)
        _ = desk.send(alice.ask(desk.job), from: alice)
        #expect(desk.send(alice.ask(desk.job, wanted: 3, holding: [desk.unit(0)]), from: alice) == nil)
        let parked = desk.nextRequest
        _ = desk.send(alice.ask(desk.job, wanted: 0, holding: [desk.unit(0)]), from: alice)
        #expect(desk.grant(to: parked)?.urgency == 400)
    }

    @Test
    func `a late unit is given to a worker with nothing to do, not to one that is busy with another job`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        for name in ["alice", "bob"] {
            let hand = Hand(name)
            #expect(desk.send(hand.ask(desk.job, blockMicroseconds: 1_000), from: hand)?.units == [desk.unit(0)])
        }
        desk.wait(.seconds(5))
        let carol = Hand("carol")
        #expect(desk.send(carol.ask(desk.job, blockMicroseconds: 1_000, isIdle: false), from: carol) == nil)
        let idle = desk.send(carol.ask(desk.job, blockMicroseconds: 1_000, isIdle: true), from: carol)
        #expect(idle?.units == [desk.unit(0)])
    }

    @Test
    func `batches without their leaves, with wrong ones, or of another signer are ignored`() throws {
        var desk = try Desk(self.small)
        var (alice, mallory) = (Hand("alice"), Hand("mallory"))
        let unit = desk.unit(0)
        let stolen = alice.report(desk.job, [unit])
        let batch = mallory.batch(desk.job, [unit])
        let honest = TestGrid.leaves(unit)
        for leaves in [nil, [], Array(honest.dropLast()), honest + honest, TestGrid.leaves(unit, wrongAt: 0)] {
            let entries = leaves.map { [LeaseRequest.Leaves(unit: unit, leaves: $0)] } ?? []
            _ = desk.send(mallory.ask(desk.job, wanted: 0, records: [batch], leaves: entries), from: mallory)
            #expect(!desk.actions.contains { if case .persist = $0 { true } else { false } })
        }
        _ = desk.send(stolen, from: mallory)
        #expect(desk.steward.ledger.count == 0)
        _ = desk.send(stolen, from: alice)
        #expect(desk.steward.ledger.count == 1)
        #expect(desk.disk.count == 1)
        _ = desk.send(stolen, from: alice)
        #expect(desk.disk.count == 1, "a repeated report is harmless")
    }

    @Test
    func `a worker that says the same again and again fills no ledger`() throws {
        var desk = try Desk(self.small)
        var alice = Hand("alice")
        for _ in 0 ..< 10 {
            _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        }
        #expect(desk.steward.ledger.count == 1)
    }

    @Test
    func `the status says what the job waits for`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        #expect(desk.steward.status(now: desk.now).waitingFor.hasPrefix("no node is working"))
        _ = desk.send(alice.ask(desk.job), from: alice)
        #expect(desk.steward.status(now: desk.now).waitingFor.isEmpty)
        let before = desk.steward.revision
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice)
        #expect(desk.actions.contains(.statusChanged))
        #expect(desk.steward.revision > before)
        #expect(desk.steward.status(now: desk.now).waitingFor.contains("checked by a second node"))
        #expect(desk.steward.status(now: desk.now).unitsRendered == 1)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wanted: 1), from: bob)
        #expect(desk.steward.status(now: desk.now).waitingFor.contains("pixels"))
    }
}
