import GridWire

/// Reminders in the order in which they fall due.
///
/// A reminder cannot be taken back: whoever gets it looks whether it still means something, so waking up for nothing
/// is harmless.
struct TimerQueue<Payload: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let due: Instant
        /// Reminders of one instant come out in the order in which they were set.
        let order: UInt64
        let payload: Payload

        static func < (a: Self, b: Self) -> Bool {
            (a.due, a.order) < (b.due, b.order)
        }

        static func == (a: Self, b: Self) -> Bool {
            (a.due, a.order) == (b.due, b.order)
        }
    }

    private var heap = MinHeap<Entry>()
    private var nextOrder: UInt64 = 0

    /// When the next reminder falls due.
    var nextDeadline: Instant? {
        self.heap.min?.due
    }

    /// Sets a reminder.
    mutating func set(_ payload: Payload, at due: Instant) {
        self.heap.insert(Entry(due: due, order: self.nextOrder, payload: payload))
        self.nextOrder += 1
    }

    /// The next reminder that is due, if any.
    mutating func popDue(now: Instant) -> Payload? {
        guard let due = self.nextDeadline, due <= now else { return nil }
        return self.heap.popMin()?.payload
    }
}
