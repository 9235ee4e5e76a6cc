/// Events in the order of their time; those of one time in the order in which they were added.
struct EventQueue<Event> {
    private struct Entry {
        let time: VirtualTime
        let order: UInt64
        let event: Event
    }

    private var heap: [Entry] = []
    private var nextOrder: UInt64 = 0

    /// Adds an event.
    mutating func add(_ event: Event, at time: VirtualTime) {
        self.heap.append(Entry(time: time, order: self.nextOrder, event: event))
        self.nextOrder += 1
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.precedes(child, parent) else { break }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The next event, if any.
    mutating func popFirst() -> (time: VirtualTime, event: Event)? {
        guard let last = self.heap.popLast() else { return nil }
        guard let first = self.heap.first else { return (last.time, last.event) }
        self.heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count && self.precedes(child, least) {
                least = child
            }
            guard least != parent else { break }
            self.heap.swapAt(parent, least)
            parent = least
        }
        return (first.time, first.event)
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        (self.heap[a].time, self.heap[a].order) < (self.heap[b].time, self.heap[b].order)
    }
}
