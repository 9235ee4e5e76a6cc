import GridCore

/// Wall clocks, of which each node has its own.
extension SimulationEngine {
    private static let daySeconds = 86_400.0
    /// What a clock shows when a run begins in which clocks are wrong, in seconds since 1970.
    private static let beginSeconds = 1.8e9

    /// Sets each node's wall clock, within the skew.
    func setWallClocks() {
        let skew = self.scenario.faults.clockSkewSeconds
        guard skew > 0 else { return }
        for node in self.nodes.indices { self.nodes[node].wallClockAhead = self.random.within(-skew, skew) }
    }

    /// Somebody set the clock of a node that was down, or its battery is empty.
    func jumpWallClock(_ node: Int) {
        guard self.isFaulty, self.random.happens(self.scenario.faults.clockJumpRate) else { return }
        self.nodes[node].wallClockAhead += self.random.happens(0.5) ? Self.daySeconds : -Self.daySeconds
        self.note(node, .note("its wall clock has jumped by a day"))
    }

    /// The first batch number of a node that starts.
    func beginBatches(_ node: Int) -> UInt64 {
        // Right clocks show the virtual time; wrong ones a date, so that none of them shows a time before 1970.
        let begin = self.scenario.faults.clockSkewSeconds > 0 ? Self.beginSeconds : 0
        let seconds = begin + self.now.seconds + self.nodes[node].wallClockAhead
        let milliseconds = UInt64(max(0, seconds * 1_000))
        let first =
            self.disks == nil
            ? BatchNumbers.first(milliseconds: milliseconds, last: self.nodes[node].lastBatchNumber)
            : self.beginStoredBatches(node, milliseconds: milliseconds)
        self.nodes[node].lastBatchNumber = first
        return first
    }
}
