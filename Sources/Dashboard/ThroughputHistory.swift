package import GridCore

/// How fast the node worked in the last minutes, one point a second, so that a reloaded page has a past.
package struct ThroughputHistory: Sendable {
    /// The rates at one time.
    package struct Point: Hashable, Sendable {
        /// Seconds since the node started.
        package var time: Double
        /// Blocks rendered here in a second.
        package var blocksPerSecond: Double
        /// Units verified in a second, in jobs stewarded here.
        package var unitsPerSecond: Double
    }

    /// The most points that are kept.
    package static let countMax = 300
    /// The shortest time between two points, in seconds.
    package static let intervalMin = 1.0

    package private(set) var points: [Point] = []
    /// Creates a history of nothing.
    package init() {}

    private var last: (time: Double, blocks: UInt64, units: UInt64)?

    /// Takes a snapshot into account; gives the new point, if there is one.
    package mutating func add(_ snapshot: GridSnapshot) -> Point? {
        let now = (
            time: snapshot.node.uptimeSeconds, blocks: snapshot.stats.blocksRendered,
            units: snapshot.stats.unitsVerified
        )
        guard now.time.isFinite else { return nil }
        guard let last = self.last, now.time >= last.time else {
            self.last = now
            return nil
        }
        let seconds = now.time - last.time
        guard seconds >= Self.intervalMin else { return nil }
        self.last = now
        let point = Point(
            time: now.time,
            blocksPerSecond: Double(now.blocks - min(last.blocks, now.blocks)) / seconds,
            unitsPerSecond: Double(now.units - min(last.units, now.units)) / seconds
        )
        self.points.append(point)
        if self.points.count > Self.countMax { self.points.removeFirst(self.points.count - Self.countMax) }
        return point
    }
}

extension ThroughputHistory.Point {
    /// `[time, blocks a second, units a second]` as JSON.
    package var json: String {
        let numbers = [self.time, self.blocksPerSecond, self.unitsPerSecond]
        return "[\(numbers.map { "\(($0 * 1000).rounded() / 1000)" }.joined(separator: ","))]"
    }
}
