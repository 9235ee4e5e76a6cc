import GridCore
import GridWire
import Testing

/// Who stands in for stewards that are all gone, on a grid where nobody has sessions with everybody.
struct RosterFoundingTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640)
    private var job: JobID { JobID(self.manifest.id.digest) }
    private let lost = (0 ..< 5).map { TestGrid.peer("lost\($0)") }
    private let names = (0 ..< 30).map { TestGrid.peer("n\($0)") }

    private func offer(_ roster: Roster) -> JobOffer {
        TestGrid.offer(self.manifest, roster.stewards, number: roster.number, isProvisional: roster.isProvisional)
    }

    /// A worker whose scene is there, with sessions with the next twelve of the others.
    private func worker(_ number: Int, knowsAll: Bool = true) -> Worker {
        let me = self.names[number]
        var worker = Worker(
            settings: Worker.Settings(
                me: me,
                sign: TestGrid.signer(me),
                verify: TestGrid.verify,
                grid: "test",
                coreVersion: TestGrid.coreVersion,
                threads: 1,
                firstBatchSequence: 100
            )
        )
        let others = self.names.filter { $0 != me }
        let near = (1 ... 12).map { self.names[(number + $0) % self.names.count] }
        worker.peersChanged(near, others: knowsAll ? others : [])
        let roster = Roster(number: 1, stewards: self.lost)
        _ = worker.offerReceived(self.offer(roster), from: self.lost[0], now: TestGrid.start)
        _ = worker.sceneReady(self.job, frames: [], now: TestGrid.start)
        return worker
    }

    /// Lets time pass; when the worker founds a roster, and which.
    private func founding(_ worker: inout Worker, from: Duration = .zero, until: Duration) -> (Duration, Roster)? {
        while let next = worker.nextDeadline, TestGrid.start.duration(to: next) <= until {
            let now = max(next, TestGrid.start.advanced(by: from))
            for action in worker.handleTimeout(now: now) {
                switch action {
                case .foundRoster(_, let roster): return (TestGrid.start.duration(to: now), roster)
                case .sendLeaseRequest(_, _, let number): _ = worker.requestFailed(number: number, now: now)
                default: break
                }
            }
        }
        return nil
    }

    @Test
    func `of thirty nodes with twelve sessions each one is the first, and the others would follow one by one`() throws {
        var times: [Duration] = []
        let ranked = Roster.ranked(self.names, for: self.job)
        for number in self.names.indices {
            var worker = self.worker(number)
            let (time, roster) = try #require(self.founding(&worker, until: .seconds(120)))
            let rank = try #require(ranked.firstIndex(of: self.names[number]))
            #expect(time >= .seconds(10 + 2 * rank) && time < .seconds(11 + 2 * rank), "rank \(rank) after \(time)")
            #expect(roster.isProvisional && roster.number == 2 && roster.stewards.count == Roster.size)
            #expect(Set(roster.stewards).isDisjoint(with: self.lost))
            times.append(time)
        }
        #expect(Set(times).count == self.names.count)

        // By their sessions alone several are the first.
        let early = try self.names.indices.filter { number in
            var worker = self.worker(number, knowsAll: false)
            let time = try #require(self.founding(&worker, until: .seconds(120))).0
            return time < .seconds(11)
        }
        #expect(early.count > 1)
    }

    @Test
    func `while a scene is awaited nobody is asked, so that nobody counts as lost`() throws {
        var worker = self.worker(0)
        // Other jobs came first; the stewards were last heard of long ago.
        let late = Duration.seconds(1_000)
        _ = worker.sceneReady(self.job, frames: [], now: TestGrid.start.advanced(by: late))
        #expect(self.founding(&worker, from: late, until: late + .seconds(9)) == nil)
        #expect(self.founding(&worker, from: late, until: late + .seconds(120)) != nil)
    }

    @Test
    func `who hears of founders by others waits for their own word, once, and follows it`() throws {
        let ranked = Roster.ranked(self.names, for: self.job)
        let second = try #require(self.names.firstIndex(of: ranked[1]))
        let founded = Roster(number: 2, stewards: [ranked[0], ranked[2]], isProvisional: true)
        let relay = ranked[9]

        var waiting = self.worker(second)
        #expect(self.founding(&waiting, until: .seconds(11)) == nil)
        for second in [11, 15, 20] {
            let now = TestGrid.start.advanced(by: .seconds(second))
            _ = waiting.offerReceived(self.offer(founded), from: relay, now: now)
        }
        let time = try #require(self.founding(&waiting, from: .seconds(11), until: .seconds(60))).0
        #expect(time >= .seconds(21) && time < .seconds(23), "\(time)")

        var following = self.worker(second)
        #expect(self.founding(&following, until: .seconds(11)) == nil)
        let now = TestGrid.start.advanced(by: .seconds(11))
        let actions = following.offerReceived(self.offer(founded), from: ranked[0], now: now)
        let asked = actions.compactMap { action in
            if case .sendLeaseRequest(_, let steward, _) = action { steward } else { nil }
        }
        #expect(asked.allSatisfy { founded.stewards.contains($0) })
        #expect(following.stewards(of: self.job).sorted() == founded.stewards.sorted())

        // Two were founded, and have become one: those who work for either follow.
        let both = Array(Roster.ranked(founded.stewards + [ranked[20]], for: self.job).prefix(Roster.size))
        let joined = Roster(number: 2, stewards: both, isProvisional: true)
        let liar = Roster(number: 2, stewards: [ranked[25]], isProvisional: true)
        _ = following.offerReceived(self.offer(liar), from: ranked[25], now: now)
        #expect(following.stewards(of: self.job).sorted() == founded.stewards.sorted())
        _ = following.offerReceived(self.offer(joined), from: ranked[20], now: now)
        #expect(following.stewards(of: self.job).sorted() == both.sorted())
    }
}
