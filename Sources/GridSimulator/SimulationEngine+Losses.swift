import GridCore
import GridWire

/// What threads did and could have done, in seconds of a thread of mean speed.
struct Capacity {
    /// The work of all threads that were there, at their actual speeds.
    var ready = 0.0
    /// The same in seconds of time.
    var readySeconds = 0.0
    /// The work in the first two right copies of units.
    var useful = 0.0
    /// What is neither, by cause.
    var lost: [String: Double] = [:]

    var efficiency: Double { self.ready > 0 ? self.useful / self.ready : 0 }

    var losses: [String: Double] { self.ready > 0 ? self.lost.mapValues { $0 / self.ready } : [:] }
}

/// Where the work of threads goes that is not spent on one of the first two right copies of a unit.
extension SimulationEngine {
    /// What a thread of a node does in a second now, in seconds of a thread of mean speed.
    func actualSpeed(_ node: Int) -> Double {
        let factor = self.now < self.nodes[node].slowUntil ? self.slowdown : 1
        return self.nodes[node].speed / factor
    }

    private var slowdown: Double { max(1, self.scenario.faults.slowdownFactor) }

    /// Adds what a node's threads did, and could have done, since that was last counted, and looks again.
    ///
    /// To be called after every change of what runs on the node, and before it grows slow.
    func countIdle(_ node: Int) {
        let (begin, end) = (max(self.nodes[node].countedAt.seconds, self.beginSeconds), self.now.seconds)
        if self.nodes[node].isUp, end > begin, !self.hasEnded {
            let slow = max(0, min(end, self.nodes[node].slowUntil.seconds) - begin)
            let idle =
                (end - begin - slow + slow / self.slowdown) * self.nodes[node].speed
                * Double(self.nodes[node].idleThreads)
            self.lose(idle, by: self.nodes[node].idleCause?.rawValue ?? "not begun")
            self.capacity.ready += (end - begin) * self.nodes[node].runningSpeed + idle
            self.capacity.readySeconds += (end - begin) * Double(self.nodes[node].threads)
        }
        self.beginCounting(node)
    }

    /// Looks what a node's threads do from now on.
    func beginCounting(_ node: Int) {
        self.nodes[node].countedAt = self.now
        self.nodes[node].idleThreads = self.nodes[node].threads - self.nodes[node].running.count
        self.nodes[node].runningSpeed = self.nodes[node].running.reduce(0) { $0 + $1.speed }
        self.nodes[node].idleCause =
            self.nodes[node].idleThreads > 0 ? self.nodes[node].worker?.inPlace { $0.idleCause } : nil
    }

    /// Counts work that is lost.
    func lose(_ work: Double, by cause: String) {
        guard !self.hasEnded, work > 0 else { return }
        self.capacity.lost[self.report.secondsTo99 == nil ? cause : cause + " at the end", default: 0] += work
    }

    /// Counts what a node would have done since an incident took it away.
    func countAbsence(_ node: Int) {
        guard let since = self.nodes[node].missingSince, !self.hasEnded else { return }
        self.nodes[node].missingSince = nil
        let all = self.nodes.reduce(0) { $0 + Double($1.threads) * $1.speed }
        let own = Double(self.nodes[node].threads) * self.nodes[node].speed
        self.report.absenceSeconds += (self.now.seconds - since.seconds) * own / all
    }

    /// Counts what all nodes did.
    func countAllIdle() {
        for node in self.nodes.indices { self.countIdle(node) }
    }
}
