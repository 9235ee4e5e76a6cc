import GridWire
import Testing

struct RecordCodingTests {
    @Test(arguments: SignedRecord.Kind.allCases)
    func `a record comes back as it was`(kind: SignedRecord.Kind) throws {
        var wire = RandomWire(seed: UInt64(kind.rawValue))
        for _ in 0 ..< 200 {
            let record = wire.record(kind)
            #expect(record.kind == kind)
            #expect(throws: Never.self) { try record.check() }
            #expect(try GridRecord(kind: kind, body: record.encodedBody()) == record)
            let signed = wire.signedRecord(kind)
            #expect(try SignedRecord(decoding: signed.encoded()) == signed)
        }
    }

    @Test(arguments: SignedRecord.Kind.allCases)
    func `a record that is cut anywhere is refused`(kind: SignedRecord.Kind) {
        var wire = RandomWire(seed: 10 + UInt64(kind.rawValue))
        let signed = wire.signedRecord(kind)
        for length in 0 ..< signed.body.count {
            #expect(throws: WireError.self) { try GridRecord(kind: kind, body: Array(signed.body.prefix(length))) }
        }
        #expect(throws: WireError.self) { try GridRecord(kind: kind, body: signed.body + [0]) }
        let encoded = signed.encoded()
        for length in 0 ..< encoded.count {
            #expect(throws: WireError.self) { try SignedRecord(decoding: Array(encoded.prefix(length))) }
        }
        #expect(throws: WireError.self) { try SignedRecord(decoding: encoded + [0]) }
    }

    @Test(arguments: SignedRecord.Kind.allCases)
    func `a mutated record is refused or is canonical`(kind: SignedRecord.Kind) throws {
        var wire = RandomWire(seed: 20 + UInt64(kind.rawValue))
        for _ in 0 ..< 40 {
            let signed = wire.signedRecord(kind)
            let encoded = signed.encoded()
            for _ in 0 ..< 100 {
                let body = wire.random.mutated(signed.body)
                if let record = try? GridRecord(kind: kind, body: body) {
                    #expect(record.encodedBody() == body)
                }
                let bytes = wire.random.mutated(encoded)
                if let record = try? SignedRecord(decoding: bytes) {
                    #expect(record.encoded() == bytes)
                    _ = try? record.decodedBody()
                }
            }
        }
    }

    @Test
    func `a body is only read as its own kind`() {
        var wire = RandomWire(seed: 30)
        for kind in SignedRecord.Kind.allCases {
            for other in SignedRecord.Kind.allCases where other != kind {
                #expect(throws: WireError.self) { try GridRecord(kind: other, body: wire.record(kind).encodedBody()) }
            }
        }
    }

    @Test
    func `a seal holds whole roots, at least one and no more than a record has room for`() throws {
        func seal(_ rootBytes: Int) throws -> GridRecord {
            var encoder = CBOREncoder()
            encoder.map(4)
            encoder.key(0)
            encoder.byteString([UInt8](repeating: 1, count: 32))
            encoder.key(1)
            encoder.integer(1)
            encoder.key(2)
            encoder.byteString([UInt8](repeating: 2, count: 32))
            encoder.key(3)
            encoder.byteString([UInt8](repeating: 3, count: rootBytes))
            return try GridRecord(kind: .frameSeal, body: encoder.bytes)
        }
        let most = 32 * FrameSeal.unitsMax
        for bytes in [0, 31, 33, 95, most + 32] {
            #expect(throws: WireError.self) { try seal(bytes) }
        }
        for bytes in [32, most] {
            guard case .frameSeal(let seal) = try seal(bytes) else { continue }
            #expect(32 * seal.roots.count == bytes)
            #expect(throws: Never.self) { try GridRecord.frameSeal(seal).check() }
        }
    }

    @Test
    func `a signature is valid for its signer, kind and body alone`() throws {
        var wire = RandomWire(seed: 31)
        let alice = Sodium.identity(1)
        let bob = Sodium.identity(2)
        for kind in SignedRecord.Kind.allCases {
            let record = wire.record(kind)
            let signed = record.signed(by: alice.peer, with: alice.sign)
            #expect(try signed.verified(by: Sodium.verifier) == record)
            #expect(signed.id.digest == Digest(hashing: signed.content))
            #expect(signed.signedMessage == Array("tessera-record-v1:".utf8) + signed.content)

            var body = signed.body
            body[body.count - 1] ^= 1
            var signature = signed.signature
            signature[0] ^= 1
            let otherKind: SignedRecord.Kind = kind == .frameFinal ? .auditReport : .frameFinal
            let forgeries = [
                SignedRecord(kind: kind, body: body, signer: alice.peer, signature: signed.signature),
                SignedRecord(kind: kind, body: signed.body, signer: bob.peer, signature: signed.signature),
                SignedRecord(kind: otherKind, body: signed.body, signer: alice.peer, signature: signed.signature),
                SignedRecord(kind: kind, body: signed.body, signer: alice.peer, signature: signature),
                SignedRecord(kind: kind, body: signed.body, signer: alice.peer, signature: []),
                SignedRecord(kind: kind, body: signed.body, signer: alice.peer, signature: signed.signature + [0]),
            ]
            for forgery in forgeries {
                #expect(throws: WireError(.badSignature, "")) { try forgery.verified(by: Sodium.verifier) }
            }
            // The id names the content and not the signature.
            #expect(forgeries[3].id == signed.id)
            #expect(forgeries[0].id != signed.id)
            #expect(forgeries[1].id != signed.id)
        }
    }

    @Test
    func `the bytes of a signed record are fixed for all time`() {
        let alice = Sodium.identity(1)
        let unit = UnitID(frame: -3, tile: 300, firstBlock: 8, blockCount: 24)
        let digest = Digest(hashing: "abc".utf8)
        let report = AuditReport(job: JobID(digest), unit: unit, leafIndex: 23, leaf: digest)
        let signed = GridRecord.auditReport(report).signed(by: alice.peer, with: alice.sign)
        let hash = "5820bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        let body = "a400" + hash + "01842219012c081818" + "0217" + "03" + hash
        #expect(Hex.encode(signed.body) == body)
        #expect(
            Hex.encode(signed.content)
                == "83035820" + Hex.encode(alice.peer.publicKey) + "5852" + body
        )
    }

    @Test
    func `a signed body with a value out of range is refused`() {
        var wire = RandomWire(seed: 32)
        let alice = Sodium.identity(1)
        let good = wire.manifest()
        let changes: [(String, (inout JobManifest) -> Void)] = [
            ("title", { $0.title = String(repeating: "x", count: 129) }),
            ("title", { $0.title = "a\u{1b}[2J" }),
            ("grid", { $0.grid = String(repeating: "x", count: 65) }),
            ("assetSize", { $0.assetSize = WireLimits.assetSizeMax + 1 }),
            ("memory", { $0.memory = WireLimits.memoryMax + 1 }),
            ("firstFrame", { $0.firstFrame = -1_000_001 }),
            ("lastFrame", { ($0.firstFrame, $0.frameCount) = (1_000_000, 2) }),
            ("frameCount", { $0.frameCount = 0 }),
            ("frameCount", { $0.frameCount = JobManifest.frameCountMax + 1 }),
            ("width", { $0.width = 0 }),
            ("height", { $0.height = FrameGeometry.frameEdgeMax + 1 }),
            ("samples", { $0.samples = 0 }),
            ("samples", { $0.samples = JobManifest.samplesMax + 1 }),
            ("depth", { $0.maxDepth = 0 }),
            ("depth", { $0.maxDepth = -1 }),
            ("depth", { $0.maxDepth = JobManifest.depthMax + 1 }),
        ]
        for (name, change) in changes {
            var bad = good
            change(&bad)
            let record = GridRecord.jobManifest(bad)
            #expect(throws: WireError.self, "\(name)") { try record.check() }
            let signed = record.signed(by: alice.peer, with: alice.sign)
            #expect(throws: WireError(.outOfRange, ""), "\(name)") { try signed.verified(by: Sodium.verifier) }
        }
    }

    @Test
    func `lists that are not strictly ascending are refused`() {
        var wire = RandomWire(seed: 33)
        let units = [
            UnitID(frame: 1, tile: 0, firstBlock: 0, blockCount: 64),
            UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: 64),
        ]
        for order in [units, [units[0], units[0]]] {
            let batch = ResultBatch(
                job: JobID(wire.digest()),
                sequence: 0,
                results: order.map { .init(unit: $0, pixelRoot: wire.digest(), workCount: 1) }
            )
            #expect(throws: WireError(.notCanonical, "")) { try GridRecord.resultBatch(batch).check() }
        }
        let peers = [wire.peer(), wire.peer()].sorted()
        for order in [[peers[1], peers[0]], [peers[0], peers[0]]] {
            let frame = FrameFinal(
                job: JobID(wire.digest()),
                frame: 0,
                framePixels: wire.digest(),
                work: order.map { .init(worker: $0, workCount: 1) }
            )
            #expect(throws: WireError(.notCanonical, "")) { try GridRecord.frameFinal(frame).check() }
        }
    }

    @Test(arguments: [
        UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: 65),
        UnitID(frame: 0, tile: 0, firstBlock: 63, blockCount: 2),
        UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: 0),
        UnitID(frame: 0, tile: 65_536, firstBlock: 0, blockCount: 1),
        UnitID(frame: 1_000_001, tile: 0, firstBlock: 0, blockCount: 1),
        UnitID(frame: 0, tile: -1, firstBlock: 0, blockCount: 1),
        UnitID(frame: 0, tile: 0, firstBlock: -1, blockCount: 2),
        UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: 8),
    ])
    func `a unit or leaf that no job has is refused`(unit: UnitID) {
        var wire = RandomWire(seed: 34)
        let report = AuditReport(job: JobID(wire.digest()), unit: unit, leafIndex: 8, leaf: wire.digest())
        #expect(throws: WireError(.outOfRange, "")) { try GridRecord.auditReport(report).check() }
    }
}
