import GridCore
import GridWire
import Testing

@Suite
struct CreditBookTests {
    private let me = TestGrid.peer("me")
    private let friend = TestGrid.peer("friend")
    private let taker = TestGrid.peer("taker")

    private func final(_ frame: Int, job: String, _ work: [(PeerID, Double)]) -> (FrameFinal, RecordID) {
        let shares = work.map { FrameFinal.WorkShare(worker: $0.0, workCount: UInt64($0.1 * CreditBook.hour)) }
        let job = JobID(Digest(hashing: job.utf8))
        let final = FrameFinal(job: job, frame: frame, framePixels: TestGrid.coreVersion, work: shares)
        return (final, RecordID(Digest(hashing: "\(job)\(frame)\(work)".utf8)))
    }

    /// A book in which each has worked so many hours for another.
    private func book(_ debts: [(worker: PeerID, submitter: PeerID, hours: Double)]) -> CreditBook {
        var book = CreditBook()
        for (number, debt) in debts.enumerated() {
            let (final, id) = self.final(number, job: "\(debt.submitter)", [(debt.worker, debt.hours)])
            book.insert(final, id: id, submitter: debt.submitter)
        }
        return book
    }

    @Test
    func `work is summed over frames in any order, each frame once`() {
        let records = [
            self.final(1, job: "a", [(self.friend, 3), (self.taker, 4)]), self.final(2, job: "a", [(self.friend, 5)]),
            self.final(2, job: "a", [(self.friend, 5)]), self.final(4, job: "a", [(self.taker, 2)]),
            self.final(4, job: "a", [(self.taker, 3)]), self.final(5, job: "a", [(self.me, 9)]),
        ]
        var works: [[Double]] = []
        for order in [records, records.reversed()] {
            var book = CreditBook()
            for (final, id) in order { book.insert(final, id: id, submitter: self.me) }
            works.append([self.friend, self.taker, self.me].map { book.work(by: $0, for: self.me) / CreditBook.hour })
        }
        #expect(works[0] == works[1])
        #expect(works[0][0] == 8 && works[0][2] == 0, "work for oneself is none")
        #expect([6, 7].contains(works[0][1]), "of two records of one frame one counts, whichever came first")
    }

    @Test
    func `who worked for this node comes before strangers, and they before who only took`() {
        let debts = [(self.friend, self.me, 9.0), (self.me, self.taker, 5.0)]
        let reciprocity = self.book(debts).reciprocity(at: self.me)
        #expect(reciprocity.weight(of: self.friend) == 1)
        #expect(reciprocity.weight(of: self.me) == 1)
        #expect(reciprocity.weight(of: TestGrid.peer("stranger")) == 0.1)
        #expect(reciprocity.weight(of: self.taker) == Reciprocity.least)
        #expect(Reciprocity.none.weight(of: self.taker) == 1)
    }

    @Test
    func `credit counts over one friend, half and no further than that friend's own; invented nodes have none`() {
        let (helper, sybil) = (TestGrid.peer("helper"), TestGrid.peer("sybil"))
        let debts = [
            (self.friend, self.me, 4.0), (helper, self.friend, 100.0), (sybil, TestGrid.peer("another sybil"), 1e6),
        ]
        let reciprocity = self.book(debts).reciprocity(at: self.me)
        #expect(reciprocity.weight(of: helper) == 3.0 / 5)
        #expect(reciprocity.weight(of: sybil) == 1.0 / 5, "as any stranger")
    }

    @Test
    func `a job's share of a node follows what its submitter did for it`() throws {
        var bench = Bench()
        let job = TestGrid.manifest(title: "friend's")
        bench.offer(job)
        let submitter = job.signer
        let other = TestGrid.manifest(title: "another")
        bench.offer(other)
        let ids = [job, other].map { JobID($0.id.digest) }
        #expect(ids.map { bench.worker.share(of: $0) } == [0.5, 0.5])
        let debts = [(submitter, bench.me, 3.0)]
        bench.actions = bench.worker.reciprocityChanged(self.book(debts).reciprocity(at: bench.me), now: bench.now)
        #expect(ids.map { bench.worker.share(of: $0) } == [0.5, 0.5], "both are of one submitter")
        let stranger = TestGrid.manifest(title: "a stranger's", submitter: "stranger")
        bench.offer(stranger)
        let share = try #require(bench.worker.share(of: JobID(stranger.id.digest)))
        #expect(abs(share - 0.25 / 2.25) < 1e-9)
    }
}
