import GridCore
import GridWire
import Testing

/// The order of the last units: what takes long is begun first, and by those who are fast.
@Suite
struct StewardEndTests {
    private let carol = Hand("carol")
    private let slow = Hand("slow")

    /// A job of `units` units, the first `done` of which are done, by workers that take 64 ms for each.
    private func desk(
        units: Int,
        frames: Int = 1,
        done: Int,
        costly: Int? = nil,
        busy: [Int] = [],
        others: Int = 14
    ) throws -> Desk {
        var desk = try Desk(TestGrid.manifest(width: 64 * units / frames, height: 64, frames: frames))
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        for index in 0 ..< done {
            let work: UInt64 = index == costly ? 40 : 10
            _ = desk.send(ann.report(desk.job, [desk.unit(index)], workCount: work), from: ann)
            _ = desk.send(bob.report(desk.job, [desk.unit(index)], workCount: work), from: bob)
        }
        for hand in [ann, bob] {
            let holding = hand.peer == ann.peer ? busy.map(desk.unit) : []
            _ = desk.send(hand.ask(desk.job, wanted: 0, holding: holding, blockMicroseconds: 1_000), from: hand)
        }
        for number in 0 ..< others {
            let hand = Hand("other \(number)")
            _ = desk.send(hand.ask(desk.job, wanted: 0, blockMicroseconds: 1_000), from: hand)
        }
        // Speeds are counted four times a second.
        desk.wait(.milliseconds(300))
        return desk
    }

    private func next(_ desk: inout Desk, _ hand: Hand, _ blockMicroseconds: UInt64 = 1_000) -> [UnitID]? {
        let grant = desk.send(hand.ask(desk.job, blockMicroseconds: blockMicroseconds), from: hand)
        desk.wait(.milliseconds(300))
        return grant?.units
    }

    @Test
    func `near the end what nobody has rendered is leased before second copies`() throws {
        var early = try self.desk(units: 20, done: 2, busy: [2])
        #expect(self.next(&early, self.carol) == [early.unit(2)], "frames become final in their order")
        var late = try self.desk(units: 20, done: 18, busy: [18])
        #expect(self.next(&late, self.carol) == [late.unit(19)])
    }

    /// Ann has rendered the last 20 units, one of which took four times as long as the others.
    private func costly(_ costly: Int) throws -> Desk {
        var desk = try self.desk(units: 100, done: 80)
        var ann = Hand("ann")
        ann.sequence = 100
        let last = (80 ..< 100).map(desk.unit)
        _ = desk.send(ann.ask(desk.job, wanted: 20, blockMicroseconds: 1_000), from: ann)
        for unit in last {
            let work: UInt64 = unit == desk.unit(costly) ? 40 : 10
            _ = desk.send(ann.report(desk.job, [unit], workCount: work), from: ann)
        }
        return desk
    }

    @Test
    func `of second copies the costliest is leased first`() throws {
        for index in [80, 85, 99] {
            var desk = try self.costly(index)
            #expect(self.next(&desk, self.carol) == [desk.unit(index)])
        }
    }

    @Test
    func `what was costly in another frame is leased before what was not`() throws {
        var desk = try self.desk(units: 100, frames: 10, done: 90, costly: 83)
        #expect(self.next(&desk, self.slow, 2_000) == [desk.unit(90)], "0.13 s, but 0.5 s for the costly one")
        #expect(self.next(&desk, self.carol) == [desk.unit(93)])
        var changed = try self.desk(units: 100, frames: 10, done: 90, costly: 73)
        #expect(self.next(&changed, self.carol) == [changed.unit(90)], "the frame next to it tells")
    }

    @Test
    func `a worker gets what it will have rendered when all is done`() throws {
        var desk = try self.costly(80)
        // All is done in 0.08 s, and it may take one unit of 64 ms longer.
        #expect(self.next(&desk, self.slow, 2_000) == [desk.unit(81)], "0.13 s, but 0.5 s for the costly one")
        #expect(self.next(&desk, Hand("slower"), 60_000) == nil, "4 s")
    }

    @Test
    func `when nobody takes a unit for two seconds slow workers get any`() throws {
        var desk = try self.costly(80)
        #expect(self.next(&desk, self.slow, 60_000) == nil)
        desk.wait(.seconds(2))
        #expect(self.next(&desk, self.slow, 60_000) == [desk.unit(80)])
        #expect(self.next(&desk, Hand("slower"), 60_000) == [desk.unit(81)])
    }

    @Test
    func `a job of few workers keeps its order to the end`() throws {
        var desk = try self.desk(units: 20, done: 18, busy: [18], others: 1)
        #expect(self.next(&desk, self.carol) == [desk.unit(18)])
    }
}
