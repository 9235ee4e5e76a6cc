import GridWire

/// Which scenes this node fetches, and when.
///
/// A scene may be gigabytes, and moving from shot to shot with the crowd would fetch each of them. The score is that of the
/// job's weight and of the time that it lasts beside the time that fetching takes: where a scene is on the disk the node goes
/// on with it, and a job that is nearly done is not worth a long fetch. In the simulation of 500 nodes and 24 shots that cut
/// the traffic to a third.
extension Worker {
    /// Asks for the scenes of the jobs that come first: a node that hears of forty shots shall not fetch forty scenes.
    mutating func prepareScenes(now: Instant, _ actions: inout [Action]) {
        guard self.mode == .working else { return }
        while let index = self.nextScene(now: now) {
            self.jobs[index].scene = .preparing
            actions.append(.prepareScene(self.jobs[index].job, frames: []))
        }
    }

    /// The job that this node should turn to next, if it has not enough.
    private func nextScene(now: Instant) -> Int? {
        let waiting = self.jobs.indices.filter { index in
            self.jobs[index].scene == .waiting && (self.fetchDue(index) ?? now) <= now
        }
        guard let index = waiting.max(by: { self.comesBefore($1, $0, now: now) }) else { return nil }
        let atHand = self.jobs.filter(\.isPromising)
        guard !atHand.isEmpty else { return index }
        guard atHand.count < self.settings.jobsAtHandMax, let least = atHand.map(\.weight).min() else { return nil }
        guard self.jobs[index].weight < 2 * least else { return index }
        guard atHand.count < self.settings.jobsAtHand else { return nil }
        return self.isWorthFetchingAhead(index, of: atHand, now: now) ? index : nil
    }

    /// Before when the fetching of a scene does not begin; nothing when it need not wait.
    ///
    /// Else every node would fetch the scene of the job that comes first of many.
    func fetchDue(_ index: Int) -> Instant? {
        guard self.fetchSeconds(index) > self.settings.fetchAheadMax.seconds else { return nil }
        return self.jobs[index].firstHeard.advanced(by: self.settings.fetchPatience)
    }

    /// Whether to have another job's scene at hand beside those of jobs that have work: at once when that costs little, else
    /// only when they will have ended soon.
    private func isWorthFetchingAhead(_ index: Int, of atHand: [JobWork], now: Instant) -> Bool {
        let seconds = self.fetchSeconds(index)
        guard seconds > self.settings.fetchAheadMax.seconds else { return true }
        guard self.isWorthFetching(index, now: now) else { return false }
        return atHand.allSatisfy { job in
            job.scene == .ready
                && job.secondsLeft(now: now).map { $0 < self.settings.fetchWorthOfUrgent * seconds } ?? false
        }
    }

    /// How long what is missing of a scene takes.
    private func fetchSeconds(_ index: Int) -> Double {
        Double(self.jobs[index].missingBytes) / self.settings.fetchRate
    }

    /// Whether the job lasts so much longer than fetching its scene that this node should.
    private func isWorthFetching(_ index: Int, now: Instant) -> Bool {
        guard let left = self.jobs[index].secondsLeft(now: now) else { return true }
        let isUrgent = self.jobs[index].urgency > LeaseGrant.urgencyDefault
        let worth = isUrgent ? self.settings.fetchWorthOfUrgent : self.settings.fetchWorth
        return left >= worth * self.fetchSeconds(index)
    }

    /// Whether one job is to be turned to before another: by what it matters and what fetching it costs; of equal
    /// ones every node begins with another.
    private func comesBefore(_ a: Int, _ b: Int, now: Instant) -> Bool {
        let (first, second) = (self.score(a, now: now), self.score(b, now: now))
        guard first == second else { return first > second }
        return self.place(of: a) < self.place(of: b)
    }

    private func score(_ index: Int, now: Instant) -> Double {
        let longest = self.settings.fetchTime.seconds
        let time = max(1, min(longest, self.jobs[index].secondsLeft(now: now) ?? longest))
        // In steps, so that many nodes that choose at the same time do not all choose the same job.
        let share = (20 * time / (time + self.fetchSeconds(index))).rounded() / 20
        let value = self.jobs[index].weight * share
        return self.isWorthFetching(index, now: now) ? value : value * 0.2
    }

    private func place(of index: Int) -> Digest {
        Digest(hashing: self.jobs[index].job.digest.bytes + self.settings.me.publicKey)
    }
}
