import GridCore
import GridWire
import Testing

@Suite
struct StewardDisputeTests {
    private let manifest = TestGrid.manifest(width: 64, height: 64, frames: 2)
    private let audit = { (desk: Desk) in LeaseGrant.Audit(unit: desk.unit(0), leafIndex: 5) }

    /// Alice tells the truth about the first unit and Bob lies about its leaf 5.
    private func disputed(_ others: [Hand] = []) throws -> (Desk, alice: Hand, bob: Hand) {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        for other in others {
            _ = desk.send(other.ask(desk.job, wanted: 0), from: other)
        }
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 5), from: bob)
        return (desk, alice, bob)
    }

    private func burned(_ desk: Desk) -> [PeerID] {
        desk.actions.compactMap { if case .workerBurned(let burn) = $0 { burn.worker } else { nil } }
    }

    @Test
    func `a third node is asked for exactly the first leaf that differs, without any claim`() throws {
        var (desk, alice, bob) = try self.disputed()
        #expect(desk.steward.snapshot(now: desk.now).frames.first?.tiles == "d")
        #expect(desk.send(alice.ask(desk.job, wanted: 0), from: alice)?.audits == [])
        #expect(desk.send(bob.ask(desk.job, wanted: 0), from: bob)?.audits == [])
        let carol = Hand("carol")
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.audits == [self.audit(desk)])
    }

    @Test
    func `a parked node is woken for an audit`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let carol = Hand("carol")
        _ = desk.send(alice.ask(desk.job), from: alice)
        _ = desk.send(bob.ask(desk.job), from: bob)
        #expect(desk.send(carol.ask(desk.job), from: carol) == nil)
        let request = desk.nextRequest
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 5), from: bob)
        #expect(desk.grant(to: request)?.audits == [self.audit(desk)])
        #expect(desk.grant(to: request)?.units == [])
    }

    @Test
    func `without a third node the status says what the job waits for`() throws {
        var (desk, _, _) = try self.disputed()
        let status = desk.steward.status(now: desk.now)
        #expect(status.waitingFor.contains("a third node must settle it"))
        #expect(self.burned(desk).isEmpty)
        desk.wait(.seconds(60))
        #expect(desk.steward.status(now: desk.now).burned == [])
    }

    @Test
    func `the referee's word burns the liar, whose proof is recorded before it is named`() throws {
        var (desk, alice, bob) = try self.disputed()
        var carol = Hand("carol")
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        _ = desk.send(carol.audit(desk.job, self.audit(desk)), from: carol)
        #expect(self.burned(desk) == [bob.peer])
        let named = desk.actions.firstIndex { if case .workerBurned = $0 { true } else { false } }
        let proofs = desk.actions.enumerated().compactMap { index, action -> (Int, SignedRecord)? in
            if case .persist(let record) = action, record.kind == .fraudProof { (index, record) } else { nil }
        }
        guard let (place, record) = proofs.first, proofs.count == 1, let named,
            case .fraudProof(let proof) = try record.verified(by: TestGrid.verify)
        else {
            Issue.record("no proof: \(desk.actions)")
            return
        }
        #expect(place < named)
        #expect(proof.worker == bob.peer && proof.unit == desk.unit(0) && proof.leafIndex == 5)
        #expect(proof.claimedLeaf == TestGrid.leaves(desk.unit(0), wrongAt: 5)[5])
        #expect(proof.correctLeaf == TestGrid.leaves(desk.unit(0))[5])
        #expect(desk.steward.status(now: desk.now).burned == [bob.peer])

        // The liar gets nothing any more, and its lie does not count: another one renders the unit.
        #expect(desk.send(bob.ask(desk.job), from: bob)?.isClosed == true)
        #expect(desk.send(alice.ask(desk.job), from: alice)?.units == [desk.unit(1)])
        #expect(desk.send(carol.ask(desk.job), from: carol)?.units == [desk.unit(0)])
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
    }

    @Test
    func `an unasked report decides nothing`() throws {
        var (desk, _, _) = try self.disputed([Hand("carol")])
        let dave = Hand("dave")
        let lie = TestGrid.leaves(desk.unit(0), wrongAt: 5)[5]
        _ = desk.send(dave.audit(desk.job, self.audit(desk), leaf: lie), from: dave)
        #expect(self.burned(desk).isEmpty)
        #expect(desk.steward.ledger.count == 2)
    }

    @Test
    func `a referee who agrees with neither leads to another one`() throws {
        var (desk, _, bob) = try self.disputed()
        let (carol, dave) = (Hand("carol"), Hand("dave"))
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        let nonsense = Digest(hashing: "nonsense".utf8)
        _ = desk.send(carol.audit(desk.job, self.audit(desk), leaf: nonsense), from: carol)
        #expect(self.burned(desk).isEmpty)
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.audits == [])
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits == [self.audit(desk)])
        _ = desk.send(dave.audit(desk.job, self.audit(desk)), from: dave)
        #expect(self.burned(desk) == [bob.peer])
    }

    @Test
    func `two referees who agree against both burn both`() throws {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wrongAt: 5, lie: "one"), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 5, lie: "two"), from: bob)
        for name in ["carol", "dave"] {
            let hand = Hand(name)
            _ = desk.send(hand.ask(desk.job, wanted: 0), from: hand)
            _ = desk.send(hand.audit(desk.job, self.audit(desk)), from: hand)
        }
        #expect(Set(self.burned(desk)) == [alice.peer, bob.peer])
    }

    @Test
    func `a referee that does not answer in 10 s is replaced, and its late word still counts`() throws {
        var (desk, _, bob) = try self.disputed()
        let (carol, dave) = (Hand("carol"), Hand("dave"))
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.audits.count == 1)
        desk.wait(.seconds(5))
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits.count == 0)
        desk.wait(.seconds(5))
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits.count == 1)
        _ = desk.send(carol.audit(desk.job, self.audit(desk)), from: carol)
        #expect(self.burned(desk) == [bob.peer])
    }

    @Test
    func `a referee whose session ends is replaced at once`() throws {
        var (desk, _, _) = try self.disputed()
        let (carol, dave) = (Hand("carol"), Hand("dave"))
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.audits.count == 1)
        _ = desk.send(dave.ask(desk.job, wanted: 0), from: dave)
        desk.note(desk.steward.peerDisconnected(carol.peer, now: desk.now))
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits.count == 1)
    }

    @Test
    func `a majority of whole results decides where no referee is to be had`() throws {
        var (desk, _, bob) = try self.disputed()
        var carol = Hand("carol")
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        #expect(self.burned(desk) == [bob.peer])
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
    }

    @Test
    func `a late result that differs from two equal ones is argued about before the frame is closed`() throws {
        var desk = try Desk(self.manifest)
        var (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        let dave = Hand("dave")
        _ = desk.send(dave.ask(desk.job, wanted: 0), from: dave)
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wrongAt: 5), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 5), from: bob)
        let lie = MerkleTree(TestGrid.leaves(desk.unit(0), wrongAt: 5)).root
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == lie)
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == nil)
        desk.store(desk.unit(0))
        #expect(!desk.actions.contains(.frameFinal(1)))
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits.count == 1)
        _ = desk.send(dave.audit(desk.job, self.audit(desk)), from: dave)
        // Two against two: a fifth opinion is needed.
        #expect(self.burned(desk).isEmpty)
        let erin = Hand("erin")
        #expect(desk.send(erin.ask(desk.job, wanted: 0), from: erin)?.audits.count == 1)
        _ = desk.send(erin.audit(desk.job, self.audit(desk)), from: erin)
        #expect(Set(self.burned(desk)) == [alice.peer, bob.peer])
    }

    @Test
    func `all unfinished work of a burned worker is redone, its finished frames stay`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 4))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let carol = Hand("carol")
        // Frame 1 is closed, frame 2 verified and stored but then disputed, frame 3 verified; bob has a part in all.
        for index in [0, 2] {
            _ = desk.send(alice.report(desk.job, [desk.unit(index)]), from: alice)
            _ = desk.send(bob.report(desk.job, [desk.unit(index)]), from: bob)
        }
        desk.store(desk.unit(0))
        #expect(desk.actions.contains(.frameFinal(1)))
        _ = desk.send(bob.ask(desk.job, wanted: 1), from: bob)
        _ = desk.send(alice.report(desk.job, [desk.unit(1)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(1)], wrongAt: 5), from: bob)
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        _ = desk.send(carol.audit(desk.job, LeaseGrant.Audit(unit: desk.unit(1), leafIndex: 5)), from: carol)
        #expect(self.burned(desk) == [bob.peer])
        #expect(desk.steward.status(now: desk.now).finalFrames == [1])
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
        #expect(desk.steward.acceptedRoot(of: desk.unit(2)) == nil)
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.heldUnits) == [0, 0, 0])
        let units = (0 ..< 3).map { _ in desk.send(carol.ask(desk.job), from: carol)?.units.first }
        #expect(units == [desk.unit(1), desk.unit(2), desk.unit(3)])
    }

    @Test
    func `stored pixels of a verdict that is taken back stay, and serve when the same pixels are accepted again`()
        throws
    {
        var desk = try Desk(TestGrid.manifest(width: 128, height: 64))
        var (alice, bob, dave) = (Hand("alice"), Hand("bob"), Hand("dave"))
        let carol = Hand("carol")
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        desk.store(desk.unit(0))
        #expect(desk.steward.status(now: desk.now).unitsVerified == 1)
        _ = desk.send(alice.report(desk.job, [desk.unit(1)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(1)], wrongAt: 5), from: bob)
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        _ = desk.send(carol.audit(desk.job, LeaseGrant.Audit(unit: desk.unit(1), leafIndex: 5)), from: carol)
        #expect(!desk.actions.contains(.discardPixels(desk.unit(0))))
        #expect(desk.steward.status(now: desk.now).unitsVerified == 0)
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.verifiedUnits) == [0, 0, 0])
        _ = desk.send(dave.report(desk.job, [desk.unit(0)]), from: dave)
        #expect(desk.steward.status(now: desk.now).unitsVerified == 1)
    }

    @Test
    func `a burned worker's reports do not count`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 3))
        var (alice, bob, carol, dave) = (Hand("alice"), Hand("bob"), Hand("carol"), Hand("dave"))
        // Carol is asked about the first unit, and caught about the second before she answers.
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 5), from: bob)
        #expect(desk.send(carol.ask(desk.job, wanted: 0), from: carol)?.audits.count == 1)
        _ = desk.send(carol.report(desk.job, [desk.unit(1)], wrongAt: 7), from: carol)
        _ = desk.send(dave.report(desk.job, [desk.unit(1)]), from: dave)
        let second = LeaseGrant.Audit(unit: desk.unit(1), leafIndex: 7)
        _ = desk.send(alice.ask(desk.job, wanted: 0), from: alice)
        _ = desk.send(alice.audit(desk.job, second), from: alice)
        #expect(self.burned(desk) == [carol.peer])
        let lie = TestGrid.leaves(desk.unit(0), wrongAt: 5)[5]
        #expect(desk.send(carol.audit(desk.job, self.audit(desk), leaf: lie), from: carol)?.isClosed == true)
        #expect(self.burned(desk).isEmpty)
        #expect(desk.send(dave.ask(desk.job, wanted: 0), from: dave)?.audits == [self.audit(desk)])
    }

    @Test
    func `a worker who contradicts itself is burned without a referee`() throws {
        var desk = try Desk(self.manifest)
        var alice = Hand("alice")
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        let grant = desk.send(alice.report(desk.job, [desk.unit(0)], wrongAt: 1), from: alice)
        #expect(grant?.isClosed == true)
        #expect(self.burned(desk) == [alice.peer])
    }

    @Test
    func `after a restart a disagreement is settled by rendering the unit a third time`() throws {
        let (before, _, _) = try self.disputed()
        var desk = try Desk(self.manifest, records: before.disk)
        let (alice, bob) = (Hand("alice"), Hand("bob"))
        var carol = Hand("carol")
        #expect(desk.send(alice.ask(desk.job), from: alice)?.units == [desk.unit(1)])
        #expect(desk.send(bob.ask(desk.job), from: bob)?.units == [desk.unit(1)])
        #expect(desk.send(carol.ask(desk.job), from: carol)?.units == [desk.unit(0)])
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        #expect(desk.steward.acceptedRoot(of: desk.unit(0)) == TestGrid.root(desk.unit(0)))
    }
}
