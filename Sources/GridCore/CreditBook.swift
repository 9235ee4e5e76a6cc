public import GridWire

/// The verified work of each worker: a pure sum over ``FrameFinal`` records, in whatever order they come.
public struct CreditBook: Sendable, Equatable {
    /// Creates an empty book.
    public init() {}

    /// Adds a closed frame; of several records about one frame of a job the one with the lowest id counts.
    public mutating func insert(_ frame: FrameFinal, id: RecordID) {}

    /// The verified work of each worker, ascending by peer id.
    public var work: [FrameFinal.WorkShare] {
        []
    }
}
