import GridCore
import GridWire
import Testing

/// Who is chosen to keep a job.
struct RosterChoiceTests {
    private let job = JobID(TestGrid.manifest().id.digest)
    private let me = TestGrid.peer("me")
    private let now = TestGrid.start.advanced(by: .seconds(10_000))

    private func candidate(
        _ peer: PeerID,
        _ standing: StewardCandidate.Standing = .known,
        hereFor seconds: Int = 60,
        at address: String? = nil
    ) -> StewardCandidate {
        StewardCandidate(
            peer: peer,
            standing: standing,
            presentSince: self.now.advanced(by: .seconds(-seconds)),
            network: address.flatMap { IPAddress($0) }.flatMap { NetworkPrefix($0) }
        )
    }

    private func choose(_ candidates: [StewardCandidate], count: Int = 4) -> [PeerID] {
        Roster.chosen(count, of: candidates, besides: [self.me], for: self.job, now: self.now)
    }

    /// Whoever sees a job's id makes keys until enough of them rank first.
    @Test
    func `of a thousand keys that were mined for a job none gets a seat while there are enough older nodes`() throws {
        let made = (0 ..< 20_000).map { TestGrid.peer("miner's key \($0)") }
        let mined = Array(Roster.ranked(made, for: self.job).prefix(1_000))
        let old = (0 ..< 20).map { TestGrid.peer("old node \($0)") }
        let byHash = Roster.ranked(mined + old, for: self.job)
        #expect(Set(byHash.prefix(4)).isSubset(of: mined), "the miner worked in vain")

        var acquaintances = Acquaintances()
        for peer in old { acquaintances.meet(peer) }
        let heard = acquaintances.mark
        for peer in mined { acquaintances.meet(peer) }
        // They come again, and do real work for the job; it makes them no older.
        for peer in mined { acquaintances.meet(peer) }
        func candidates(_ peers: [PeerID]) -> [StewardCandidate] {
            peers.map {
                let work = mined.contains($0) ? 9 * Acquaintances.provenWork : 0
                return self.candidate($0, acquaintances.standing(of: $0, heard: heard, work: work))
            }
        }
        #expect(self.choose(candidates(byHash)) == Array(Roster.ranked(old, for: self.job).prefix(4)))
        // Those few whom anybody knows, and for want of others strangers: a new grid must have stewards, too.
        let few = self.choose(candidates(mined + old.prefix(2)))
        #expect(Set(few.prefix(2)) == Set(old.prefix(2)) && Set(few.dropFirst(2)).isSubset(of: mined))
        #expect(self.choose(candidates(mined)) == Array(mined.prefix(4)))
    }

    @Test
    func `first those with verified work, then those met before; among equals those who are here for an hour`() {
        let names = (0 ..< 6).map { TestGrid.peer("n\($0)") }
        let ranked = Roster.ranked(names, for: self.job)
        let candidates = [
            self.candidate(ranked[0], .stranger, hereFor: 9_000), self.candidate(ranked[1], hereFor: 3_599),
            self.candidate(ranked[2], hereFor: 60), self.candidate(ranked[3], hereFor: 3_600),
            self.candidate(ranked[4], .proven), self.candidate(ranked[5], hereFor: 9_000),
        ]
        let expected = [4, 3, 5, 1, 2, 0].map { ranked[$0] }
        #expect(self.choose(candidates, count: 6) == expected)
        #expect(self.choose(candidates.reversed(), count: 6) == expected)
        #expect(self.choose(candidates, count: 0).isEmpty)
        #expect(Roster.chosen(3, of: candidates, besides: [ranked[3]], for: self.job, now: self.now).first == ranked[4])
    }

    @Test
    func `no more than two come from one network while there are others as good`() throws {
        let names = (0 ..< 9).map { TestGrid.peer("n\($0)") }
        let ranked = Roster.ranked(names, for: self.job)
        for addresses in [
            ["203.0.113.7", "203.0.113.8", "::ffff:203.0.113.9", "198.51.100.1", "203.0.114.1"],
            ["2001:db8:1::1", "2001:db8:1:2::1", "2001:db8:1:3:4::1", "2001:db8:2::1", "2001:db9:1::1"],
        ] {
            let candidates = zip(ranked, addresses).map { self.candidate($0, at: $1) }
            #expect(self.choose(candidates) == [0, 1, 3, 4].map { ranked[$0] })
            #expect(self.choose(candidates, count: 5) == [0, 1, 3, 4, 2].map { ranked[$0] })
            // A stranger elsewhere is no better.
            let stranger = self.candidate(ranked[8], .stranger, at: "192.0.2.1")
            #expect(self.choose(Array(candidates.prefix(3)) + [stranger], count: 3) == Array(ranked.prefix(3)))
            // Those who keep the job already count.
            let besides = Array(ranked.prefix(2))
            let chosen = Roster.chosen(1, of: candidates, besides: besides, for: self.job, now: self.now)
            #expect(chosen == [ranked[3]])
        }
        for address in ["127.0.0.1", "::1", "127.9.9.9"] {
            let candidates = ranked.prefix(5).map { self.candidate($0, at: address) }
            #expect(self.choose(candidates) == Array(ranked.prefix(4)), "one machine is no network")
        }
    }

    @Test
    func `who was met before a job stays so over restarts, and who was met later never becomes older`() {
        let (old, late, unknown) = (TestGrid.peer("old"), TestGrid.peer("late"), TestGrid.peer("unknown"))
        var acquaintances = Acquaintances()
        let number = acquaintances.meet(old)
        let heard = acquaintances.mark
        let later = acquaintances.meet(late)
        #expect(number == 1 && later == 2 && acquaintances.meet(late) == 2 && acquaintances.mark == 2)
        func standings(_ book: Acquaintances, work: Double = 0) -> [StewardCandidate.Standing] {
            [old, late, unknown].map { book.standing(of: $0, heard: heard, work: work) }
        }
        #expect(standings(acquaintances) == [.known, .stranger, .stranger])
        #expect(standings(acquaintances, work: Acquaintances.provenWork) == [.proven, .stranger, .stranger])
        // The disk lost the second meeting; the number is not given to another before the job's mark.
        var restarted = Acquaintances([old: 1], mark: heard)
        #expect(restarted.meet(late) == 2)
        #expect(standings(restarted) == [.known, .stranger, .stranger])
        var forgetful = Acquaintances([:], mark: heard)
        forgetful.meet(late)
        #expect(standings(forgetful) == [.stranger, .stranger, .stranger])
    }
}
