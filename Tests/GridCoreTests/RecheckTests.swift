import CSodium
import ChildProcesses
import Foundation
import GridCore
import GridWire
import Testing

/// A whole job, rechecked by a program in another language that knows nothing but the schema.
struct RecheckTests {
    /// A node with a real key.
    private struct Node {
        let peer: PeerID
        let sign: Signer
        var sequence: UInt64 = 0

        init(_ number: UInt8) {
            precondition(sodium_init() >= 0)
            var publicKey = [UInt8](repeating: 0, count: 32)
            var secretKey = [UInt8](repeating: 0, count: 64)
            crypto_sign_seed_keypair(&publicKey, &secretKey, [UInt8](repeating: number, count: 32))
            guard let peer = PeerID(publicKey: publicKey) else { preconditionFailure("32 bytes make a peer id") }
            let key = secretKey
            self.peer = peer
            self.sign = { message in
                var signature = [UInt8](repeating: 0, count: 64)
                crypto_sign_detached(&signature, nil, message, UInt64(message.count), key)
                return signature
            }
        }

        func sign(_ record: GridRecord) -> SignedRecord {
            record.signed(by: self.peer, with: self.sign)
        }

        mutating func batch(_ job: JobID, _ units: [UnitID], wrongAt: Int? = nil) -> SignedRecord {
            defer { self.sequence += 1 }
            let results = units.map {
                ResultBatch.UnitResult(
                    unit: $0,
                    pixelRoot: MerkleTree(TestGrid.leaves($0, wrongAt: wrongAt)).root,
                    workCount: 7
                )
            }
            return self.sign(.resultBatch(ResultBatch(job: job, sequence: self.sequence, results: results)))
        }
    }

    private static let verifier: SignatureVerifier = { signature, message, signer in
        signature.count == 64
            && crypto_sign_verify_detached(signature, message, UInt64(message.count), signer.publicKey) == 0
    }

    /// A Python with cbor2 and PyNaCl: that of `./bootstrap test`, else the one on the path.
    private static let python: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let named = ProcessInfo.processInfo.environment["TESSERA_TEST_PYTHON"]
        let own = root.appendingPathComponent(".build/python/bin/python3").path
        let candidates: [String?] = [named, own, "/usr/bin/python3"]
        for path in candidates {
            guard let path, let result = try? Self.run(path, ["-c", "import cbor2, nacl.signing"]), result.status == 0
            else { continue }
            return path
        }
        return nil
    }()

    private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: Data) {
        let done = try CompletedProcess(executable: program, arguments: arguments, within: .seconds(60))
        return (done.status, Data(done.output))
    }

    private func recheck(_ records: [SignedRecord]) throws -> (status: Int32, summary: [String: Any]) {
        let file = NSTemporaryDirectory() + "tessera-recheck-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        var encoder = CBOREncoder()
        encoder.array(records.count)
        try Data(encoder.bytes + records.flatMap { $0.encoded() }).write(to: URL(fileURLWithPath: file))
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Recheck/recheck_job.py").path
        let result = try Self.run(try #require(Self.python), [script, file])
        let json = try? JSONSerialization.jsonObject(with: result.output) as? [String: Any]
        return (result.status, json ?? [:])
    }

    /// A job of two frames with a liar who is caught, two rosters, receipts and an order.
    private func job() throws -> (manifest: SignedRecord, records: [SignedRecord]) {
        var (alice, bob, liar) = (Node(1), Node(2), Node(3))
        let (first, second, third, referee, submitter) = (Node(4), Node(5), Node(6), Node(7), Node(8))
        guard case .jobManifest(let body) = try TestGrid.manifest(width: 150, height: 100, frames: 2).decodedBody()
        else { preconditionFailure("a manifest is one") }
        let manifest = submitter.sign(.jobManifest(body))
        let job = JobID(manifest.id.digest)
        let plan = try UnitPlan(manifest: body)
        let units = (0 ..< plan.unitCount).map(plan.unit(at:))
        let stewards = [first, second, third].map(\.peer)
        var records: [SignedRecord] = []
        records.append(submitter.sign(.rosterEpoch(RosterEpoch(job: job, number: 1, stewards: stewards))))
        let next = RosterEpoch(job: job, number: 2, stewards: [stewards[0], stewards[1], referee.peer])
        records += [first, second].map { $0.sign(.rosterEpoch(next)) }
        records += [alice.batch(job, units), bob.batch(job, Array(units.dropFirst()))]
        let lie = liar.batch(job, [units[0]], wrongAt: 1)
        let truth = TestGrid.leaves(units[0])[1]
        let report = referee.sign(
            .auditReport(AuditReport(job: job, unit: units[0], leafIndex: 1, leaf: truth))
        )
        let lies = TestGrid.leaves(units[0], wrongAt: 1)
        let proof = FraudProof(
            job: job,
            unit: units[0],
            worker: liar.peer,
            batch: lie.id,
            leafIndex: 1,
            claimedLeaf: lies[1],
            path: MerkleTree(lies).path(to: 1),
            correctLeaf: truth,
            witnesses: [records[3].id, report.id]
        )
        records += [lie, report, second.sign(.fraudProof(proof)), bob.batch(job, [units[0]])]
        for frame in 1 ... 2 {
            let roots = plan.units(ofFrame: frame).map { TestGrid.root(plan.unit(at: $0)) }
            let count = UInt64(7 * roots.count)
            let work = [alice.peer, bob.peer].sorted().map { FrameFinal.WorkShare(worker: $0, workCount: count) }
            let pixels = Digest(hashing: roots.flatMap(\.bytes))
            records.append(first.sign(.frameFinal(.init(job: job, frame: frame, framePixels: pixels, work: work))))
        }
        for holder in [first, second] {
            let items = units.map { StoreReceipt.Item(unit: $0, rootStart: TestGrid.root($0).start) }
            records.append(holder.sign(.storeReceipt(StoreReceipt(job: job, items: items))))
        }
        records.append(submitter.sign(.jobOrder(JobOrder(job: job, sequence: 5, state: .paused))))
        return (manifest, records)
    }

    @Test(.enabled(if: Self.python != nil, "needs a Python with cbor2 and PyNaCl: run ./bootstrap test"))
    func `a script finds in the records of a job what the ledger finds`() throws {
        let (manifest, records) = try self.job()
        var ledger = try Ledger(manifest: manifest, stewards: [], verify: Self.verifier)
        for record in records.reversed() {
            _ = ledger.insert(record)
        }
        #expect(ledger.finalFrames == [1, 2] && ledger.burned.count == 1 && ledger.roster?.number == 2)
        let result = try self.recheck([manifest] + records)
        #expect(result.status == 0)
        #expect(result.summary["job"] as? String == ledger.job.description)
        #expect(result.summary["units"] as? Int == ledger.plan.unitCount)
        #expect(result.summary["finalFrames"] as? [Int] == ledger.finalFrames)
        #expect(result.summary["burned"] as? [String] == ledger.burned.map { Hex.encode($0.worker.publicKey) })
        #expect(result.summary["roster"] as? Int == ledger.roster?.number)
        #expect(result.summary["holdersMin"] as? Int == 2)
        #expect(result.summary["state"] as? Int == 1)
    }

    @Test(.enabled(if: Self.python != nil, "needs a Python with cbor2 and PyNaCl: run ./bootstrap test"))
    func `a script finds the same in what is left of sealed frames`() throws {
        let (manifest, records) = try self.job()
        let submitter = Node(8)
        var ledger = try Ledger(manifest: manifest, stewards: [], verify: Self.verifier)
        ledger.insert(contentsOf: records)
        let whole = (ledger.finalFrames, ledger.burned)
        for frame in 1 ... 2 {
            let seal = FrameSeal(
                job: ledger.job,
                frame: frame,
                final: try #require(ledger.finalRecord(ofFrame: frame)),
                roots: ledger.plan.units(ofFrame: frame).map { TestGrid.root(ledger.plan.unit(at: $0)) }
            )
            _ = ledger.insert(submitter.sign(.frameSeal(seal)))
        }
        #expect(ledger.finalFrames == whole.0 && ledger.burned == whole.1)
        // Two receipts and Bob's batches are gone; the other batches are a witness of the lie, and the lie itself.
        #expect(ledger.count == records.count + 2 - 4)
        let result = try self.recheck([manifest] + ledger.records)
        #expect(result.status == 0)
        #expect(result.summary["finalFrames"] as? [Int] == whole.0)
        #expect(result.summary["sealedFrames"] as? [Int] == whole.0)
        #expect(result.summary["burned"] as? [String] == whole.1.map { Hex.encode($0.worker.publicKey) })
        #expect(result.summary["roster"] as? Int == ledger.roster?.number)
        let forged = Node(1).sign(try #require(ledger.records.first { $0.kind == .frameSeal }).decodedBody())
        #expect(try self.recheck([manifest] + ledger.records + [forged]).status == 1)
    }

    @Test(.enabled(if: Self.python != nil, "needs a Python with cbor2 and PyNaCl: run ./bootstrap test"))
    func `a script refuses a job with one changed byte`() throws {
        let (manifest, records) = try self.job()
        let last = try #require(records.last)
        var body = last.body
        body[body.count - 1] ^= 1
        let forged = SignedRecord(kind: last.kind, body: body, signer: last.signer, signature: last.signature)
        #expect(try self.recheck([manifest] + records.dropLast() + [forged]).status == 1)
    }
}
