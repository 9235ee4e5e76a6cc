public import GridWire

/// What signed records prove about one frame: a pure function, so that whoever fetches a frame trusts nobody.
///
/// Fetch a frame's evidence and its pixels from any peer; the pixels of each unit must hash to ``acceptedRoot(of:)``.
/// A peer can withhold or add records, but it cannot make a root accepted that neither two different workers nor, with a
/// ``FrameSeal``, the job's submitter signed.
public struct FrameVerdict: Sendable, Equatable {
    /// What the evidence says of a unit.
    public enum UnitState: Hashable, Sendable {
        /// At least two different signers, ascending, committed to the root and more than to any other; or the submitter
        /// alone sealed the frame.
        case accepted(root: Digest, signers: [PeerID])
        /// The evidence does not suffice; the sentence says what is missing.
        case missing(String)
    }

    /// The frame number.
    public let frame: Int
    /// The units of the frame in the order of ``UnitPlan``.
    public let units: [UnitID]
    /// What the evidence says of each unit, in the same order.
    public let states: [UnitState]
    /// How the job is cut into units.
    public let plan: UnitPlan
    /// Whether the submitter says that it has the frame, so that no other evidence is kept.
    public let isSealed: Bool

    /// Judges a frame.
    ///
    /// - Parameters:
    ///   - manifest: the signed manifest; compare its id with the job that you submitted.
    ///   - frame: the frame number.
    ///   - evidence: the answers to ``GridRequest/frameEvidence(_:frame:firstUnit:)``, from anyone.
    ///   - verify: checks signatures.
    /// - Throws: ``JobError`` when the manifest is not valid or has no such frame. Evidence that does not belong here is
    ///   only ignored.
    public init(
        manifest: SignedRecord,
        frame: Int,
        evidence: [SignedRecord],
        verify: @escaping SignatureVerifier
    ) throws(JobError) {
        // Nobody's word closes a frame here, and only proofs about this very frame count: a worker who was caught later
        // elsewhere takes nothing back from a frame that was closed before.
        var ledger = try Ledger(manifest: manifest, stewards: nil, verify: verify)
        guard ledger.plan.frames.contains(frame) else {
            throw JobError(.noSuchFrame, "frame \(frame) is not one of the job's \(ledger.plan.frames)")
        }
        for record in evidence where record.kind != .frameFinal {
            if record.kind == .fraudProof {
                guard case .fraudProof(let proof) = try? record.decodedBody(), proof.unit.frame == frame else {
                    continue
                }
            }
            _ = ledger.insert(record)
        }
        self.isSealed = ledger.isSealed(frame: frame)
        self.frame = frame
        self.plan = ledger.plan
        let indices = ledger.plan.units(ofFrame: frame)
        self.units = indices.map { ledger.plan.unit(at: $0) }
        self.states = indices.map { index in
            switch ledger.verdict(ofUnitAt: index) {
            case .accepted(let root, let workers):
                .accepted(root: root, signers: workers)
            case .pending:
                .missing("no node has signed a result for unit \(ledger.plan.unit(at: index))")
            case .committed(_, let worker):
                .missing("only \(worker) has signed a result for unit \(ledger.plan.unit(at: index))")
            case .disputed:
                .missing("the results for unit \(ledger.plan.unit(at: index)) differ")
            }
        }
    }

    /// Whether every unit is accepted.
    public var isAccepted: Bool {
        self.missing == nil
    }

    /// What is missing first, in a sentence; nothing when every unit is accepted.
    public var missing: String? {
        for case .missing(let reason) in self.states {
            return reason
        }
        return nil
    }

    /// The accepted root of a unit of this frame.
    public func acceptedRoot(of unit: UnitID) -> Digest? {
        guard let index = self.plan.index(of: unit), unit.frame == self.frame,
            case .accepted(let root, _) = self.states[index - self.plan.units(ofFrame: self.frame).lowerBound]
        else { return nil }
        return root
    }

    /// The digest of all accepted roots in the order of their units, as in ``FrameFinal/framePixels``.
    public var framePixels: Digest? {
        var bytes: [UInt8] = []
        for state in self.states {
            guard case .accepted(let root, _) = state else { return nil }
            bytes += root.bytes
        }
        return Digest(hashing: bytes)
    }
}
