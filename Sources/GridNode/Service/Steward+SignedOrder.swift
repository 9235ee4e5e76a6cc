import GridCore
import GridWire

extension Steward {
    /// The submitter's record of what it last wanted; nil when it said nothing.
    var signedOrder: SignedRecord? {
        // A record's id does not depend on the signature.
        let unsigned = SignedRecord(
            kind: .jobOrder,
            body: GridRecord.jobOrder(self.ledger.lastOrder).encodedBody(),
            signer: self.submitter,
            signature: []
        )
        return self.ledger[unsigned.id]
    }
}
