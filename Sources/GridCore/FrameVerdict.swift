public import GridWire

/// What signed records prove about one frame: a pure function, so that whoever fetches a frame trusts nobody.
public struct FrameVerdict: Sendable, Equatable {
    /// What the evidence says of a unit.
    public enum UnitState: Hashable, Sendable {
        /// At least two different signers, ascending, committed to the root and more than to any other.
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

    /// Judges a frame.
    ///
    /// - Throws: ``JobError`` when the manifest is not valid or has no such frame. Evidence that does not belong here is
    ///   only ignored.
    public init(manifest: SignedRecord, frame: Int, evidence: [SignedRecord], verify: @escaping SignatureVerifier) throws(JobError) {
        throw JobError(.badManifest, "skeleton")
    }

    /// Whether every unit is accepted.
    public var isAccepted: Bool {
        false
    }

    /// What is missing, in a sentence; nothing when every unit is accepted.
    public var missing: String? {
        nil
    }

    /// The accepted root of a unit.
    public func acceptedRoot(of unit: UnitID) -> Digest? {
        nil
    }
}
