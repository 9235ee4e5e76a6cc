import GridCore
import GridWire

/// Peers, keys, scenes and results of a grid that exists on paper only.
enum TestGrid {
    static let start = Instant(sinceEpoch: .seconds(1_000))
    static let coreVersion = Digest(hashing: "core".utf8)

    static func peer(_ name: String) -> PeerID {
        guard let peer = PeerID(publicKey: Digest(hashing: name.utf8).bytes) else {
            preconditionFailure("32 bytes are a peer id")
        }
        return peer
    }

    /// The root that a verdict accepts.
    static func acceptedRoot(_ verdict: UnitVerdict) -> Digest? {
        guard case .accepted(let root, _) = verdict else { return nil }
        return root
    }

    /// A signature that only the holder of the "key", which is the peer id, makes in these tests.
    static func signer(_ peer: PeerID) -> Signer {
        { message in
            let half = Digest(hashing: peer.publicKey + message).bytes
            return half + half
        }
    }

    static let verify: SignatureVerifier = { signature, message, peer in
        let half = Digest(hashing: peer.publicKey + message).bytes
        return signature == half + half
    }

    static func manifest(
        width: Int = 128,
        height: Int = 64,
        samples: Int = 16,
        firstFrame: Int = 1,
        frames: Int = 1,
        title: String = "leviathan",
        grid: String = "test",
        assetSize: UInt64 = 1_000,
        submitter name: String = "submitter"
    ) -> SignedRecord {
        let manifest = JobManifest(
            title: title,
            grid: grid,
            sceneRoot: ChunkID(Digest(hashing: "scene".utf8)),
            assetSize: assetSize,
            memory: 1_000_000,
            firstFrame: firstFrame,
            frameCount: frames,
            width: width,
            height: height,
            samples: samples,
            maxDepth: 8,
            seed: 1,
            coreVersion: self.coreVersion,
            submittedAt: 0
        )
        let submitter = self.peer(name)
        return GridRecord.jobManifest(manifest).signed(by: submitter, with: self.signer(submitter))
    }

    /// What the submitter of a job signs to name its stewards.
    static func roster(_ manifest: SignedRecord, _ number: Int, _ stewards: [PeerID]) -> SignedRecord {
        let epoch = RosterEpoch(job: JobID(manifest.id.digest), number: number, stewards: stewards)
        return GridRecord.rosterEpoch(epoch).signed(by: manifest.signer, with: self.signer(manifest.signer))
    }

    /// An offer of stewards whom the submitter named, or of others who stand in for them.
    static func offer(
        _ manifest: SignedRecord,
        _ stewards: [PeerID],
        number: Int = 1,
        isProvisional: Bool = false
    ) -> JobOffer {
        JobOffer(
            manifest: manifest,
            openPerMille: 1_000,
            isClosed: false,
            rosterNumber: number,
            stewards: stewards,
            isProvisional: isProvisional,
            rosterProof: isProvisional ? [] : [self.roster(manifest, number, stewards)]
        )
    }

    /// The leaves that every honest node computes for a unit.
    static func leaves(_ unit: UnitID, wrongAt wrong: Int? = nil, lie: String = "lie") -> [Digest] {
        (0 ..< unit.blockCount).map { block in
            let text = "\(unit.frame)/\(unit.tile)/\(unit.firstBlock + block)"
            return Digest(hashing: (block == wrong ? text + lie : text).utf8)
        }
    }

    static func root(_ unit: UnitID) -> Digest {
        MerkleTree(self.leaves(unit)).root
    }
}

/// A worker of a test that speaks to a steward by hand.
struct Hand {
    let peer: PeerID
    var sequence: UInt64 = 0

    init(_ name: String) {
        self.peer = TestGrid.peer(name)
    }

    func sign(_ record: GridRecord) -> SignedRecord {
        record.signed(by: self.peer, with: TestGrid.signer(self.peer))
    }

    mutating func batch(
        _ job: JobID,
        _ units: [UnitID],
        wrongAt: Int? = nil,
        lie: String = "lie",
        workCount: UInt64 = 10
    ) -> SignedRecord {
        let results = units.sorted().map {
            ResultBatch.UnitResult(
                unit: $0,
                pixelRoot: MerkleTree(TestGrid.leaves($0, wrongAt: wrongAt, lie: lie)).root,
                workCount: workCount
            )
        }
        defer { self.sequence += 1 }
        return self.sign(.resultBatch(ResultBatch(job: job, sequence: self.sequence, results: results)))
    }

    func ask(
        _ job: JobID,
        wanted: Int = 1,
        holding: [UnitID] = [],
        lost: [UnitID] = [],
        records: [SignedRecord] = [],
        leaves: [LeaseRequest.Leaves] = [],
        blockMicroseconds: UInt64 = 0,
        isIdle: Bool = true
    ) -> LeaseRequest {
        LeaseRequest(
            job: job,
            records: records,
            leaves: leaves,
            lostPixels: lost,
            holding: holding,
            wantedUnits: wanted,
            blockMicroseconds: blockMicroseconds,
            isIdle: isIdle
        )
    }

    /// A report of finished units.
    mutating func report(
        _ job: JobID,
        _ units: [UnitID],
        wrongAt: Int? = nil,
        lie: String = "lie",
        wanted: Int = 0,
        holding: [UnitID] = [],
        workCount: UInt64 = 10
    ) -> LeaseRequest {
        self.ask(
            job,
            wanted: wanted,
            holding: holding,
            records: [self.batch(job, units, wrongAt: wrongAt, lie: lie, workCount: workCount)],
            leaves: units.map {
                LeaseRequest.Leaves(unit: $0, leaves: TestGrid.leaves($0, wrongAt: wrongAt, lie: lie))
            }
        )
    }

    func audit(_ job: JobID, _ audit: LeaseGrant.Audit, leaf: Digest? = nil) -> LeaseRequest {
        let report = AuditReport(
            job: job,
            unit: audit.unit,
            leafIndex: audit.leafIndex,
            leaf: leaf ?? TestGrid.leaves(audit.unit)[audit.leafIndex]
        )
        return self.ask(job, wanted: 0, records: [self.sign(.auditReport(report))])
    }
}

/// A steward of a test, with a clock and a counter of requests.
struct Desk {
    var steward: Steward
    var now = TestGrid.start
    var nextRequest: UInt64 = 0
    var disk: [SignedRecord] = []
    var actions: [Steward.Action] = []

    var job: JobID { self.steward.job }

    init(_ manifest: SignedRecord, records: [SignedRecord] = [], pixels: [UnitID] = []) throws {
        let me = TestGrid.peer("steward")
        self.steward = try Steward(
            manifest: manifest,
            settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify),
            records: records,
            storedPixels: Dictionary(uniqueKeysWithValues: pixels.map { ($0, TestGrid.root($0)) })
        )
        self.disk = records
        self.note(self.steward.start(now: self.now))
    }

    mutating func note(_ actions: [Steward.Action]) {
        self.actions = actions
        for case .persist(let record) in actions {
            self.disk.append(record)
        }
    }

    func grant(to request: UInt64) -> LeaseGrant? {
        for case .respond(let id, let grant) in self.actions where id == request {
            return grant
        }
        return nil
    }

    /// Sends a request and gives its answer, if it came at once.
    @discardableResult
    mutating func send(_ request: LeaseRequest, from hand: Hand) -> LeaseGrant? {
        self.nextRequest += 1
        let actions = self.steward.handleLeaseRequest(
            request,
            from: hand.peer,
            requestID: self.nextRequest,
            now: self.now
        )
        self.note(actions)
        return self.grant(to: self.nextRequest)
    }

    mutating func wait(_ duration: Duration) {
        let end = self.now.advanced(by: duration)
        var all: [Steward.Action] = []
        while let next = self.steward.nextDeadline, next <= end {
            self.now = max(self.now, next)
            self.note(self.steward.handleTimeout(now: self.now))
            all += self.actions
        }
        self.now = end
        self.actions = all
    }

    mutating func order(_ state: JobOrder.State, sequence: UInt64 = 1, deadline: UInt64 = 0) {
        let order = JobOrder(job: self.job, sequence: sequence, state: state, deadline: deadline)
        self.note(self.steward.handleOrder(Hand("submitter").sign(.jobOrder(order)), now: self.now) ?? [])
    }

    mutating func store(_ unit: UnitID) {
        self.note(self.steward.pixelsStored(unit, now: self.now))
    }

    func unit(_ index: Int) -> UnitID {
        self.steward.plan.unit(at: index)
    }
}

/// A small generator with a seed (SplitMix64, Steele, Lea and Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
