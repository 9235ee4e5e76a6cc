import GridCore
import GridWire
import Testing

/// Two stewards of one job that drop what a seal makes superfluous at different times.
struct CompactionExchangeTests {
    private static let manifest = TestGrid.manifest(width: 128, height: 64, frames: 2)

    /// Two stewards in virtual time, and what they tell each other.
    private struct Pair {
        var stewards: [Steward] = []
        var disks: [[RecordID: SignedRecord]] = []
        var now = TestGrid.start
        var isCut = false
        /// The messages since ``listen()`` that say more than that a steward is there.
        var talk: [StewardMessage] = []

        init(_ records: [[SignedRecord]], isCut: Bool = false) throws {
            self.isCut = isCut
            for (name, records) in zip(["s1", "s2"], records) {
                let me = TestGrid.peer(name)
                self.stewards.append(
                    try Steward(
                        manifest: CompactionExchangeTests.manifest,
                        settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify),
                        records: records
                    )
                )
                self.disks.append(Dictionary(records.map { ($0.id, $0) }) { first, _ in first })
            }
            for place in 0 ..< 2 {
                self.perform(self.stewards[place].start(now: self.now), of: place)
            }
        }

        mutating func perform(_ actions: [Steward.Action], of place: Int) {
            for action in actions {
                switch action {
                case .persist(let record): self.disks[place][record.id] = record
                case .forget(let ids): for id in ids { self.disks[place][id] = nil }
                case .tell(let message, _):
                    if !message.records.isEmpty || !message.wantedIDs.isEmpty || !message.knownIDs.isEmpty
                        || !message.buckets.isEmpty
                    {
                        self.talk.append(message)
                    }
                    guard !self.isCut else { continue }
                    let sender = TestGrid.peer(place == 0 ? "s1" : "s2")
                    let answer = self.stewards[1 - place].handle(message, from: sender, now: self.now)
                    self.perform(answer, of: 1 - place)
                default: continue
                }
            }
        }

        mutating func wait(_ seconds: Double) {
            for _ in 0 ..< Int(seconds * 10) {
                self.now = self.now.advanced(by: .milliseconds(100))
                for place in 0 ..< 2 {
                    guard let due = self.stewards[place].nextDeadline, due <= self.now else { continue }
                    self.perform(self.stewards[place].handleTimeout(now: self.now), of: place)
                }
            }
        }

        mutating func tell(_ record: SignedRecord, to place: Int) {
            self.perform(self.stewards[place].handleOrder(record, now: self.now) ?? [], of: place)
        }

        func expectEqual(records: Int) {
            #expect(self.stewards[0].ledger == self.stewards[1].ledger)
            #expect(self.stewards[0].ledger.count == records)
            #expect(self.stewards[0].ledger.burned == self.stewards[1].ledger.burned)
            for place in 0 ..< 2 {
                #expect(Set(self.disks[place].keys) == Set(self.stewards[place].ledger.records.map(\.id)))
            }
        }
    }

    /// A roster of both, and a first frame that is final: signed by Alice and Bob, held by both stewards.
    private func base() throws -> (records: [SignedRecord], seal: SignedRecord) {
        let ledger = try Ledger(manifest: Self.manifest, stewards: nil, verify: TestGrid.verify)
        let submitter = Hand("submitter")
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let holders = [Hand("s1"), Hand("s2")]
        let units = (0 ..< 2).map { ledger.plan.unit(at: $0) }
        let roots = units.map { TestGrid.root($0) }
        var records = [
            submitter.sign(.rosterEpoch(RosterEpoch(job: ledger.job, number: 1, stewards: holders.map(\.peer))))
        ]
        for unit in units {
            records += [alice.batch(ledger.job, [unit]), bob.batch(ledger.job, [unit])]
            let item = StoreReceipt.Item(unit: unit, rootStart: TestGrid.root(unit).start)
            records += holders.map { $0.sign(.storeReceipt(StoreReceipt(job: ledger.job, items: [item]))) }
        }
        let work = [alice.peer, bob.peer].sorted().map { FrameFinal.WorkShare(worker: $0, workCount: 20) }
        let final = holders[0].sign(
            .frameFinal(
                FrameFinal(job: ledger.job, frame: 1, framePixels: Digest(hashing: roots.flatMap(\.bytes)), work: work)
            )
        )
        let seal = FrameSeal(job: ledger.job, frame: 1, final: final.id, roots: roots)
        return (records + [final], submitter.sign(.frameSeal(seal)))
    }

    @Test
    func `a steward that was cut off drops what the other has dropped, and both fall silent`() throws {
        let (records, seal) = try self.base()
        var pair = try Pair([records, records])
        pair.wait(3)
        pair.expectEqual(records: 10)
        pair.isCut = true
        pair.tell(seal, to: 0)
        pair.wait(4)
        #expect(pair.stewards.map(\.ledger.count) == [3, 10])
        pair.isCut = false
        pair.wait(6)
        pair.expectEqual(records: 3)
        #expect(pair.stewards[1].finalFrames == [1])
        pair.talk = []
        pair.wait(10)
        #expect(pair.talk.isEmpty)
    }

    @Test
    func `a steward that begins later takes a sealed frame without what led to it`() throws {
        let (records, seal) = try self.base()
        var pair = try Pair([records + [seal], Array(records.prefix(1))])
        pair.wait(6)
        pair.expectEqual(records: 3)
        #expect(pair.stewards[1].finalFrames == [1] && pair.stewards[1].ledger.sealedFrames == [1])
        #expect(pair.stewards[1].status(now: pair.now).unitsVerified == 2)
        pair.talk = []
        pair.wait(10)
        #expect(pair.talk.isEmpty)
    }

    @Test
    func `what only one of them knew of a liar burns it on both sides, though the other had sealed the frame`() throws {
        let (records, seal) = try self.base()
        let ledger = try Ledger(manifest: Self.manifest, stewards: nil, verify: TestGrid.verify)
        var mallory = Hand("mallory")
        let unit = ledger.plan.unit(at: 0)
        let lies = [mallory.batch(ledger.job, [unit]), mallory.batch(ledger.job, [unit], wrongAt: 1)]
        // The first has one of the two batches, and drops it.
        var pair = try Pair([records + [lies[0], seal], records + lies], isCut: true)
        #expect(pair.stewards[0].ledger.burned.isEmpty && !pair.stewards[1].ledger.burned.isEmpty)
        pair.isCut = false
        pair.wait(8)
        // The roster, the seal, the final record, the proof and what it names.
        pair.expectEqual(records: 6)
        #expect(pair.stewards[0].ledger.burned.map(\.worker) == [mallory.peer])
        pair.talk = []
        pair.wait(10)
        #expect(pair.talk.isEmpty)
    }

    @Test
    func `a steward that keeps what is spent is not asked for it, and cannot bring it back`() throws {
        let (records, seal) = try self.base()
        var pair = try Pair([records, records])
        pair.isCut = true
        pair.tell(seal, to: 0)
        let before = pair.stewards[0].ledger
        var message = StewardMessage(job: before.job, recordCount: 10, summary: TestGrid.coreVersion)
        message.records = records
        message.bucketNumbers = Array(0 ..< StewardMessage.bucketCount)
        message.knownIDs = records.map(\.id)
        pair.talk = []
        for _ in 0 ..< 3 {
            pair.perform(pair.stewards[0].handle(message, from: TestGrid.peer("s2"), now: pair.now), of: 0)
        }
        #expect(pair.stewards[0].ledger == before && pair.stewards[0].finalFrames == [1])
        let wanted = pair.talk.flatMap(\.wantedIDs)
        #expect(wanted.isEmpty)
        // The seal is the first that it is told.
        #expect(pair.talk.first?.records.first == seal)
    }
}
