import GridCore
import GridWire
import Testing

/// How many copies of pixels are on their way at a time.
struct CopyPacingTests {
    private func at(_ seconds: Double) -> Instant {
        TestGrid.start.advanced(by: .seconds(seconds))
    }

    /// Begins copies until one must wait.
    private func fill(_ pacing: inout CopyPacing, from first: Int = 0, at seconds: Double) -> Int {
        var count = 0
        while pacing.begin(first + count, isFirst: true, now: self.at(seconds)) { count += 1 }
        return count
    }

    @Test
    func `what arrives makes room for what waits, in its order, and for one more`() {
        var pacing = CopyPacing()
        let room = self.fill(&pacing, at: 0)
        #expect((4 ... 100).contains(room))
        let isBegun = pacing.begin(1_000, isFirst: true, now: self.at(0))
        #expect(!isBegun)
        var next = pacing.next()
        #expect(next == nil)
        pacing.end(0, now: self.at(1))
        next = pacing.next()
        #expect(next == room)
        let isBegunNow = pacing.begin(room, isFirst: true, now: self.at(1))
        #expect(isBegunNow)
        next = pacing.next()
        #expect(next == 1_000)
        next = pacing.next()
        #expect(next == nil)
    }

    @Test
    func `one that is not needed any more does not come out of the line`() {
        var pacing = CopyPacing()
        let room = self.fill(&pacing, at: 0)
        pacing.end(room, now: self.at(0))
        pacing.end(0, now: self.at(1))
        let next = pacing.next()
        #expect(next == nil)
    }

    @Test
    func `where much is overdue there is ever less room, but some, and a single one changes nothing`() {
        var pacing = CopyPacing()
        let room = self.fill(&pacing, at: 0)
        _ = pacing.isOverdue(0)
        for unit in 1 ..< room { pacing.end(unit, now: self.at(1)) }
        while pacing.next() != nil {}
        let more = self.fill(&pacing, from: 5_000, at: 1)
        #expect(more == 2 * room - 1)
        for unit in 0 ..< more { _ = pacing.isOverdue(5_000 + unit) }
        while pacing.next() != nil {}
        let less = self.fill(&pacing, from: 10_000, at: 1)
        #expect(less <= more / 2)
        for round in 1 ... 20 {
            for unit in 0 ..< 2 * room { _ = pacing.isOverdue(round * 10_000 + unit) }
            while pacing.next() != nil {}
            let left = self.fill(&pacing, from: (round + 1) * 10_000, at: Double(round) + 1)
            #expect(left >= 4)
            if round == 20 { #expect(left == 4) }
        }
    }

    @Test
    func `the patience follows how long copies take, and is not learned from those that were repeated`() {
        var pacing = CopyPacing()
        let least = Duration.seconds(1)
        #expect(pacing.patience(atLeast: least) == least)
        for unit in 0 ..< 20 {
            _ = pacing.begin(unit, isFirst: false, now: self.at(Double(unit)))
            pacing.end(unit, now: self.at(Double(unit) + 30))
        }
        #expect(pacing.patience(atLeast: least) == least)
        for unit in 100 ..< 140 {
            _ = pacing.begin(unit, isFirst: true, now: self.at(Double(unit)))
            pacing.end(unit, now: self.at(Double(unit) + 8))
        }
        #expect(pacing.patience(atLeast: least) > .seconds(7.9))
        #expect(pacing.patience(atLeast: least) < .seconds(10))
        _ = pacing.begin(200, isFirst: true, now: self.at(300))
        pacing.end(200, now: self.at(3_000))
        #expect(pacing.patience(atLeast: least) == CopyPacing.patienceMax)
    }

    @Test
    func `when others can be reached than before, the line is tried anew`() {
        var pacing = CopyPacing()
        let room = self.fill(&pacing, at: 0)
        pacing.end(0, now: self.at(15))
        for unit in 1 ..< room { _ = pacing.isOverdue(unit) }
        pacing.forget()
        #expect(pacing.patience(atLeast: .seconds(1)) == .seconds(1))
        while pacing.next() != nil {}
        let again = self.fill(&pacing, from: 10_000, at: 17)
        #expect(again == room)
    }

    @Test
    func `some may be on their way in any case, where nobody can tell how long they take`() {
        var pacing = CopyPacing()
        var count = 0
        while pacing.begin(count, isFirst: true, roomAtLeast: 64, now: self.at(0)) { count += 1 }
        #expect(count == 64)
        pacing.end(0, now: self.at(1))
        let none = pacing.next()
        #expect(none == nil)
        let next = pacing.next(roomAtLeast: 64)
        #expect(next == 64)
    }
}
