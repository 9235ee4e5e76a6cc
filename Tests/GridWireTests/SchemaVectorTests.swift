import GridWire
import Testing

/// Digests of encodings that were made from `Schema.md` alone by another program (Python with cbor2 and PyNaCl).
struct SchemaVectorTests {
    private let digest = Digest(hashing: "abc".utf8)
    private let unit = UnitID(frame: -3, tile: 300, firstBlock: 8, blockCount: 24)
    private let alice = Sodium.identity(1)

    private func check(_ record: GridRecord, encoded: String, id: String) {
        let signed = record.signed(by: self.alice.peer, with: self.alice.sign)
        #expect(throws: Never.self) { try record.check() }
        #expect(Digest(hashing: signed.encoded()).description == encoded)
        #expect(signed.id.description == id)
    }

    @Test
    func `a manifest is what the schema says`() {
        let manifest = JobManifest(
            title: "Leviathan 水",
            grid: "home",
            sceneRoot: ChunkID(self.digest),
            assetSize: 123_456_789,
            memory: 987_654_321,
            firstFrame: -10,
            frameCount: 48,
            width: 1_920,
            height: 1_080,
            samples: 256,
            maxDepth: 12,
            seed: .max,
            channels: 33,
            coreVersion: self.digest,
            submittedAt: 1_700_000_000
        )
        self.check(
            .jobManifest(manifest),
            encoded: "144b61bc6d93d56f38d480f4e94de6fe2a4bccaf02a66ac90f05db90d07fbb21",
            id: "f005e380ac4d75633fe8d5f562e51b7fb8ff1b5acbf6e48626bee5aa23fbb8af"
        )
    }

    @Test
    func `a batch is what the schema says`() {
        let whole = UnitID(frame: 5, tile: 0, firstBlock: 0, blockCount: 64)
        let batch = ResultBatch(
            job: JobID(self.digest),
            sequence: (1 << 63) + 5,
            results: [
                .init(unit: self.unit, pixelRoot: self.digest, workCount: 1 << 40),
                .init(unit: whole, pixelRoot: self.digest, workCount: 0),
            ]
        )
        self.check(
            .resultBatch(batch),
            encoded: "bb4f7f47de7ac4729a352cbfb28cbbae9ed50554999e363f0e18338937637b63",
            id: "95396f3b21af80a3e9d42ee01ec5145b3549cf45d225c234f64d2d825882436b"
        )
    }

    @Test
    func `a report is what the schema says`() {
        self.check(
            .auditReport(AuditReport(job: JobID(self.digest), unit: self.unit, leafIndex: 23, leaf: self.digest)),
            encoded: "3f2a683858c4e08faf08c04161cd7aa30d46336864a47294fe7bdf25246702a2",
            id: "3337310210abfbc743c840e7ec974ed57b558c8b931c7012cc26534cb8b9c142"
        )
    }

    @Test
    func `a fraud proof is what the schema says`() {
        let proof = FraudProof(
            job: JobID(self.digest),
            unit: self.unit,
            worker: self.alice.peer,
            batch: RecordID(self.digest),
            leafIndex: 0,
            claimedLeaf: self.digest,
            path: [self.digest, Digest(hashing: "x".utf8)],
            correctLeaf: Digest(hashing: "y".utf8),
            witnesses: [RecordID(self.digest)]
        )
        self.check(
            .fraudProof(proof),
            encoded: "02eb25bcaa98831407da76bf584ad0f0f9349f49fcad2b6b2a1d4e5e57d05145",
            id: "cd7900ec3de2295b24386e993560e3a66b5c99c4b1a10312cb92850aad0a5a4f"
        )
    }

    @Test
    func `a final frame is what the schema says`() {
        let work = [FrameFinal.WorkShare(worker: self.alice.peer, workCount: 99)]
        self.check(
            .frameFinal(FrameFinal(job: JobID(self.digest), frame: 7, framePixels: self.digest, work: work)),
            encoded: "417acb238f1357f00b15372b72e6dccf1932bcc2bac263589715b8f55f6f2390",
            id: "bc6143753e06d860839e8b6360a26d170e0ad894189d7a8d0dd3f0aeb1da7c43"
        )
    }

    @Test
    func `an order and a seal are what the schema says`() {
        let job = JobID(self.digest)
        self.check(
            .jobOrder(JobOrder(job: job, sequence: 5, state: .paused, priority: 2, deadline: 1_700_000_000_000)),
            encoded: "908bea64db58b60cc0a33c2115341562a0995952cc0531e0b6623ec46990c150",
            id: "2fbd789726f74f00ad3180420168b906c68284b97c4e9a01b2c9439734397099"
        )
        let roots = ["x", "y"].map { Digest(hashing: $0.utf8) }
        self.check(
            .frameSeal(FrameSeal(job: job, frame: -7, final: RecordID(self.digest), roots: [self.digest] + roots)),
            encoded: "6f3faaa9431ccde41cb239d1b859063b78467d83bb39a19cfe3a2f376a004908",
            id: "cea574ca4e8561d5abddac2489138cb732d643daf27ec5fe5ae113adc44364ac"
        )
    }

    @Test
    func `a Merkle root and a lease request are what the schema says`() {
        let leaves = (0 ..< 5).map { Digest(hashing: [UInt8($0)]) }
        #expect(
            MerkleTree(leaves).root.description == "dc31f41937b6ebc00567efa88bbecb2f66124988b2643f0eee68098092e7e320"
        )
        let unit = UnitID(frame: 1, tile: 2, firstBlock: 0, blockCount: 2)
        let request = LeaseRequest(
            job: JobID(self.digest),
            records: [],
            leaves: [.init(unit: unit, leaves: [self.digest, self.digest])],
            lostPixels: [unit],
            holding: [],
            wantedUnits: 4,
            blockMicroseconds: 1_000,
            isIdle: true,
            energyCost: 123_456
        )
        #expect(
            Digest(hashing: GridRequest.lease(request).encoded()).description
                == "fe7cd86d9870b4bf4b02c0170bed51d37bd51a175a29e04e788dbf2c720acf56"
        )
    }

    @Test
    func `an offer is what the schema says`() throws {
        let peers = try ["a", "b"].map { try #require(PeerID(publicKey: Digest(hashing: $0.utf8).bytes)) }
        func record(_ kind: SignedRecord.Kind, _ signer: PeerID, _ body: [UInt8], _ byte: UInt8) -> SignedRecord {
            SignedRecord(kind: kind, body: body, signer: signer, signature: Array(repeating: byte, count: 64))
        }
        let offer = JobOffer(
            manifest: record(.jobManifest, peers[0], [1, 2, 3], 7),
            openPerMille: 750,
            isClosed: false,
            rosterNumber: 300,
            stewards: peers,
            isProvisional: true,
            priority: 3,
            secondsLeft: 100_000,
            rosterProof: [record(.rosterEpoch, peers[1], [4, 5], 9), record(.rosterEpoch, peers[0], [4, 5], 9)]
        )
        let encoded = GridRequest.offer(offer).encoded()
        let digest = "e8da410cb318fac831dddad980a28eddb92f5b3312fd6b4102130125d86c6e85"
        #expect(Digest(hashing: encoded).description == digest)
        #expect(try GridRequest(decoding: encoded) == .offer(offer))
        // A manifest proves no roster, and nobody is sent more than a thousand records.
        var odd = offer
        odd.rosterProof[0] = odd.manifest
        #expect(throws: WireError.self) { try GridRequest(decoding: GridRequest.offer(odd).encoded()) }
        odd.rosterProof = Array(repeating: offer.rosterProof[0], count: WireLimits.rosterProofMax + 1)
        #expect(throws: WireError.self) { try GridRequest(decoding: GridRequest.offer(odd).encoded()) }
    }
}
