import GridCore
import GridWire

/// An independent bookkeeper of one job: it knows only what stewards wrote to their disks, and the truth.
struct JobChecker {
    /// Who committed to which root, from the records on all disks.
    private var claims: [UnitID: [Digest: Set<PeerID>]] = [:]
    private var known: Set<RecordID> = []
    private(set) var burned: Set<PeerID> = []
    private let manifest: SignedRecord
    private let plan: UnitPlan
    /// Frames may only hold right pixels; not promised when saboteurs can meet.
    private let mustBeRight: Bool
    private let saboteurs: Set<PeerID>

    init(manifest: SignedRecord, plan: UnitPlan, saboteurs: Set<PeerID>) {
        self.manifest = manifest
        self.plan = plan
        self.saboteurs = saboteurs
        self.mustBeRight = saboteurs.count <= 1
    }

    /// Takes note of a record that goes to a disk.
    mutating func persisted(_ record: SignedRecord) -> String? {
        guard self.known.insert(record.id).inserted else { return nil }
        guard let decoded = try? record.verified(by: SimulatedIdentity.verifier) else {
            return "a record was persisted that is not valid"
        }
        switch decoded {
        case .jobManifest:
            return "a second manifest was persisted"
        case .resultBatch(let batch):
            for result in batch.results {
                self.claims[result.unit, default: [:]][result.pixelRoot, default: []].insert(record.signer)
            }
        case .auditReport, .rosterEpoch, .storeReceipt, .jobOrder:
            break
        case .frameSeal(let seal):
            if record.signer != self.manifest.signer {
                return "frame \(seal.frame) was sealed by a node that did not submit the job"
            }
        case .fraudProof(let proof):
            if !self.saboteurs.contains(proof.worker) {
                return "an honest node is accused: \(proof.worker.shortDescription) for \(proof.unit)"
            }
            if !self.saboteurs.isEmpty, proof.path.count > WireLimits.pathLengthMax {
                return "a fraud proof has a path of \(proof.path.count)"
            }
        case .frameFinal(let final):
            if final.work.count < 2 {
                return "frame \(final.frame) was closed with the work of \(final.work.count) nodes"
            }
        }
        return nil
    }

    /// Takes note of a burned worker.
    mutating func workerBurned(_ burn: Steward.Burn) -> String? {
        self.burned.insert(burn.worker)
        return self.saboteurs.contains(burn.worker) ? nil : "an honest node was burned: \(burn)"
    }

    /// Pixels with a root are about to be stored as those of a unit.
    func pixelsAccepted(_ unit: UnitID, root: Digest, truth: Digest) -> String? {
        let signers = self.claims[unit]?[root, default: []] ?? []
        if signers.count < 2 {
            return "unit \(unit) was accepted with \(signers.count) signers"
        }
        if self.mustBeRight, root != truth {
            return "unit \(unit) was accepted with wrong pixels"
        }
        return nil
    }

    /// A frame was closed.
    func frameClosed(
        _ frame: Int,
        evidence: [SignedRecord],
        holdsPixels: (UnitID, Digest) -> Bool,
        truth: (UnitID) -> Digest
    ) -> String? {
        let verdict: FrameVerdict
        do {
            verdict = try FrameVerdict(
                manifest: self.manifest,
                frame: frame,
                evidence: evidence,
                verify: SimulatedIdentity.verifier
            )
        } catch {
            return "the evidence of frame \(frame) cannot be judged: \(error)"
        }
        if let missing = verdict.missing {
            return
                "frame \(frame) was closed but its evidence of \(evidence.count) records does not show it: \(missing)"
        }
        for (unit, state) in zip(verdict.units, verdict.states) {
            guard case .accepted(let root, let signers) = state else { continue }
            if verdict.isSealed ? signers != [self.manifest.signer] : Set(signers).count < 2 {
                return "unit \(unit) of final frame \(frame) has \(signers.count) signers"
            }
            if !verdict.isSealed, !holdsPixels(unit, root) {
                return "frame \(frame) was closed, but the pixels of unit \(unit) are on no disk"
            }
            if self.mustBeRight, root != truth(unit) {
                return "frame \(frame) was closed with wrong pixels in unit \(unit)"
            }
        }
        for case .frameFinal(let final) in evidence.compactMap({ try? $0.decodedBody() })
        where final.frame == frame && final.framePixels != verdict.framePixels {
            return "the final record of frame \(frame) names other pixels than its evidence"
        }
        return nil
    }

    /// A grant goes to a worker.
    ///
    /// - Parameters:
    ///   - finalFrames: the frames that this steward knows to be final.
    ///   - burned: the workers that this steward knows to be burned.
    ///   - isLost: whether this steward knows nobody who has a unit's pixels.
    func granted(
        _ grant: LeaseGrant,
        to worker: PeerID,
        finalFrames: Set<Int>,
        burned: Set<PeerID>,
        isLost: (UnitID) -> Bool
    ) -> String? {
        if burned.contains(worker), !grant.units.isEmpty || !grant.audits.isEmpty {
            return "a burned worker was given work"
        }
        if Set(grant.units).count != grant.units.count {
            return "a grant names a unit twice"
        }
        for unit in grant.units {
            if self.plan.index(of: unit) == nil {
                return "a grant names a unit that the job does not have: \(unit)"
            }
            if finalFrames.contains(unit.frame), !isLost(unit) {
                return "unit \(unit) of a final frame was leased"
            }
        }
        return nil
    }
}
