public import GridWire

/// The grow-only set of signed records of one job.
public struct Ledger: Sendable {
    /// What became of a record that was offered.
    public enum Insertion: Hashable, Sendable {
        /// It was added.
        case new(GridRecord)
        /// It is there already.
        case duplicate
        /// It does not belong here; the sentence is for the log.
        case rejected(String)
    }

    /// A worker that the records prove wrong.
    public struct Burn: Hashable, Sendable {
        /// What it did.
        public enum Offence: Hashable, Sendable {
            /// It signed a wrong leaf, which referees recomputed.
            case wrongLeaf(UnitID, leafIndex: Int)
            /// It signed two different roots for one unit.
            case contradiction(UnitID)
            /// It signed two different batches with one number.
            case equivocation(sequence: UInt64)
        }

        /// The worker.
        public let worker: PeerID
        /// What it did.
        public let offence: Offence
        /// The record that shows it: the ``FraudProof``, or the second of two batches that contradict each other.
        public let evidence: RecordID
    }

    /// The job.
    public let job: JobID
    /// The job's manifest.
    public let manifest: JobManifest
    /// How the job is cut into units.
    public let plan: UnitPlan

    /// Creates a ledger that holds nothing but the manifest.
    ///
    /// - Throws: ``JobError`` when the record is not a validly signed manifest of a possible job.
    public init(manifest: SignedRecord, stewards: [PeerID], verify: @escaping SignatureVerifier) throws(JobError) {
        throw JobError(.badManifest, "skeleton")
    }

    /// Adds a record.
    public mutating func insert(_ record: SignedRecord) -> Insertion {
        .rejected("skeleton")
    }

    /// Adds all records of another ledger of the same job.
    public mutating func formUnion(_ other: Self) {}

    /// All records but the manifest, ascending by id.
    public var records: [SignedRecord] {
        []
    }

    /// The workers that the records prove wrong, ascending.
    public var burned: [PeerID] {
        []
    }

    /// What the records say of a unit, whose number must be in 0..<`plan.unitCount`.
    public func verdict(ofUnitAt index: Int) -> UnitVerdict {
        .pending
    }
}
