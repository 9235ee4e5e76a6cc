/// Events in the order of their time; those of one time in the order in which they were added.
package struct EventQueue<Event> {
    /// What is moved about in the heap: the event itself stays where it is.
    private struct Entry {
        let time: VirtualTime
        let order: UInt64
        let place: Int

        func precedes(_ other: Self) -> Bool {
            self.time == other.time ? self.order < other.order : self.time < other.time
        }
    }

    private var heap: [Entry] = []
    private var events: [Event?] = []
    /// The places in `events` that are empty.
    private var free: [Int] = []
    private var nextOrder: UInt64 = 0

    /// Creates an empty queue.
    package init() {}

    /// Adds an event.
    package mutating func add(_ event: Event, at time: VirtualTime) {
        let place: Int
        if let empty = self.free.popLast() {
            place = empty
            self.events[place] = event
        } else {
            place = self.events.count
            self.events.append(event)
        }
        let entry = Entry(time: time, order: self.nextOrder, place: place)
        self.nextOrder += 1
        self.heap.append(entry)
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.precedes(self.heap[parent]) else { break }
            self.heap[child] = self.heap[parent]
            child = parent
        }
        self.heap[child] = entry
    }

    /// The next event, if any.
    package mutating func popFirst() -> (time: VirtualTime, event: Event)? {
        guard let first = self.heap.first, let last = self.heap.popLast() else { return nil }
        var parent = 0
        while 2 * parent + 1 < self.heap.count {
            var child = 2 * parent + 1
            if child + 1 < self.heap.count, self.heap[child + 1].precedes(self.heap[child]) { child += 1 }
            guard self.heap[child].precedes(last) else { break }
            self.heap[parent] = self.heap[child]
            parent = child
        }
        if parent < self.heap.count { self.heap[parent] = last }
        guard let event = self.events[first.place].take() else { return nil }
        self.free.append(first.place)
        return (first.time, event)
    }
}
