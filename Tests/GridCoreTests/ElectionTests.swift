import GridCore
import GridWire
import Testing

/// Who replaces a steward that is gone, when each of the others knows other nodes.
struct ElectionTests {
    /// Five stewards that hear each other at once, of whom some are gone.
    private struct Board {
        let job: JobID
        let names = ["steward", "s2", "s3", "s4", "s5"].map { TestGrid.peer($0) }
        var stewards: [PeerID: Steward] = [:]
        var now = TestGrid.start
        /// Who says nothing of its own accord, but is heard.
        var isMute: Set<PeerID> = []

        init(gone: Set<Int>) throws {
            let manifest = TestGrid.manifest(width: 64, height: 64)
            self.job = JobID(manifest.id.digest)
            let roster = Hand("submitter").sign(
                .rosterEpoch(RosterEpoch(job: self.job, number: 1, stewards: self.names))
            )
            for (index, name) in self.names.enumerated() where !gone.contains(index) {
                let settings = Steward.Settings(me: name, sign: TestGrid.signer(name), verify: TestGrid.verify)
                self.stewards[name] = try Steward(manifest: manifest, settings: settings, records: [roster])
                _ = self.stewards[name]?.start(now: self.now)
            }
        }

        /// Tells a steward whom it can see, known before the job or not.
        mutating func show(_ known: [PeerID], strangers: [PeerID] = [], to index: Int) {
            let since = self.now
            let candidates =
                known.map { StewardCandidate(peer: $0, standing: .known, presentSince: since) }
                + strangers.map { StewardCandidate(peer: $0, standing: .stranger, presentSince: since) }
            self.stewards[self.names[index]]?.candidatesChanged(candidates)
        }

        private mutating func perform(_ actions: [Steward.Action], of name: PeerID) {
            for action in actions {
                guard case .tell(let message, let other) = action, self.stewards[other] != nil else { continue }
                var heard = message
                if self.isMute.contains(name) { heard.records = [] }
                let answer = self.stewards[other]?.handle(heard, from: name, now: self.now) ?? []
                self.perform(answer, of: other)
            }
        }

        mutating func wait(_ time: Duration) {
            let end = self.now.advanced(by: time)
            while self.now < end {
                self.now = self.now.advanced(by: .milliseconds(100))
                for name in self.names {
                    while let due = self.stewards[name]?.nextDeadline, due <= self.now {
                        self.perform(self.stewards[name]?.handleTimeout(now: self.now) ?? [], of: name)
                    }
                }
            }
        }

        /// Waits until all agree on the second roster; its steward of a rank.
        mutating func successor(_ rank: Int, within time: Duration) -> PeerID? {
            let end = self.now.advanced(by: time)
            while self.now < end, self.rosters.map(\.number) != [2] { self.wait(.milliseconds(100)) }
            return self.rosters.count == 1
                ? self.rosters.first.flatMap { $0.number == 2 ? $0.stewards[rank] : nil } : nil
        }

        /// A steward that lies signs whatever it likes and sends it to all.
        mutating func lie(_ index: Int, _ stewards: [PeerID], number: Int = 2) {
            let record = GridRecord.rosterEpoch(RosterEpoch(job: self.job, number: number, stewards: stewards))
                .signed(by: self.names[index], with: TestGrid.signer(self.names[index]))
            var message = StewardMessage(job: self.job, recordCount: 0, summary: Digest(hashing: "".utf8))
            message.records = [record]
            for other in self.names where other != self.names[index] {
                let actions = self.stewards[other]?.handle(message, from: self.names[index], now: self.now) ?? []
                self.perform(actions, of: other)
            }
        }

        var rosters: Set<Roster> { Set(self.stewards.values.compactMap(\.ledger.roster)) }
    }

    private let old = (0 ..< 8).map { TestGrid.peer("old \($0)") }
    private let mined = (0 ..< 8).map { TestGrid.peer("mined \($0)") }

    @Test
    func `a steward that is gone is replaced in seconds by a node that all knew before the job`() throws {
        var board = try Board(gone: [1])
        for index in 0 ..< 5 { board.show([self.old[0]], strangers: self.mined, to: index) }
        let successor = board.successor(1, within: .seconds(7))
        #expect(successor == self.old[0])
        let roster = try #require(board.rosters.first)
        #expect(roster.stewards == [board.names[0], self.old[0]] + board.names[2...])
    }

    @Test
    func `where each steward knows other nodes the first whom most of them know gets the seat`() throws {
        for seed in 0 ..< 20 {
            var board = try Board(gone: [4])
            var random = SeededGenerator(seed: UInt64(seed))
            for index in 0 ..< 4 {
                // Six of eight each: any three stewards have some in common.
                let known = Array(self.old.shuffled(using: &random).prefix(6))
                board.show(known, strangers: self.old.filter { !known.contains($0) } + self.mined, to: index)
            }
            let successor = board.successor(4, within: .seconds(60))
            #expect(successor.map { self.old.contains($0) } == true, "seed \(seed)")
        }
    }

    @Test
    func `a lying steward gets no mined key into a seat, and cannot keep the others from filling it`() throws {
        var board = try Board(gone: [3])
        // The liar is the first, who proposes; it agrees to nothing else.
        board.isMute = [board.names[0]]
        for index in 1 ..< 5 { board.show([self.old[index], self.old[0]], strangers: self.mined, to: index) }
        var successor: PeerID?
        for second in 0 ..< 60 where successor == nil {
            board.lie(0, board.names.prefix(3) + [self.mined[second % 8], board.names[4]])
            successor = board.successor(3, within: .seconds(1))
        }
        #expect(successor == self.old[0])
    }

    @Test
    func `where nobody is known for longer strangers get the seats at once`() throws {
        var board = try Board(gone: [1, 2])
        for index in 0 ..< 5 { board.show([], strangers: Array(self.old.prefix(2)), to: index) }
        _ = board.successor(1, within: .seconds(7))
        let roster = try #require(board.rosters.first)
        #expect(self.old.prefix(2).allSatisfy { roster.stewards.contains($0) })
    }

    @Test
    func `when stewards cannot agree on an older node for two minutes they take one that is there`() throws {
        var board = try Board(gone: [1, 2])
        for (index, known) in [(0, 0), (3, 3), (4, 4)] {
            board.show([self.old[known]], strangers: self.old.filter { $0 != self.old[known] }, to: index)
        }
        let early = board.successor(1, within: .seconds(115))
        #expect(early == nil && board.rosters.map(\.number) == [1])
        let late = board.successor(1, within: .seconds(60))
        #expect(late != nil)
    }
}
