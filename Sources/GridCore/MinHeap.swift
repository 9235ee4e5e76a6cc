/// A binary heap whose least element comes out first.
struct MinHeap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    /// The number of elements.
    var count: Int {
        self.elements.count
    }

    /// The least element.
    var min: Element? {
        self.elements.first
    }

    /// Adds an element.
    ///
    /// - Complexity: O(log count)
    mutating func insert(_ element: Element) {
        self.elements.append(element)
        var child = self.elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.elements[child] < self.elements[parent] else { return }
            self.elements.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the least element out.
    ///
    /// - Complexity: O(log count)
    mutating func popMin() -> Element? {
        guard let least = self.elements.first else { return nil }
        let last = self.elements.removeLast()
        guard !self.elements.isEmpty else { return least }
        self.elements[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.elements.count && self.elements[child] < self.elements[smallest] {
                smallest = child
            }
            guard smallest != parent else { return least }
            self.elements.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
