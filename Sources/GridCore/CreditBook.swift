public import GridWire

/// The verified work of each worker: a pure sum over ``FrameFinal`` records, in whatever order they come.
///
/// The book believes what it is given: verify records first, and insert only those of stewards that you trust.
public struct CreditBook: Sendable, Equatable {
    private struct Frame: Hashable, Sendable {
        let job: JobID
        let number: Int
    }

    private struct Entry: Sendable, Equatable {
        let id: RecordID
        let work: [FrameFinal.WorkShare]
    }

    private var frames: [Frame: Entry] = [:]

    /// Creates an empty book.
    public init() {}

    /// Adds a closed frame; of several records about one frame of a job the one with the lowest id counts.
    public mutating func insert(_ final: FrameFinal, id: RecordID) {
        let frame = Frame(job: final.job, number: final.frame)
        if let known = self.frames[frame], known.id <= id { return }
        self.frames[frame] = Entry(id: id, work: final.work)
    }

    /// The verified work of each worker, ascending by peer id; sums stop at the largest number.
    public var work: [FrameFinal.WorkShare] {
        var sums: [PeerID: UInt64] = [:]
        for entry in self.frames.values {
            for share in entry.work {
                sums[share.worker] = (sums[share.worker] ?? 0).addingClamped(share.workCount)
            }
        }
        return sums.sorted { $0.key < $1.key }.map { FrameFinal.WorkShare(worker: $0.key, workCount: $0.value) }
    }
}

extension UInt64 {
    /// The sum, or the largest number where it does not fit: counts from peers must not trap.
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
