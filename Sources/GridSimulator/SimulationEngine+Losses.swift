import GridCore
import GridWire

/// Where the time of threads goes that is not spent on one of the first two right copies of a unit.
extension SimulationEngine {
    /// Adds the time since a node's idle threads were last counted to what they waited for, and looks again.
    ///
    /// To be called after every change of what runs on the node.
    func countIdle(_ node: Int) {
        let begin = max(self.nodes[node].idleSince.seconds, self.beginSeconds)
        let seconds = self.now.seconds - begin
        if let cause = self.nodes[node].idleCause, seconds > 0 {
            self.lose(seconds * Double(self.nodes[node].idleThreads), by: cause.rawValue)
        }
        self.nodes[node].idleSince = self.now
        self.nodes[node].idleThreads = self.nodes[node].threads - self.nodes[node].running.count
        self.nodes[node].idleCause =
            self.nodes[node].idleThreads > 0 ? self.nodes[node].worker?.inPlace { $0.idleCause } : nil
    }

    /// Counts thread time that is lost.
    func lose(_ seconds: Double, by cause: String) {
        guard !self.hasEnded, seconds > 0 else { return }
        self.lostSeconds[self.report.secondsTo99 == nil ? cause : cause + " at the end", default: 0] += seconds
    }

    /// Counts what a node would have done since an incident took it away.
    func countAbsence(_ node: Int) {
        guard let since = self.nodes[node].missingSince, !self.hasEnded else { return }
        self.nodes[node].missingSince = nil
        let all = self.nodes.reduce(0) { $0 + Double($1.threads) * $1.speed }
        let own = Double(self.nodes[node].threads) * self.nodes[node].speed
        self.report.absenceSeconds += (self.now.seconds - since.seconds) * own / all
    }

    /// Counts the idle time of all nodes.
    func countAllIdle() {
        for node in self.nodes.indices { self.countIdle(node) }
    }
}
