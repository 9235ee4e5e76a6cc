import GridCore
import GridWire
import Testing

/// Nobody is believed who says who keeps a job: the submitter's signature, and the votes of stewards, prove it.
struct RosterProofTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640)
    private var job: JobID { JobID(self.manifest.id.digest) }
    private let names = (0 ..< 5).map { "s\($0)" }
    private let liar = TestGrid.peer("liar")

    private func peers(_ names: [String]) -> [PeerID] { names.map(TestGrid.peer) }

    private func votes(_ number: Int, _ stewards: [String], by voters: [String]) -> [SignedRecord] {
        let epoch = RosterEpoch(job: self.job, number: number, stewards: self.peers(stewards))
        return voters.map { Hand($0).sign(.rosterEpoch(epoch)) }
    }

    private func offer(
        _ number: Int,
        _ stewards: [String],
        _ proof: [SignedRecord],
        isProvisional: Bool = false
    )
        -> JobOffer
    {
        JobOffer(
            manifest: self.manifest,
            openPerMille: 1_000,
            isClosed: false,
            rosterNumber: number,
            stewards: self.peers(stewards),
            isProvisional: isProvisional,
            rosterProof: proof
        )
    }

    private var first: [SignedRecord] { self.votes(1, self.names, by: ["submitter"]) }

    /// A worker that heard one offer; whom it would ask.
    private func stewards(after offers: [JobOffer], from peer: PeerID? = nil) -> [PeerID] {
        var bench = Bench()
        for offer in offers {
            bench.actions = bench.worker.offerReceived(offer, from: peer ?? self.liar, now: bench.now)
        }
        return bench.worker.stewards(of: self.job).sorted()
    }

    @Test
    func `a worker takes a job whose stewards its submitter named, whoever tells, and no other`() {
        #expect(self.stewards(after: [self.offer(1, self.names, self.first)]) == self.peers(self.names).sorted())
        let lies = [
            self.offer(1, ["liar"], []), self.offer(1, ["liar"], self.first), self.offer(2, self.names, self.first),
            self.offer(1, ["liar"], self.votes(1, ["liar"], by: ["liar"])),
            self.offer(2, ["liar"], self.first + self.votes(2, ["liar"], by: ["liar"])),
            self.offer(2, ["liar"], [], isProvisional: true), self.offer(0, [], []),
        ]
        for lie in lies {
            var bench = Bench()
            bench.actions = bench.worker.offerReceived(lie, from: self.liar, now: bench.now)
            #expect(bench.worker.knownJobs.isEmpty)
            #expect(bench.actions.contains { if case .offerIgnored = $0 { true } else { false } })
            #expect(self.stewards(after: [self.offer(1, self.names, self.first), lie]).contains(self.liar) == false)
        }
        let (good, bad) = (self.first[0], Array(repeating: UInt8(7), count: SignedRecord.signatureSize))
        let forged = SignedRecord(kind: .rosterEpoch, body: good.body, signer: good.signer, signature: bad)
        #expect(self.stewards(after: [self.offer(1, self.names, [forged])]).isEmpty)
        let other = TestGrid.roster(TestGrid.manifest(title: "other"), 1, self.peers(self.names))
        #expect(self.stewards(after: [self.offer(1, self.names, [other])]).isEmpty)
    }

    @Test
    func `more than half of the stewards name the next ones, step by step, and the past never comes back`() {
        let second = ["s0", "s1", "s2", "s3", "new"]
        let third = ["s0", "s1", "newer", "s3", "new"]
        let chain = self.first + self.votes(2, second, by: ["s0", "s1", "s2"])
        let longer = chain + self.votes(3, third, by: ["s1", "s3", "new"])
        let begin = self.offer(1, self.names, self.first)
        #expect(self.stewards(after: [self.offer(3, third, longer)]) == self.peers(third).sorted(), "it came late")
        #expect(self.stewards(after: [begin, self.offer(3, third, longer)]) == self.peers(third).sorted())
        let rest = Array(longer.dropFirst())
        #expect(self.stewards(after: [begin, self.offer(3, third, rest)]) == self.peers(third).sorted())
        #expect(self.stewards(after: [self.offer(3, third, rest)]).isEmpty)
        // Too few votes, votes of others, a step left out.
        for proof in [
            self.first + self.votes(2, second, by: ["s0", "s1"]),
            self.first + self.votes(2, second, by: ["s0", "s1", "new", "liar"]),
            self.first + self.votes(3, third, by: self.names),
        ] {
            let number = proof.count > 5 ? 3 : 2
            let claim = self.offer(number, number == 3 ? third : second, proof)
            #expect(self.stewards(after: [claim]).isEmpty)
            #expect(self.stewards(after: [begin, claim]) == self.peers(self.names).sorted())
        }
        let past = [self.offer(3, third, longer), self.offer(2, second, chain), begin]
        #expect(self.stewards(after: past) == self.peers(third).sorted())
        let again = self.votes(9, ["s9"], by: ["submitter"])
        #expect(self.stewards(after: past + [self.offer(9, ["s9"], again)]) == self.peers(["s9"]))
    }

    @Test
    func `a steward proves its roster by what it keeps, at most by the last thousand records`() throws {
        var records = self.first
        var stewards = self.names
        var random = SeededGenerator(seed: 5)
        for number in 2 ... 400 {
            let before = stewards
            stewards[number % 4 + 1] = "n\(number)"
            records += self.votes(number, stewards, by: Array(before.prefix(4)))
            if number == 2 || number == 300 || number == 400 {
                let me = TestGrid.peer("s0")
                let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
                let steward = try Steward(
                    manifest: self.manifest,
                    settings: settings,
                    records: records.shuffled(using: &random)
                )
                var started = steward
                _ = started.start(now: TestGrid.start)
                let offer = started.offer
                #expect(offer.rosterNumber == number && offer.stewards == self.peers(stewards))
                #expect(offer.rosterProof.count == min(1 + 3 * (number - 1), WireLimits.rosterProofMax))
                #expect(try GridRequest(decoding: GridRequest.offer(offer).encoded()) == .offer(offer))
                #expect(self.stewards(after: [offer]).isEmpty == (number == 400))
                // Who has worked for it for long still knows.
                let known = self.offer(1, self.names, self.first)
                let chain = Array(records.prefix(1 + 4 * 99))
                if number == 400, case .rosterEpoch(let epoch)? = try? chain.last?.decodedBody() {
                    let middle = JobOffer(
                        manifest: self.manifest,
                        openPerMille: 0,
                        isClosed: false,
                        rosterNumber: 100,
                        stewards: epoch.stewards,
                        rosterProof: chain
                    )
                    #expect(self.stewards(after: [known, middle, offer]) == self.peers(stewards).sorted())
                }
            }
        }
    }

    @Test
    func `who comes late asks those who stood, then a stand-in, and leaves it when they are back`() throws {
        let provisional = self.offer(2, ["liar"], self.first, isProvisional: true)
        var bench = Bench()
        bench.actions = bench.worker.offerReceived(provisional, from: self.liar, now: bench.now)
        #expect(bench.worker.stewards(of: self.job).sorted() == self.peers(self.names).sorted())
        // While its scene is fetched it asks nobody, and nobody is silent.
        bench.wait(.seconds(60))
        #expect(bench.worker.steward(of: self.job) != self.liar)
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        let asked = try #require(bench.sent.first?.steward)
        #expect(self.peers(self.names).contains(asked))
        var answered = bench
        answered.grantNewest()
        answered.wait(.seconds(4))
        #expect(answered.worker.steward(of: self.job) != self.liar)
        bench.wait(.milliseconds(4_900))
        #expect(bench.worker.steward(of: self.job) == self.liar, "nobody else is there")
        let standing = self.offer(1, self.names, self.first)
        bench.actions = bench.worker.offerReceived(standing, from: TestGrid.peer("s3"), now: bench.now)
        #expect(bench.worker.steward(of: self.job) != self.liar)
    }

    @Test
    func `a node keeps a job only when the proof names it, and passes on only what it believes`() {
        let verify = TestGrid.verify
        #expect(Steward.isCalled(by: self.offer(1, self.names, self.first), verify: verify))
        #expect(Steward.isCalled(by: self.offer(2, ["liar"], self.first, isProvisional: true), verify: verify))
        #expect(!Steward.isCalled(by: self.offer(2, ["liar"], [], isProvisional: true), verify: verify))
        #expect(!Steward.isCalled(by: self.offer(1, ["liar"], self.first), verify: verify))
        #expect(!Steward.isCalled(by: self.offer(1, ["liar"], []), verify: verify))

        var bench = Bench()
        let offer = self.offer(1, self.names, self.first)
        #expect(!bench.worker.believes(offer) && bench.worker.rosterProof(of: self.job).isEmpty)
        bench.actions = bench.worker.offerReceived(offer, from: self.liar, now: bench.now)
        #expect(bench.worker.believes(offer) && bench.worker.rosterProof(of: self.job) == self.first)
        #expect(!bench.worker.believes(self.offer(2, ["liar"], self.first)))
        #expect(bench.worker.believes(self.offer(2, ["liar"], [], isProvisional: true)))
        #expect(!bench.worker.believes(self.offer(1, ["liar"], [], isProvisional: true)))
    }
}
