import GridWire

/// Which records a ledger takes at all.
extension Ledger {
    struct Refusal: Error {
        let reason: String
        /// Whether nobody needs the record any more, though nothing is wrong with it.
        var isSpent = false
    }

    /// Checks form, signature and job of a record.
    func examine(_ record: SignedRecord) -> Result<GridRecord, Refusal> {
        let decoded: GridRecord
        do {
            decoded = try record.verified(by: self.verify)
        } catch {
            return .failure(Refusal(reason: error.message))
        }
        switch decoded {
        case .jobManifest:
            return .failure(Refusal(reason: "a ledger has one manifest"))
        case .resultBatch(let batch):
            guard batch.job == self.job else { return .failure(self.otherJob(batch.job)) }
            guard !batch.results.isEmpty else { return .failure(Refusal(reason: "the batch is empty")) }
            for result in batch.results where self.plan.index(of: result.unit) == nil {
                return .failure(Refusal(reason: "the job has no unit \(result.unit)"))
            }
        case .auditReport(let report):
            guard report.job == self.job else { return .failure(self.otherJob(report.job)) }
            guard self.plan.index(of: report.unit) != nil else {
                return .failure(Refusal(reason: "the job has no unit \(report.unit)"))
            }
        case .fraudProof(let proof):
            guard proof.job == self.job else { return .failure(self.otherJob(proof.job)) }
            guard self.plan.index(of: proof.unit) != nil else {
                return .failure(Refusal(reason: "the job has no unit \(proof.unit)"))
            }
            guard self.hasAuthority(record.signer) || self.strangersProofs < Self.strangersProofsMax else {
                return .failure(Self.tooMany)
            }
        case .frameFinal(let final):
            guard final.job == self.job else { return .failure(self.otherJob(final.job)) }
            guard self.plan.frames.contains(final.frame) else {
                return .failure(Refusal(reason: "the job has no frame \(final.frame)"))
            }
            guard
                self.hasAuthority(record.signer)
                    || self.strangersFinals[final.frame, default: 0] < Self.strangersFinalsMax
            else { return .failure(Self.tooMany) }
        case .rosterEpoch(let epoch):
            guard epoch.job == self.job else { return .failure(self.otherJob(epoch.job)) }
            guard self.rosters.takes(epoch, by: record.signer) else { return .failure(Self.tooMany) }
        case .storeReceipt(let receipt):
            guard receipt.job == self.job else { return .failure(self.otherJob(receipt.job)) }
            guard !receipt.items.isEmpty else { return .failure(Refusal(reason: "the receipt is empty")) }
            for item in receipt.items where self.plan.index(of: item.unit) == nil {
                return .failure(Refusal(reason: "the job has no unit \(item.unit)"))
            }
        case .jobOrder(let order):
            guard order.job == self.job else { return .failure(self.otherJob(order.job)) }
            guard record.signer == self.submitter else {
                return .failure(Refusal(reason: "\(record.signer) did not submit the job"))
            }
        case .frameSeal(let seal):
            if let refusal = self.refusal(of: seal, by: record.signer) { return .failure(refusal) }
        }
        if !self.seals.isEmpty, self.isSpent(decoded, id: record.id, by: record.signer) {
            return .failure(Refusal(reason: "its frames are sealed", isSpent: true))
        }
        guard self.entries.count < self.recordsMax else {
            return .failure(Refusal(reason: "the ledger is full with \(self.entries.count) records"))
        }
        return .success(decoded)
    }

    /// The most final records of a frame by peers that are stewards of no roster which stood; those who stand in for lost
    /// stewards sign such.
    static let strangersFinalsMax = 64
    /// The most fraud proofs by such peers.
    static let strangersProofsMax = 1024

    private static var tooMany: Refusal { Refusal(reason: "strangers have signed too many of these") }

    func otherJob(_ job: JobID) -> Refusal {
        Refusal(reason: "the record belongs to job \(job)")
    }
}
