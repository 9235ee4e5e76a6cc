import GridCore
import GridWire
import Testing

@Suite
struct StewardPixelTests {
    private let manifest = TestGrid.manifest(width: 64, height: 64)

    private func isWanted(_ desk: Desk, from request: UInt64) -> Bool {
        desk.grant(to: request)?.wantedPixels == [desk.unit(0)]
    }

    @Test
    func `accepted pixels are wanted from one worker, the frame is final when they are stored`() throws {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], wanted: 1), from: alice)
        let first = desk.nextRequest
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wanted: 1), from: bob)
        let second = desk.nextRequest
        #expect(self.isWanted(desk, from: first) != self.isWanted(desk, from: second))
        #expect(desk.steward.wantsPixels(of: desk.unit(0)))
        desk.store(desk.unit(0))
        #expect(desk.actions.contains(.tileVerified(frame: 1, tile: 0)))
        #expect(desk.actions.contains(.frameFinal(1)))
        #expect(desk.actions.contains(.jobComplete))
        #expect(desk.actions.last == .statusChanged)
        #expect(desk.steward.phase == .complete)
        #expect(desk.steward.status(now: desk.now).finalFrames == [1])
        guard let record = desk.disk.last, case .frameFinal(let final) = try record.verified(by: TestGrid.verify) else {
            Issue.record("no final record")
            return
        }
        #expect(record.signer == TestGrid.peer("steward"))
        #expect(final.framePixels == Digest(hashing: TestGrid.root(desk.unit(0)).bytes))
        let work = [alice.peer, bob.peer].sorted().map { FrameFinal.WorkShare(worker: $0, workCount: 10) }
        #expect(final.work == work)
    }

    @Test
    func `who overstates its work gains nothing`() throws {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)], workCount: 7), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], workCount: .max), from: bob)
        desk.store(desk.unit(0))
        #expect(desk.steward.snapshot(now: desk.now).workers.map(\.workCount) == [7, 7])
    }

    @Test
    func `the steward's own copy is preferred`() throws {
        for order in [["alice", "steward"], ["steward", "alice"]] {
            var desk = try Desk(self.manifest)
            var asked: Set<String> = []
            for name in order {
                var hand = Hand(name)
                let grant = desk.send(hand.report(desk.job, [desk.unit(0)]), from: hand)
                #expect(grant?.wantedPixels == [] || asked.insert(name).inserted)
            }
            for name in order {
                let hand = Hand(name)
                let grant = desk.send(hand.ask(desk.job, wanted: 0), from: hand)
                #expect(grant?.wantedPixels == [] || asked.insert(name).inserted)
            }
            #expect(asked == ["steward"])
        }
    }

    /// A desk with an accepted unit, the worker that was asked for its pixels, and the other one.
    private func accepted() throws -> (Desk, asked: Hand, other: Hand) {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        if desk.grant(to: desk.nextRequest)?.wantedPixels == [desk.unit(0)] {
            return (desk, bob, alice)
        }
        #expect(desk.send(alice.ask(desk.job, wanted: 0), from: alice)?.wantedPixels == [desk.unit(0)])
        return (desk, alice, bob)
    }

    @Test
    func `the other worker is asked after 10 s`() throws {
        var (desk, asked, other) = try self.accepted()
        desk.wait(.seconds(9))
        #expect(desk.send(other.ask(desk.job, wanted: 0), from: other)?.wantedPixels == [])
        _ = desk.send(asked.ask(desk.job, wanted: 0), from: asked)
        desk.wait(.seconds(1))
        #expect(desk.send(other.ask(desk.job, wanted: 0), from: other)?.wantedPixels == [desk.unit(0)])
    }

    @Test
    func `the other worker is asked at once when the first lost them`() throws {
        var (desk, asked, other) = try self.accepted()
        _ = desk.send(asked.ask(desk.job, wanted: 0, lost: [desk.unit(0)]), from: asked)
        #expect(desk.send(other.ask(desk.job, wanted: 0), from: other)?.wantedPixels == [desk.unit(0)])
    }

    @Test
    func `the other worker is asked at once when the first sent wrong ones, or its session ended`() throws {
        var (desk, asked, other) = try self.accepted()
        desk.note(desk.steward.pixelsRefused(desk.unit(0), from: asked.peer, now: desk.now))
        #expect(desk.send(other.ask(desk.job, wanted: 0), from: other)?.wantedPixels == [desk.unit(0)])
        (desk, asked, other) = try self.accepted()
        desk.note(desk.steward.peerDisconnected(asked.peer, now: desk.now))
        #expect(desk.send(other.ask(desk.job, wanted: 0), from: other)?.wantedPixels == [desk.unit(0)])
    }

    @Test
    func `when both lost them the unit is rendered again, even by one of the two`() throws {
        var (desk, asked, other) = try self.accepted()
        for hand in [asked, other] {
            _ = desk.send(hand.ask(desk.job, wanted: 0, lost: [desk.unit(0)]), from: hand)
        }
        #expect(desk.send(other.ask(desk.job), from: other)?.units == [desk.unit(0)])
        let grant = desk.send(other.report(desk.job, [desk.unit(0)]), from: other)
        #expect(grant?.wantedPixels == [desk.unit(0)])
        desk.store(desk.unit(0))
        #expect(desk.actions.contains(.frameFinal(1)))
    }

    @Test
    func `when both are gone the unit is rendered again by a third one`() throws {
        var (desk, asked, other) = try self.accepted()
        let carol = Hand("carol")
        for hand in [asked, other] {
            desk.note(desk.steward.peerDisconnected(hand.peer, now: desk.now))
        }
        desk.wait(.seconds(18))
        _ = desk.send(carol.ask(desk.job), from: carol)
        let request = desk.nextRequest
        desk.wait(.milliseconds(1_999))
        #expect(desk.grant(to: request) == nil, "they may come back")
        desk.wait(.milliseconds(1_900))
        #expect(desk.grant(to: request)?.units == [desk.unit(0)])
    }

    @Test
    func `workers may forget stored pixels`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 2))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        desk.store(desk.unit(0))
        var carol = Hand("carol")
        #expect(desk.send(alice.ask(desk.job, wanted: 0), from: alice)?.released == [desk.unit(0)])
        #expect(desk.send(bob.ask(desk.job, wanted: 0), from: bob)?.released == [desk.unit(0)])
        #expect(desk.send(bob.ask(desk.job, wanted: 0), from: bob)?.released == [])
        #expect(desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)?.released == [desk.unit(0)])
        #expect(desk.steward.ledger.count == 3, "a closed frame takes no more results")
    }

    @Test
    func `pixels that nobody wants are not counted`() throws {
        var desk = try Desk(self.manifest)
        desk.store(desk.unit(0))
        #expect(desk.actions.isEmpty)
        desk.store(UnitID(frame: 7, tile: 7, firstBlock: 7, blockCount: 7))
        #expect(desk.actions.isEmpty)
    }
}
