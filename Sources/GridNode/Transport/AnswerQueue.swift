package import GridWire
package import PeerSession

/// The answers of one connection that are being made or that its peer has not read yet, and the memory that they take.
///
/// A pure machine: its shell says what is queued, and resets the streams whose peers have stopped to read.
package struct AnswerQueue {
    private struct Answer {
        /// The bytes that are still queued.
        var left: Int
        /// When some of it left this node last.
        var movedAt: Instant
    }

    private let stallTime: Duration
    private var answers: [StreamID: Answer] = [:]
    /// What answers may take that are being made.
    private var reserved: [StreamID: Int] = [:]

    /// An empty queue.
    ///
    /// - Parameter stallTime: How long an answer may lie without a byte of it leaving.
    package init(stallTime: Duration) {
        self.stallTime = stallTime
    }

    /// The bytes of all answers, with what those may take that are being made.
    package var bytes: Int {
        self.answers.values.reduce(0) { $0 + $1.left } + self.reserved.values.reduce(0, +)
    }

    /// Whether nothing is being made or queued.
    package var isEmpty: Bool {
        self.answers.isEmpty && self.reserved.isEmpty
    }

    /// An answer of at most so many bytes is being made.
    package mutating func reserve(_ bytes: Int, for stream: StreamID) {
        self.reserved[stream] = bytes
    }

    /// An answer is there, or there is none; what it was taken to need is free again.
    ///
    /// - Returns: How much that was.
    @discardableResult
    package mutating func release(_ stream: StreamID) -> Int {
        self.reserved.removeValue(forKey: stream) ?? 0
    }

    /// An answer was queued.
    package mutating func add(_ stream: StreamID, bytes: Int, now: Instant) {
        if bytes > 0 { self.answers[stream] = Answer(left: bytes, movedAt: now) }
    }

    /// The stream is gone.
    package mutating func forget(_ stream: StreamID) {
        self.answers[stream] = nil
    }

    /// Takes note of what has left.
    ///
    /// - Parameters:
    ///   - isHeldBack: Whether this node itself sends nothing for a while, which is no peer's fault.
    ///   - queued: The bytes that are queued on a stream.
    package mutating func update(isHeldBack: Bool, now: Instant, queued: (StreamID) -> Int) {
        for (stream, answer) in self.answers {
            let left = queued(stream)
            guard left > 0 else {
                self.answers[stream] = nil
                continue
            }
            if left < answer.left || isHeldBack { self.answers[stream] = Answer(left: left, movedAt: now) }
        }
    }

    /// When an answer will have lain too long, if none of it leaves.
    package var nextDeadline: Instant? {
        self.answers.values.map(\.movedAt).min()?.advanced(by: self.stallTime)
    }

    /// The streams whose answers have lain too long.
    package func stalled(now: Instant) -> [StreamID] {
        self.answers.filter { $0.value.movedAt.advanced(by: self.stallTime) <= now }.keys
            .sorted { $0.rawValue < $1.rawValue }
    }
}
