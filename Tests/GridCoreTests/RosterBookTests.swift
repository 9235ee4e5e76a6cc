import GridCore
import GridWire
import Testing

/// Who keeps a job is a function of the votes.
struct RosterBookTests {
    private let manifest = TestGrid.manifest(frames: 2)
    private let names = ["s1", "s2", "s3", "s4", "s5"]

    private var job: JobID { JobID(self.manifest.id.digest) }

    private func epoch(_ number: Int, _ names: [String]) -> RosterEpoch {
        RosterEpoch(job: self.job, number: number, stewards: names.map(TestGrid.peer))
    }

    private func votes(_ epoch: RosterEpoch, by names: [String]) -> [SignedRecord] {
        names.map { Hand($0).sign(.rosterEpoch(epoch)) }
    }

    private func roster(_ records: [SignedRecord]) throws -> Roster? {
        var ledger = try Ledger(manifest: self.manifest, stewards: [TestGrid.peer("s1")], verify: TestGrid.verify)
        for record in records {
            _ = ledger.insert(record)
        }
        return ledger.roster
    }

    @Test
    func `the submitter names the first stewards, and more than half of them the next ones`() throws {
        let first = self.votes(self.epoch(1, self.names), by: ["submitter"])
        #expect(try self.roster(first)?.number == 1)
        let next = self.epoch(2, ["s2", "s3", "s4", "s5", "new"])
        #expect(try self.roster(first + self.votes(next, by: ["s2", "s3"]))?.number == 1)
        #expect(try self.roster(first + self.votes(next, by: ["s2", "s3", "new", "other"]))?.number == 1)
        let enough = first + self.votes(next, by: ["s2", "s3", "s4"])
        #expect(try self.roster(enough)?.stewards == next.stewards)
        #expect(try self.roster(enough.reversed())?.stewards == next.stewards)
        #expect(try self.roster(Array(enough.dropFirst())) == nil)
    }

    @Test
    func `numbers follow one another, unless the submitter skips some`() throws {
        let first = self.votes(self.epoch(1, self.names), by: ["submitter"])
        let skipping = self.votes(self.epoch(3, ["s1", "s2"]), by: ["s1", "s2", "s3", "s4", "s5"])
        #expect(try self.roster(first + skipping)?.number == 1)
        let again = self.votes(self.epoch(9, ["s9"]), by: ["submitter"])
        #expect(try self.roster(first + skipping + again)?.stewards == [TestGrid.peer("s9")])
    }

    @Test
    func `replicas with the same votes name the same stewards, in whatever order the votes came`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0 ..< 50 {
            var records = self.votes(self.epoch(1, self.names), by: ["submitter"])
            for number in 2 ... 4 {
                for _ in 0 ..< 2 {
                    let members = self.names.shuffled(using: &random).prefix(3) + ["n\(number)", "m\(number)"]
                    let voters = (self.names + ["n\(number - 1)"]).filter { _ in Bool.random(using: &random) }
                    records += self.votes(self.epoch(number, Array(members)), by: voters)
                }
            }
            let expected = try self.roster(records)
            for _ in 0 ..< 5 {
                #expect(try self.roster(records.shuffled(using: &random)) == expected)
            }
        }
    }

    @Test
    func `votes of strangers take little room, and none from those who count`() throws {
        var ledger = try Ledger(manifest: self.manifest, stewards: [TestGrid.peer("s1")], verify: TestGrid.verify)
        let next = self.epoch(2, ["s2", "s3", "s4", "s5", "new"])
        let strangers = (0 ..< 1_100).map { "stranger \($0)" }
        for (number, name) in strangers.enumerated() {
            _ = ledger.insert(self.votes(self.epoch(2 + number, [name]), by: [name])[0])
        }
        for name in strangers.prefix(100) { _ = ledger.insert(self.votes(next, by: [name])[0]) }
        #expect(ledger.count == 1_024)
        for record in self.votes(self.epoch(1, self.names), by: ["submitter"]) { _ = ledger.insert(record) }
        for name in strangers.prefix(100) { _ = ledger.insert(self.votes(next, by: [name])[0]) }
        for record in self.votes(next, by: ["s2", "s3", "s4"]) { _ = ledger.insert(record) }
        #expect(ledger.roster?.stewards == next.stewards)
    }

    @Test
    func `an order of somebody else than the submitter is refused`() throws {
        var ledger = try Ledger(manifest: self.manifest, stewards: nil, verify: TestGrid.verify)
        let order = JobOrder(job: self.job, sequence: 1, state: .paused, priority: 3)
        guard case .rejected = ledger.insert(Hand("s1").sign(.jobOrder(order))) else {
            Issue.record("taken")
            return
        }
        _ = ledger.insert(Hand("submitter").sign(.jobOrder(order)))
        #expect(ledger.lastOrder.state == .paused && ledger.lastOrder.priority == 3)
    }
}
