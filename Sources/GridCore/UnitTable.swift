import GridWire

/// A list for each unit of a job, by the unit's number; frames of which nothing is known take no room.
struct UnitTable<Element: Sendable>: Sendable {
    private struct Frame: Sendable {
        /// By unit; nothing for a frame without elements.
        var lists: [[Element]] = []
        /// The elements in all lists.
        var count = 0
    }

    private let unitsPerFrame: Int
    private var frames: [Frame]

    init(_ plan: UnitPlan) {
        self.unitsPerFrame = plan.unitsPerFrame
        self.frames = Array(repeating: Frame(), count: plan.frameCount)
    }

    /// What is known of a unit, in the order in which it was added.
    subscript(index: Int) -> [Element] {
        let (frame, unit) = index.quotientAndRemainder(dividingBy: self.unitsPerFrame)
        return self.frames[frame].count == 0 ? [] : self.frames[frame].lists[unit]
    }

    /// Adds an element.
    ///
    /// - Returns: How many the unit has now.
    @discardableResult
    mutating func append(_ element: Element, to index: Int) -> Int {
        let (frame, unit) = index.quotientAndRemainder(dividingBy: self.unitsPerFrame)
        if self.frames[frame].count == 0 {
            self.frames[frame].lists = Array(repeating: [], count: self.unitsPerFrame)
        }
        self.frames[frame].lists[unit].append(element)
        self.frames[frame].count += 1
        return self.frames[frame].lists[unit].count
    }

    /// Takes elements of a unit out.
    mutating func removeAll(of index: Int, where isGone: (Element) -> Bool) {
        let (frame, unit) = index.quotientAndRemainder(dividingBy: self.unitsPerFrame)
        guard self.frames[frame].count > 0 else { return }
        let count = self.frames[frame].lists[unit].count
        self.frames[frame].lists[unit].removeAll(where: isGone)
        self.frames[frame].count -= count - self.frames[frame].lists[unit].count
        if self.frames[frame].count == 0 { self.frames[frame].lists = [] }
    }

    /// Takes all elements of a frame out, which is counted from 0.
    mutating func removeAll(ofFrame frame: Int) {
        self.frames[frame] = Frame()
    }
}
