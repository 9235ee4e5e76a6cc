package import GridWire

/// Who holds the sessions that others opened: no address keeps out the others.
///
/// One block of addresses has so many and no more. When all places are taken, a newcomer from a block that holds fewer takes the
/// place of the session of the largest block that was idle longest. This machine's own addresses have no limit of their own, since
/// a test grid has no others.
package struct InboundSessions: Sendable {
    /// What becomes of a session that stands now.
    package enum Admission: Hashable, Sendable {
        /// It has a place.
        case admitted
        /// The same, once the numbered one is closed, which has lost its own.
        case replacing(Int)
        /// Close it.
        case refused
    }

    private let sessionsMax: Int
    private let sessionsPerSourceMax: Int
    private var sources: [Int: IPAddress] = [:]
    private var counts: [IPAddress: Int] = [:]

    /// Nobody holds a session.
    ///
    /// - Parameters:
    ///   - sessionsMax: The most sessions.
    ///   - sessionsPerSourceMax: The most of one block of addresses.
    package init(sessionsMax: Int, sessionsPerSourceMax: Int) {
        self.sessionsMax = sessionsMax
        self.sessionsPerSourceMax = sessionsPerSourceMax
    }

    /// The number of sessions.
    package var count: Int {
        self.sources.count
    }

    /// Whether a block of addresses may hold another session, if there is a place.
    package func mayHoldMore(_ source: IPAddress) -> Bool {
        // The /64 of ::1 is ::.
        source.isLoopback || source.isUnspecified || (self.counts[source] ?? 0) < self.sessionsPerSourceMax
    }

    /// Gives a session a place, if it can have one.
    ///
    /// - Parameters:
    ///   - number: The connection.
    ///   - source: The block of addresses that it comes from.
    ///   - idleTime: How long a session was idle, or nil for one that is in use; asked of those that may have to go.
    package mutating func admit(
        _ number: Int,
        from source: IPAddress,
        idleTime: (Int) -> Duration?
    ) -> Admission {
        guard self.mayHoldMore(source) else { return .refused }
        var victim: Int?
        if self.sources.count >= self.sessionsMax {
            // Whoever would hold as many as the one that is to give way gains nothing by its place.
            let most = self.counts.values.max() ?? 0
            guard most > (self.counts[source] ?? 0) + 1 else { return .refused }
            let candidates = self.sources.filter { self.counts[$0.value] == most }.keys.compactMap { number in
                idleTime(number).map { (number: number, time: $0) }
            }
            victim = candidates.max { ($0.time, $1.number) < ($1.time, $0.number) }?.number
            guard let victim else { return .refused }
            self.ended(victim)
        }
        self.sources[number] = source
        self.counts[source, default: 0] += 1
        return victim.map { .replacing($0) } ?? .admitted
    }

    /// A session is gone; harmless for one that has no place.
    package mutating func ended(_ number: Int) {
        guard let source = self.sources.removeValue(forKey: number), let count = self.counts[source] else { return }
        self.counts[source] = count > 1 ? count - 1 : nil
    }
}
