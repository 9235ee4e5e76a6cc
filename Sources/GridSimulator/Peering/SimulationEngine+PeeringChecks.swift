import Discovery
import GridCore
import GridWire

// What must hold among nodes that find each other.
extension SimulationEngine {
    /// Nobody keeps a session with a dead node for longer than this, in seconds: the overlay's bound, one look and a way.
    static var ghostSecondsMax: Double { 12 }
    /// The time between two looks at all nodes in seconds.
    private static let sweepSeconds = 1.0
    /// A node that has been there and not cut off for so many seconds has found the others.
    private static let findSeconds = 60.0
    /// A job is known to every node that has been there for so many seconds since.
    private static let reachSecondsMax = 30.0

    func startSweeping() {
        self.add(.sweep, after: Self.sweepSeconds)
    }

    /// Looks whether somebody still has a session with a process that died a while ago.
    private func checkGhosts(_ living: [Int]) {
        guard let peering else { return }
        for node in living {
            for end in peering.shells[node]?.sessions.values.map({ $0 }) ?? [] {
                let other = end.otherNode
                let life = Peering.Life(node: other, incarnation: end.wire.incarnations[end.side.other.rawValue])
                guard let death = peering.deaths[life] else { continue }
                // Where an older connection takes the place of one that ended, the overlay begins to listen anew.
                let seconds = self.now.seconds - max(death, end.usedSince).seconds
                peering.figures.longestGhostSeconds = max(peering.figures.longestGhostSeconds, seconds)
                // Who has come back is heard by others, who vouch for it.
                let isBack = self.nodes[other].startedAt > death
                let vouched = isBack ? Overlay.Settings().vouchTime / .seconds(1) : 0
                guard seconds > Self.ghostSecondsMax + vouched else { continue }
                return self.violate(
                    "node \(node) still has a session with node \(other), which died \(seconds) s ago",
                    node: node,
                    and: other
                )
            }
        }
    }

    func sweep() {
        self.add(.sweep, after: Self.sweepSeconds)
        guard let peering else { return }
        let living = self.nodes.indices.filter { self.nodes[$0].isUp && peering.shells[$0] != nil }
        self.checkGhosts(living)
        self.checkJobsReach(living)
        let free = living.filter { self.nodes[$0].cutOffUntil <= self.now }
        let groups = self.groups(of: free)
        let settled = free.filter { self.isSettled($0, Self.findSeconds) }
        if let first = settled.first, let lost = settled.first(where: { groups[$0] != groups[first] }) {
            let sizes = Dictionary(grouping: free) { groups[$0] ?? -1 }.values.map(\.count).sorted(by: >)
            self.violate("the nodes fell apart into groups of \(sizes)", node: first, and: lost)
        }
        guard peering.figures.secondsUntilMeshed == nil, living.count == self.nodes.count, free.count == living.count
        else { return }
        let wanted = min(Overlay.Settings().sessionsMin, self.nodes.count - 1)
        if Set(groups.values).count == 1, living.allSatisfy({ (peering.shells[$0]?.sessions.count ?? 0) >= wanted }) {
            peering.figures.secondsUntilMeshed = self.now.seconds
        }
    }

    /// Whether a node has been there, and nothing was cut that concerns it, for a while.
    private func isSettled(_ node: Int, _ seconds: Double) -> Bool {
        let begin = max(
            self.nodes[node].startedAt.seconds,
            self.nodes[node].cutOffUntil.seconds,
            self.cutEndedAt.seconds
        )
        return self.now.seconds - max(begin, self.peering?.settings.startSeconds ?? 0) >= seconds
    }

    /// The number of the group of each node, between whose members there is a way over sessions.
    private func groups(of nodes: [Int]) -> [Int: Int] {
        guard let peering else { return [:] }
        var groups: [Int: Int] = [:]
        let members = Set(nodes)
        for root in nodes where groups[root] == nil {
            var open = [root]
            groups[root] = root
            while let node = open.popLast() {
                for end in peering.shells[node]?.sessions.values.map({ $0 }) ?? [] {
                    let other = end.otherNode
                    guard groups[other] == nil, members.contains(other),
                        end.wire.ends[end.side.other.rawValue]?.peer != nil
                    else { continue }
                    groups[other] = root
                    open.append(other)
                }
            }
        }
        return groups
    }

    /// Every node that is there hears of a job.
    private func checkJobsReach(_ living: [Int]) {
        guard let peering else { return }
        for job in self.jobs.indices where !peering.known.contains(job) {
            guard self.jobs[job].completedAt == nil else {
                peering.known.insert(job)
                continue
            }
            guard let began = self.jobs[job].offeredAt else { continue }
            let id = self.jobs[job].id
            let missing = living.filter { self.nodes[$0].worker?.manifestRecord(of: id) == nil }
            let seconds = self.now.seconds - began.seconds
            if missing.isEmpty {
                peering.known.insert(job)
                peering.figures.longestReachSeconds = max(peering.figures.longestReachSeconds, seconds)
            } else if seconds >= Self.reachSecondsMax,
                let node = missing.first(where: { self.isSettled($0, Self.findSeconds) })
            {
                self.check("a node has not heard of it after \(Self.reachSecondsMax) s", job, node)
                peering.known.insert(job)
            }
        }
    }

    /// Ends the figures.
    func finishPeering() {
        guard let peering else { return }
        let counts = peering.shells.compactMap { $0?.sessions.count }
        peering.figures.sessionsLeast = counts.min() ?? 0
        peering.figures.sessionsMost = counts.max() ?? 0
        peering.figures.nodesThatWorked = peering.workers.count
        self.report.peering = peering.figures
    }

    /// A session of a node breaks, as when its router forgets it.
    func breakSession(_ node: Int) {
        self.scheduleBreak(node)
        guard self.isFaulty, let shell = self.peering?.shells[node],
            let peer = shell.peers.randomElement(using: &self.random), let end = shell.sessions[peer]
        else { return }
        self.close(end)
    }
}
