public import GridWire

/// What the records of a ledger say of one unit.
public enum UnitVerdict: Hashable, Sendable {
    /// No result counts yet.
    case pending
    /// One worker committed to a root.
    case committed(root: Digest, worker: PeerID)
    /// Workers committed to different roots, and none of the roots has two workers and more than each other one.
    case disputed
    /// At least two workers, none of them burned, committed to the root; ascending by peer id.
    case accepted(root: Digest, workers: [PeerID])
}
