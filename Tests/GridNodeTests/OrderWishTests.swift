import GridNode
import GridWire
import PeerSession
import Testing

/// What a submitter signs of what a peer tells.
struct OrderWishTests {
    private let job = JobID(Digest(hashing: [1]))
    private let me: IdentityKey
    private let other: IdentityKey

    init() throws {
        self.me = try IdentityKey(seed: [UInt8](repeating: 1, count: 32))
        self.other = try IdentityKey(seed: [UInt8](repeating: 2, count: 32))
    }

    private func status(
        claimed: JobOrder? = nil,
        signed: JobOrder? = nil,
        by key: IdentityKey? = nil
    ) -> JobStatus {
        let key = key ?? self.me
        return JobStatus(
            job: self.job,
            revision: 1,
            phase: .running,
            unitsTotal: 1,
            unitsRendered: 0,
            unitsVerified: 0,
            finalFrames: [],
            activeWorkers: 0,
            waitingFor: "",
            burned: [],
            order: claimed,
            signedOrder: signed.map { GridRecord.jobOrder($0).signed(by: key.peerID, with: key.signer) }
        )
    }

    private func order(_ wish: OrderWish, after status: JobStatus) throws -> JobOrder {
        try wish.order(after: status, submitter: self.me.peerID, milliseconds: 1_000)
    }

    @Test
    func `what a peer claims and the submitter did not sign is not signed`() throws {
        let lie = JobOrder(job: self.job, sequence: .max, state: .cancelled, priority: 0, deadline: 5)
        let order = try self.order(OrderWish(priority: 3), after: self.status(claimed: lie))
        #expect(order == JobOrder(job: self.job, sequence: 1_000, state: .running, priority: 3))
    }

    @Test
    func `what the submitter signed before stays as it was, but for what is wanted`() throws {
        let last = JobOrder(job: self.job, sequence: 5_000, state: .paused, priority: 2, deadline: 77)
        let order = try self.order(OrderWish(priority: 3), after: self.status(claimed: last, signed: last))
        #expect(order == JobOrder(job: self.job, sequence: 5_001, state: .paused, priority: 3, deadline: 77))
    }

    @Test
    func `orders of another key, of another job, and damaged ones are refused`() throws {
        let cancelled = JobOrder(job: self.job, sequence: 1, state: .cancelled)
        let foreign = JobOrder(job: JobID(Digest(hashing: [2])), sequence: 1, state: .cancelled)
        var damaged = self.status(signed: cancelled)
        damaged.signedOrder = damaged.signedOrder.map {
            SignedRecord(kind: $0.kind, body: $0.body, signer: $0.signer, signature: [UInt8](repeating: 0, count: 64))
        }
        for status in [self.status(signed: cancelled, by: self.other), self.status(signed: foreign), damaged] {
            #expect(throws: NodeError.self) { try self.order(OrderWish(priority: 3), after: status) }
        }
    }
}
