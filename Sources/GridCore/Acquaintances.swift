public import GridWire

/// The nodes that this one has met, in the order of their first meetings.
///
/// Whether a node was met before a job was heard of is a matter of order alone: no clock is read, so that none can be wrong,
/// and no peer is asked. The shell keeps each node's number, and a job's ``Mark``, on the disk, so that a restart makes
/// nobody older or younger.
public struct Acquaintances: Sendable {
    /// A place in the order: all that were met up to then have lower numbers, or this one.
    public typealias Mark = UInt64

    /// The most nodes that are remembered in memory; later ones stay strangers until the node is started again.
    public static let countMax = 65_536

    /// The number of the node that was met last; 0 before any.
    public private(set) var mark: Mark
    private var numbers: [PeerID: Mark]

    /// Takes up what the disk remembers.
    ///
    /// - Parameters:
    ///   - numbers: the number of each node's first meeting.
    ///   - mark: no lower than any mark that was given to a job, so that whoever is met from now on is met after it.
    public init(_ numbers: [PeerID: Mark] = [:], mark: Mark = 0) {
        self.numbers = numbers
        self.mark = max(mark, numbers.values.max() ?? 0)
    }

    /// Notes that a node is here.
    ///
    /// - Returns: The number of the first meeting, which never changes; nothing when too many are remembered already.
    @discardableResult
    public mutating func meet(_ peer: PeerID) -> Mark? {
        if let number = self.numbers[peer] { return number }
        guard self.numbers.count < Self.countMax else { return nil }
        self.mark += 1
        self.numbers[peer] = self.mark
        return self.mark
    }

    /// So much verified work shows that a node is worth something to its owner: what a strong core does in an hour.
    public static let provenWork = CreditBook.hour

    /// What is to be said for a node as a steward of a job.
    ///
    /// - Parameters:
    ///   - peer: the node.
    ///   - heard: the mark when this node first heard of the job; later ones only make strangers of fewer nodes.
    ///   - work: the verified work that the node did for the job's submitter or for this node, in weighted ray counts. Work
    ///     for others says nothing: whoever submits jobs of its own can have its keys agree on them.
    public func standing(of peer: PeerID, heard: Mark, work: Double) -> StewardCandidate.Standing {
        guard let number = self.numbers[peer], number <= heard else { return .stranger }
        return work >= Self.provenWork ? .proven : .known
    }
}
