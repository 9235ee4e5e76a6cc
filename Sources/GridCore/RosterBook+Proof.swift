public import GridWire

extension RosterBook {
    /// The roster that records prove, whoever brought them: that of the highest number which the submitter signed, or more
    /// than half of the stewards of the one before, beginning with one that the submitter signed or that was proved before.
    ///
    /// - Parameters:
    ///   - records: what was brought, see ``JobOffer/rosterProof``.
    ///   - job: the job.
    ///   - submitter: who signed the job's manifest.
    ///   - known: the roster that was proved before; never is an older one the result.
    ///   - verify: checks signatures.
    /// - Returns: Nothing when a record is none of that, so that whoever sends rubbish costs one signature's check.
    static func roster(
        provenBy records: [SignedRecord],
        of job: JobID,
        by submitter: PeerID,
        after known: Roster? = nil,
        verify: SignatureVerifier
    ) -> Roster? {
        var book = RosterBook(submitter: submitter, base: known)
        for record in records.prefix(WireLimits.rosterProofMax) {
            guard case .rosterEpoch(let epoch)? = try? record.decodedBody(), epoch.job == job else { return nil }
            if let known, epoch.number <= known.number { continue }
            guard record.signer == submitter || book.authorities.contains(record.signer),
                (try? record.verified(by: verify)) != nil
            else { return nil }
            _ = book.insert(epoch, record)
        }
        return book.standing
    }
}

extension Steward {
    /// Whether an offer proves that those whom it names keep its job, or that there is a job whose stewards they may be
    /// standing in for; only then a node that is one of them becomes its steward.
    public static func isCalled(by offer: JobOffer, verify: SignatureVerifier) -> Bool {
        let proven = RosterBook.roster(
            provenBy: offer.rosterProof,
            of: JobID(offer.manifest.id.digest),
            by: offer.manifest.signer,
            verify: verify
        )
        return offer.isProvisional ? proven != nil : proven == Roster(offer)
    }
}

extension Worker {
    /// What an offer proves about who keeps its job; nothing when that is less than was proved before.
    func proven(by offer: JobOffer, after known: Roster? = nil) -> Roster? {
        if let known, !offer.isProvisional, offer.rosterNumber <= known.number {
            return Roster(offer) == known ? known : nil
        }
        return RosterBook.roster(
            provenBy: offer.rosterProof,
            of: JobID(offer.manifest.id.digest),
            by: offer.manifest.signer,
            after: known,
            verify: self.settings.verify
        )
    }

    /// Whether an offer names those who keep its job as far as this node knows, or who may be standing in for them: only such
    /// a one is worth passing on.
    public func believes(_ offer: JobOffer) -> Bool {
        guard let index = self.jobIndex(JobID(offer.manifest.id.digest)) else { return false }
        let standing = self.jobs[index].standing
        return offer.isProvisional ? offer.rosterNumber > standing.number : Roster(offer) == standing
    }

    /// What proves the last roster of a job that stood, as far as this node knows; empty when it does not know the job.
    public func rosterProof(of job: JobID) -> [SignedRecord] {
        self.jobIndex(job).map { self.jobs[$0].rosterProof } ?? []
    }
}

extension Roster {
    /// The roster that an offer names.
    public init(_ offer: JobOffer) {
        self.init(number: offer.rosterNumber, stewards: offer.stewards, isProvisional: offer.isProvisional)
    }
}
