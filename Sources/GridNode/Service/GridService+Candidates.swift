import GridCore
import GridStore
import GridWire

/// Whom this node knows as somebody who could keep a job: by what it saw itself, in an order that needs no clock.
extension GridService {
    /// Of so many jobs it is remembered when they were first heard of; then those are forgotten that this node has nothing to
    /// do with any more.
    private static var heardJobsMax: Int { 8_192 }

    /// Notes that a peer is here, or was until now.
    func remember(_ peer: PeerID, _ hello: Hello) {
        guard let number = self.acquaintances.meet(peer) else { return }
        let addresses = hello.addresses.map { "\($0)" }
        Task {
            try? await self.database.sawPeer(
                peer,
                agent: hello.agent,
                addresses: addresses,
                number: number,
                at: WallClock.seconds
            )
        }
    }

    /// Notes that there is a job; when that was first heard of.
    @discardableResult
    func hear(of job: JobID) -> Acquaintances.Mark {
        if let mark = self.heardJobs[job] { return mark }
        if self.heardJobs.count >= Self.heardJobsMax {
            self.heardJobs = self.heardJobs.filter {
                self.stewards[$0.key] != nil || self.receiving[$0.key] != nil || self.joining.contains($0.key)
                    || self.worker.manifestRecord(of: $0.key) != nil
            }
        }
        self.heardJobs[job] = self.acquaintances.mark
        return self.acquaintances.mark
    }

    /// Some peers as those who could keep a job.
    func candidates(_ peers: [PeerID], for job: JobID, by submitter: PeerID) -> [StewardCandidate] {
        let heard = self.heardJobs[job] ?? self.acquaintances.mark
        let now = self.clock.now
        return peers.map { peer in
            let own = submitter == self.me ? 0 : self.credits.work(by: peer, for: self.me)
            let work = own + self.credits.work(by: peer, for: submitter)
            return StewardCandidate(
                peer: peer,
                standing: self.acquaintances.standing(of: peer, heard: heard, work: work),
                presentSince: self.presentSince[peer] ?? now,
                network: self.networks[peer]
            )
        }
    }

    /// Who would keep a job that is handed in here: this node, and others.
    func proposedStewards(of job: JobID, by submitter: PeerID) -> [PeerID] {
        let candidates = self.candidates(self.workingPeers, for: job, by: submitter)
        return [self.me]
            + Roster.chosen(Roster.size - 1, of: candidates, besides: [self.me], for: job, now: self.clock.now)
    }
}
