public import GridWire

/// What the records of a ledger say of one unit.
public enum UnitVerdict: Hashable, Sendable {
    /// No result counts yet.
    case pending
    /// One worker committed to a root.
    case committed(root: Digest, worker: PeerID)
    /// Workers committed to different roots, and none of the roots has two workers and more than each other one.
    case disputed
    /// At least two workers, none of them burned, committed to the root, more than to any other; ascending by peer id. Or
    /// the submitter sealed the frame, and is named alone.
    case accepted(root: Digest, workers: [PeerID])

    /// The workers who committed to one root.
    struct Camp: Hashable, Sendable {
        let root: Digest
        /// One claim of each worker, ascending by worker.
        let claims: [Ledger.Claim]

        /// Sorts claims, which must ascend by worker, into camps: the largest first, then by root.
        static func camps(of claims: [Ledger.Claim]) -> [Self] {
            guard let first = claims.first else { return [] }
            if claims.allSatisfy({ $0.root == first.root }) {
                let isTwice = zip(claims, claims.dropFirst()).contains { $0.worker == $1.worker }
                guard isTwice else { return [Self(root: first.root, claims: claims)] }
                var ofWorkers: [Ledger.Claim] = []
                for claim in claims where ofWorkers.last?.worker != claim.worker { ofWorkers.append(claim) }
                return [Self(root: first.root, claims: ofWorkers)]
            }
            var claimsOfRoot: [Digest: [Ledger.Claim]] = [:]
            for claim in claims where claimsOfRoot[claim.root]?.last?.worker != claim.worker {
                claimsOfRoot[claim.root, default: []].append(claim)
            }
            return claimsOfRoot.map { Self(root: $0.key, claims: $0.value) }
                .sorted { ($1.claims.count, $0.root) < ($0.claims.count, $1.root) }
        }
    }

    init(of camps: [Camp]) {
        guard let first = camps.first else {
            self = .pending
            return
        }
        if first.claims.count > 1, camps.dropFirst().allSatisfy({ $0.claims.count < first.claims.count }) {
            self = .accepted(root: first.root, workers: first.claims.map(\.worker))
        } else if camps.count == 1, let claim = first.claims.first {
            self = .committed(root: first.root, worker: claim.worker)
        } else {
            self = .disputed
        }
    }
}
