package import GridWire
import PeerSession

extension OrderWish {
    /// The order to sign: what is wanted, and for the rest what the submitter itself signed last.
    ///
    /// Whoever tells of the job can keep the last order back and show an earlier one, but cannot put words into the submitter's
    /// mouth: what is not signed counts for nothing.
    ///
    /// - Parameters:
    ///   - status: Where the job stands, as a peer says.
    ///   - submitter: Who signs.
    ///   - milliseconds: The time since 1970.
    /// - Throws: ``NodeError`` with code `verification` when the peer shows an order that the submitter did not sign.
    package func order(after status: JobStatus, submitter: PeerID, milliseconds: UInt64) throws -> JobOrder {
        var last = JobOrder(job: status.job, sequence: 0, state: .running)
        if let record = status.signedOrder {
            guard record.signer == submitter,
                case .jobOrder(let signed)? = try? record.verified(by: SodiumSignature.verifier),
                signed.job == status.job
            else {
                throw NodeError(
                    .verification,
                    "the peer shows an order for job \(status.job) that this key did not sign",
                    hint: "ask another peer with --to, and use the --data that the job was submitted with"
                )
            }
            last = signed
        }
        return JobOrder(
            job: status.job,
            // Above what an order says that was signed while the clock ran ahead.
            sequence: max(milliseconds, last.sequence.addingReportingOverflow(1).partialValue),
            state: self.state ?? last.state,
            priority: self.priority ?? last.priority,
            deadline: self.deadline ?? last.deadline
        )
    }
}
