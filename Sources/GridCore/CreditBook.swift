public import GridWire

/// Who has done how much verified work for whom: a pure sum over ``FrameFinal`` records, in whatever order they come.
///
/// The book believes what it is given: verify records first, and insert only those of stewards that you trust. What it says
/// decides nothing but in which proportion a node serves several jobs; nobody is starved of a node that would be idle.
public struct CreditBook: Sendable {
    private struct Frame: Hashable, Sendable {
        let job: JobID
        let number: Int
    }

    private struct Entry: Sendable {
        let id: RecordID
        let submitter: PeerID
        let work: [FrameFinal.WorkShare]
    }

    private struct Debt: Hashable, Sendable {
        let worker: PeerID
        let submitter: PeerID
    }

    /// The weighted ray counts that a strong core computes in an hour; so much work weighs as much as being new does.
    public static let hour = 2.5e10

    private var frames: [Frame: Entry] = [:]
    private var sums: [Debt: Double] = [:]

    /// Creates an empty book.
    public init() {}

    /// Adds a closed frame; of several records about one frame of a job the one with the lowest id counts.
    ///
    /// - Parameter submitter: For whom the frame was rendered. Work for oneself is no credit.
    public mutating func insert(_ final: FrameFinal, id: RecordID, submitter: PeerID) {
        let frame = Frame(job: final.job, number: final.frame)
        if let known = self.frames[frame] {
            guard id < known.id else { return }
            self.add(known, times: -1)
        }
        let entry = Entry(id: id, submitter: submitter, work: final.work)
        self.frames[frame] = entry
        self.add(entry, times: 1)
    }

    private mutating func add(_ entry: Entry, times sign: Double) {
        for share in entry.work where share.worker != entry.submitter {
            let debt = Debt(worker: share.worker, submitter: entry.submitter)
            self.sums[debt, default: 0] += sign * Double(share.workCount)
        }
    }

    /// The verified work that a worker did for a submitter, in weighted ray counts.
    public func work(by worker: PeerID, for submitter: PeerID) -> Double {
        self.sums[Debt(worker: worker, submitter: submitter)] ?? 0
    }

    /// How much a node owes those who may ask it for work.
    ///
    /// What somebody did for this node counts in full, less what this node did for it; what somebody did for those who
    /// worked for this node counts by half, and only as far as they did (one hop of a flow, so that credit that invented
    /// nodes give each other is worth nothing).
    ///
    /// - Parameter me: the node.
    public func reciprocity(at me: PeerID) -> Reciprocity {
        var raw: [PeerID: Double] = [:]
        for (debt, work) in self.sums where debt.worker != me {
            if debt.submitter == me {
                raw[debt.worker, default: 0] += work
            } else {
                raw[debt.worker, default: 0] += 0.5 * min(work, self.work(by: debt.submitter, for: me))
            }
        }
        for (debt, work) in self.sums where debt.worker == me {
            raw[debt.submitter, default: 0] -= work
        }
        return Reciprocity(me: me, balances: raw.mapValues { $0 / Self.hour })
    }
}

/// What the jobs of each submitter weigh at a node.
public struct Reciprocity: Sendable, Equatable {
    /// The least weight: who only takes is served too.
    public static let least = 0.05

    private let me: PeerID?
    private let weights: [PeerID: Double]
    private let ofStrangers: Double

    /// Everybody weighs the same.
    public static let none = Reciprocity()

    private init() {
        self.me = nil
        self.weights = [:]
        self.ofStrangers = 1
    }

    /// - Parameter balances: what each is owed, in hours of work; a stranger is owed nothing.
    init(me: PeerID, balances: [PeerID: Double]) {
        let highest = max(1, 1 + (balances.values.max() ?? 0))
        self.me = me
        self.weights = balances.mapValues { max(Self.least, (1 + $0) / highest) }
        self.ofStrangers = max(Self.least, 1 / highest)
    }

    /// The weight of a submitter's jobs, ``least`` to 1; the node's own weigh 1.
    public func weight(of submitter: PeerID) -> Double {
        submitter == self.me ? 1 : self.weights[submitter] ?? self.ofStrangers
    }
}

extension UInt64 {
    /// The sum, or the largest number where it does not fit: counts from peers must not trap.
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
