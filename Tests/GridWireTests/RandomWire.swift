import GridWire

/// Makes valid values of every kind from a seed.
struct RandomWire {
    var random: SplitMix64

    init(seed: UInt64) {
        self.random = SplitMix64(seed: seed)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int {
        // Edges are worth more than the middle.
        switch Int.random(in: 0 ..< 8, using: &self.random) {
        case 0: range.lowerBound
        case 1: range.upperBound
        default: Int.random(in: range, using: &self.random)
        }
    }

    mutating func number() -> UInt64 {
        self.random.next() >> UInt64.random(in: 0 ..< 64, using: &self.random)
    }

    mutating func digest() -> Digest {
        Digest(hashing: self.random.bytes(8))
    }

    mutating func peer() -> PeerID {
        guard let peer = PeerID(publicKey: self.random.bytes(32)) else { preconditionFailure("32 bytes") }
        return peer
    }

    mutating func list<Element>(_ countMax: Int, _ make: (inout Self) -> Element) -> [Element] {
        (0 ..< Int.random(in: 0 ... countMax, using: &self.random)).map { _ in make(&self) }
    }

    mutating func text(_ sizeMax: Int) -> String {
        let scalars: [Character] = ["a", "Z", "0", " ", "é", "水", "\u{1F409}", "-"]
        var text = ""
        for _ in 0 ..< Int.random(in: 0 ... 20, using: &self.random) {
            let next = scalars.randomElement(using: &self.random) ?? "a"
            guard text.utf8.count + next.utf8.count <= sizeMax else { break }
            text.append(next)
        }
        return text
    }

    mutating func unit() -> UnitID {
        let first = self.int(0 ... 63)
        return UnitID(
            frame: self.int(WireLimits.frameNumbers),
            tile: self.int(0 ... WireLimits.tileIndexMax),
            firstBlock: first,
            blockCount: self.int(1 ... (64 - first))
        )
    }

    mutating func unitAndLeaf() -> (UnitID, Int) {
        let unit = self.unit()
        return (unit, self.int(0 ... (unit.blockCount - 1)))
    }

    mutating func manifest() -> JobManifest {
        let count = self.int(1 ... JobManifest.frameCountMax)
        return JobManifest(
            title: self.text(JobManifest.titleSizeMax),
            grid: self.text(JobManifest.gridNameSizeMax),
            sceneRoot: ChunkID(self.digest()),
            assetSize: min(self.number(), WireLimits.assetSizeMax),
            memory: min(self.number(), WireLimits.memoryMax),
            firstFrame: self.int(-1_000_000 ... (1_000_001 - count)),
            frameCount: count,
            width: self.int(1 ... FrameGeometry.frameEdgeMax),
            height: self.int(1 ... FrameGeometry.frameEdgeMax),
            samples: self.int(1 ... JobManifest.samplesMax),
            maxDepth: self.int(1 ... JobManifest.depthMax),
            seed: UInt32(truncatingIfNeeded: self.random.next()),
            channels: self.int(0 ... JobManifest.channelsMax),
            coreVersion: self.digest(),
            submittedAt: self.number()
        )
    }

    mutating func record(_ kind: SignedRecord.Kind) -> GridRecord {
        switch kind {
        case .jobManifest:
            return .jobManifest(self.manifest())
        case .resultBatch:
            let units = Set(self.list(10) { $0.unit() }).sorted()
            return .resultBatch(
                ResultBatch(
                    job: JobID(self.digest()),
                    sequence: self.number(),
                    results: units.map { .init(unit: $0, pixelRoot: self.digest(), workCount: self.number()) }
                )
            )
        case .auditReport:
            let (unit, leaf) = self.unitAndLeaf()
            return .auditReport(
                AuditReport(job: JobID(self.digest()), unit: unit, leafIndex: leaf, leaf: self.digest())
            )
        case .fraudProof:
            let (unit, leaf) = self.unitAndLeaf()
            return .fraudProof(
                FraudProof(
                    job: JobID(self.digest()),
                    unit: unit,
                    worker: self.peer(),
                    batch: RecordID(self.digest()),
                    leafIndex: leaf,
                    claimedLeaf: self.digest(),
                    path: self.list(WireLimits.pathLengthMax) { $0.digest() },
                    correctLeaf: self.digest(),
                    witnesses: self.list(WireLimits.witnessesMax) { RecordID($0.digest()) }
                )
            )
        case .frameFinal:
            let workers = Set(self.list(5) { $0.peer() }).sorted()
            return .frameFinal(
                FrameFinal(
                    job: JobID(self.digest()),
                    frame: self.int(WireLimits.frameNumbers),
                    framePixels: self.digest(),
                    work: workers.map { .init(worker: $0, workCount: self.number()) }
                )
            )
        case .rosterEpoch:
            return .rosterEpoch(
                RosterEpoch(
                    job: JobID(self.digest()),
                    number: self.int(1 ... RosterEpoch.numberMax),
                    stewards: (0 ..< self.int(1 ... RosterEpoch.stewardsMax)).map { _ in self.peer() }
                )
            )
        case .storeReceipt:
            let units = Set(self.list(10) { $0.unit() }).sorted()
            return .storeReceipt(
                StoreReceipt(
                    job: JobID(self.digest()),
                    items: units.map { .init(unit: $0, rootStart: self.number()) }
                )
            )
        case .jobOrder:
            return .jobOrder(
                JobOrder(
                    job: JobID(self.digest()),
                    sequence: self.number(),
                    state: JobOrder.State.allCases.randomElement(using: &self.random) ?? .running,
                    priority: self.int(0 ... JobOrder.priorityMax),
                    deadline: self.number()
                )
            )
        case .frameSeal:
            return .frameSeal(
                FrameSeal(
                    job: JobID(self.digest()),
                    frame: self.int(WireLimits.frameNumbers),
                    final: RecordID(self.digest()),
                    roots: (0 ..< self.int(1 ... 20)).map { _ in self.digest() }
                )
            )
        }
    }

    /// A record with random bytes for a signature.
    mutating func signedRecord(_ kind: SignedRecord.Kind) -> SignedRecord {
        SignedRecord(
            kind: kind,
            body: self.record(kind).encodedBody(),
            signer: self.peer(),
            signature: self.random.bytes(64)
        )
    }

    mutating func anyKind() -> SignedRecord.Kind {
        SignedRecord.Kind.allCases.randomElement(using: &self.random) ?? .jobManifest
    }

    mutating func blob() -> SceneIndex.Blob {
        let size = UInt64(self.int(0 ... (5 << 20)))
        let count = Int((size + UInt64(SceneIndex.chunkSize) - 1) / UInt64(SceneIndex.chunkSize))
        return SceneIndex.Blob(size: size, chunks: (0 ..< count).map { _ in ChunkID(self.digest()) })
    }

    mutating func sceneIndex() -> SceneIndex {
        var index = SceneIndex(
            assets: self.blob(),
            firstFrame: self.int(WireLimits.frameNumbers),
            frames: self.list(6) { $0.blob() }
        )
        index.names = self.blob()
        return index
    }

    mutating func address() -> Multiaddr {
        Multiaddr(ip: .v4(UInt32(truncatingIfNeeded: self.random.next())), tcp: UInt16(self.int(0 ... 65_535)))
    }

    mutating func hello() -> Hello {
        Hello(
            grid: self.text(JobManifest.gridNameSizeMax),
            coreVersion: self.digest(),
            agent: self.text(WireLimits.agentSizeMax),
            isWorker: Bool.random(using: &self.random),
            threads: self.int(0 ... WireLimits.threadsMax),
            addresses: self.list(WireLimits.addressesMax) { $0.address() }
        )
    }

    mutating func leaves() -> LeaseRequest.Leaves {
        let unit = self.unit()
        return LeaseRequest.Leaves(unit: unit, leaves: (0 ..< unit.blockCount).map { _ in self.digest() })
    }

    mutating func leaseRequest() -> LeaseRequest {
        LeaseRequest(
            job: JobID(self.digest()),
            records: self.list(3) { wire in
                wire.signedRecord(Bool.random(using: &wire.random) ? .resultBatch : .auditReport)
            },
            leaves: self.list(3) { $0.leaves() },
            lostPixels: self.list(3) { $0.unit() },
            holding: self.list(3) { $0.unit() },
            wantedUnits: self.int(0 ... WireLimits.wantedUnitsMax),
            blockMicroseconds: min(self.number(), WireLimits.blockMicrosecondsMax),
            isIdle: Bool.random(using: &self.random),
            energyCost: min(self.number(), WireLimits.energyCostMax)
        )
    }

    mutating func grant() -> LeaseGrant {
        LeaseGrant(
            units: self.list(5) { $0.unit() },
            expiryMilliseconds: min(self.number(), WireLimits.expiryMillisecondsMax),
            audits: self.list(3) { wire in
                let (unit, leaf) = wire.unitAndLeaf()
                return LeaseGrant.Audit(unit: unit, leafIndex: leaf)
            },
            wantedPixels: self.list(3) { $0.unit() },
            cancelled: self.list(3) { $0.unit() },
            released: self.list(3) { $0.unit() },
            isClosed: Bool.random(using: &self.random),
            energyCostMax: min(self.number(), WireLimits.energyCostMax),
            secondsLeft: min(self.number(), WireLimits.secondsLeftMax),
            batchMilliseconds: min(self.number(), WireLimits.batchMillisecondsMax)
        )
    }

    mutating func status() -> JobStatus {
        JobStatus(
            job: JobID(self.digest()),
            revision: self.number(),
            phase: [.receiving, .running, .complete, .cancelled].randomElement(using: &self.random) ?? .running,
            unitsTotal: self.int(0 ... WireLimits.jobUnitsMax),
            unitsRendered: self.int(0 ... WireLimits.jobUnitsMax),
            unitsVerified: self.int(0 ... WireLimits.jobUnitsMax),
            finalFrames: Set(self.list(8) { $0.int(WireLimits.frameNumbers) }).sorted(),
            activeWorkers: self.int(0 ... 1_000),
            waitingFor: self.text(WireLimits.sentenceSizeMax),
            burned: Set(self.list(3) { $0.peer() }).sorted(),
            stewards: self.list(5) { $0.peer() },
            signedOrder: Bool.random(using: &self.random) ? self.signedRecord(.jobOrder) : nil
        )
    }

    mutating func cession() -> StewardMessage.Cession {
        StewardMessage.Cession(
            unit: self.unit(),
            holders: self.list(StewardMessage.holdersMax) { $0.peer() },
            isSpeculative: Bool.random(using: &self.random)
        )
    }

    mutating func stewardMessage() -> StewardMessage {
        var message = StewardMessage(job: JobID(self.digest()), recordCount: self.number(), summary: self.digest())
        message.records = self.list(3) { wire in wire.signedRecord(wire.anyKind()) }
        if Bool.random(using: &self.random) {
            message.buckets = (0 ..< StewardMessage.bucketCount).map { _ in self.number() }
        }
        message.bucketNumbers = Set(self.list(5) { $0.int(0 ... (StewardMessage.bucketCount - 1)) }).sorted()
        message.knownIDs = self.list(5) { RecordID($0.digest()) }
        message.wantedIDs = self.list(5) { RecordID($0.digest()) }
        message.openUnits = self.int(0 ... 1_000_000)
        message.frontier = self.int(0 ... 1_000_000)
        message.blocksPerKilosecond = min(self.number(), 1 << 50)
        message.activeWorkers = self.int(0 ... 10_000)
        message.wantedUnits = self.int(0 ... StewardMessage.unitsMax)
        message.idleBlockMicroseconds = min(self.number(), WireLimits.blockMicrosecondsMax)
        message.ceded = self.list(3) { $0.cession() }
        message.returned = self.list(3) { $0.unit() }
        message.borrowed = self.list(3) { $0.unit() }
        message.wantedLeaves = self.list(3) { $0.unit() }
        message.leaves = self.list(3) { $0.leaves() }
        return message
    }

    mutating func request(_ number: Int) -> GridRequest {
        switch number % 10 {
        case 0: .hello(self.hello())
        case 1: .submit(manifest: self.signedRecord(.jobManifest))
        case 2: .start(JobID(self.digest()), roster: self.signedRecord(.rosterEpoch))
        case 3: .lease(self.leaseRequest())
        case 4:
            .offer(
                JobOffer(
                    manifest: self.signedRecord(.jobManifest),
                    openPerMille: self.int(0 ... 1_000),
                    isClosed: Bool.random(using: &self.random),
                    rosterNumber: self.int(0 ... RosterEpoch.numberMax),
                    stewards: self.list(5) { $0.peer() },
                    isProvisional: Bool.random(using: &self.random),
                    priority: self.int(0 ... JobOrder.priorityMax),
                    secondsLeft: min(self.number(), WireLimits.secondsLeftMax),
                    rosterProof: self.list(3) { $0.signedRecord(.rosterEpoch) }
                )
            )
        case 5: .status(JobID(self.digest()), knownRevision: self.number())
        case 6:
            .frameEvidence(
                JobID(self.digest()),
                frame: self.int(WireLimits.frameNumbers),
                firstUnit: self.int(0 ... WireLimits.frameUnitsMax)
            )
        case 7: .haveChunks(self.list(5) { ChunkID($0.digest()) })
        case 8: .order(JobID(self.digest()), self.signedRecord(.jobOrder))
        default: .steward(self.stewardMessage())
        }
    }

    mutating func response(_ number: Int) -> GridResponse {
        switch number % 8 {
        case 0: .hello(self.hello())
        case 1:
            .submitted(
                JobID(self.digest()),
                missing: self.list(5) { ChunkID($0.digest()) },
                stewards: self.list(5) { $0.peer() }
            )
        case 2: .accepted
        case 3: .grant(self.grant())
        case 4: .status(self.status())
        case 5:
            .evidence(
                self.list(4) { wire in wire.signedRecord(wire.anyKind()) },
                nextUnit: Bool.random(using: &self.random) ? nil : self.int(1 ... WireLimits.frameUnitsMax)
            )
        case 6: .chunks(self.list(5) { ChunkID($0.digest()) })
        default: .refused(self.text(WireLimits.sentenceSizeMax))
        }
    }
}
