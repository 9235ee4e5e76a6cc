import GridCore
import GridWire

/// Scenes that take their time: a node has one line, over which they come one after the other, and a disk.
extension SimulationEngine {
    /// What of a job's scene is not on a node's disk; nothing when scenes are not simulated.
    func missingBytes(of job: Int, at node: Int) -> UInt64? {
        guard let assets = self.scenario.assets else { return nil }
        return UInt64(max(0, assets.bytes - self.nodes[node].diskBytes[job, default: 0]))
    }

    /// Begins to fetch what all frames of a job share, and gives the time until it is there.
    func fetchSeconds(of job: Int, at node: Int) -> Double {
        guard let assets = self.scenario.assets, let missing = self.missingBytes(of: job, at: node) else {
            return self.random.within(0.1, 1)
        }
        self.storeFetched(node)
        let begin = max(self.now, self.nodes[node].fetches.last?.end ?? self.now)
        let end = begin + Double(missing) / assets.bytesPerSecond
        self.nodes[node].fetches.append(
            SimulatedNode.Fetch(job: job, begin: begin, end: end, bytes: Double(missing))
        )
        return end.seconds - self.now.seconds
    }

    /// Writes to a node's disk what has come until now, and counts it.
    ///
    /// - Parameter isEnding: whether the rest will not come, since the node dies.
    func storeFetched(_ node: Int, isEnding: Bool = false) {
        for fetch in self.nodes[node].fetches where isEnding || fetch.end <= self.now {
            let whole = max(1e-9, fetch.end.seconds - fetch.begin.seconds)
            let share = min(1, max(0, (self.now.seconds - fetch.begin.seconds) / whole))
            self.nodes[node].diskBytes[fetch.job, default: 0] += fetch.bytes * share
            self.report.assetBytes += fetch.bytes * share
        }
        self.nodes[node].fetches.removeAll { isEnding || $0.end <= self.now }
    }
}
