import GridCore
import GridWire

/// Whom each node knows as somebody who could keep a job.
extension SimulationEngine {
    /// Nodes that are not new have met each other in earlier jobs.
    func introduceNodes() {
        var random = SeededRandom(seed: self.scenario.seed ^ 0x6e65_7763_6f6d_6572)
        let known = (0 ..< self.scenario.stewards).filter { _ in !random.happens(self.scenario.faults.newcomerRate) }
        var acquaintances = Acquaintances()
        for node in known { acquaintances.meet(self.nodes[node].peer) }
        for node in known {
            self.nodes[node].acquaintances = acquaintances
            guard let disk = self.disks?[node] else { continue }
            for (number, other) in known.enumerated() { self.remember(other, at: node, number: UInt64(number + 1)) }
            disk.settle()
        }
    }

    /// The steward's side of a session notes whom it meets.
    func meet(_ link: Int) {
        let (worker, steward) = (self.links[link].worker, self.links[link].steward)
        self.links[link].stewardSince = self.now
        guard worker < self.scenario.stewards, worker != steward else { return }
        guard let number = self.nodes[steward].acquaintances.meet(self.nodes[worker].peer) else { return }
        self.remember(worker, at: steward, number: number)
    }

    /// A node hears of a job, maybe for the first time.
    func hear(of job: Int, at node: Int) {
        guard self.nodes[node].heardJobs[job] == nil else { return }
        self.nodes[node].heardJobs[job] = self.nodes[node].acquaintances.mark
    }

    /// Those of some nodes that could keep a job, as another node knows them.
    func candidates(_ nodes: [Int], for job: Int, at chooser: Int) -> [StewardCandidate] {
        let heard = self.nodes[chooser].heardJobs[job] ?? self.nodes[chooser].acquaintances.mark
        return nodes.map { node in
            let link = self.links[self.link(node, chooser)]
            let since = link.stewardBelieves ? link.stewardSince : self.now
            return StewardCandidate(
                peer: self.nodes[node].peer,
                standing: self.nodes[chooser].acquaintances.standing(of: self.nodes[node].peer, heard: heard, work: 0),
                presentSince: self.nodes[chooser].clock.instant(since),
                network: (self.peering?.places[node].ip).flatMap { NetworkPrefix($0) }
            )
        }
    }

    /// The nodes that there are sessions with and that can be stewards.
    private func present(at node: Int) -> [Int] {
        if let shell = self.peering?.shells[node] {
            return shell.greeted.compactMap { self.nodeIndex[$0] }.sorted()
        }
        return (0 ..< self.scenario.stewards).filter {
            $0 != node && self.links[self.link($0, node)].stewardBelieves
        }
    }

    /// Tells the stewards of a node who could be a steward too.
    ///
    /// - Parameter other: whose session began or ended, if it is that; sessions with mere workers change nothing.
    func candidatesChanged(at node: Int, by other: Int = 0) {
        guard other < self.scenario.stewards else { return }
        let jobs = self.jobs.indices.filter { self.jobs[$0].seats[node]?.steward != nil }
        guard !jobs.isEmpty else { return }
        let present = self.present(at: node)
        for job in jobs {
            let candidates = self.candidates(present, for: job, at: node)
            self.jobs[job].seats[node]?.steward?.candidatesChanged(candidates)
        }
    }
}
