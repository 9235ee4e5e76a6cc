import GridWire

/// The units that want a worker near the end of a job, by what they cost.
struct EndOrder: Sendable {
    /// The least cost of each lane, as a multiple of the mean unit, costliest first.
    private static let bounds = [4, 2.8, 2, 1.4, 1, 0.7, 0.5, 0]

    /// Whether slow workers get any unit, too.
    var isForAll = false
    private var lanes = Array(repeating: OpenUnits(), count: Self.bounds.count)

    /// Adds a unit that waits at `place`.
    mutating func insert(_ unit: Int, at place: OpenUnits.Place, cost: Double) {
        let lane = Self.bounds.firstIndex { $0 <= cost } ?? Self.bounds.count - 1
        self.lanes[lane].insert(unit, at: place)
    }

    /// One of the costliest units that cost no more than `most`, as far as their lanes tell, and of which neither of these two
    /// has the only copy; of those that cost about the same, one that nobody has.
    mutating func next(
        excluding a: OpenUnits.Holder?,
        and b: OpenUnits.Holder?,
        atMost most: Double,
        in units: [Steward.UnitState]
    ) -> Int? {
        for lane in self.lanes.indices where Self.bounds[lane] <= most {
            if let unit = self.lanes[lane].nextFresh(in: units) { return unit }
            if let unit = self.lanes[lane].nextHalf(excluding: a, and: b, in: units) { return unit }
        }
        return nil
    }
}
