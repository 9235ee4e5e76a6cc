import GridWire

/// The energy gate: a job with slack until its deadline is worked for where and when energy is cheap.
extension Steward {
    /// What is left to do is thought to need so much more than it seems, for nodes may leave.
    private static let energyMargin = 1.05
    /// The part of the time from the steward's start until the deadline that is kept for what goes wrong at the end.
    private static let energyReserve = 0.02
    /// A job that needs more than this share of the work that nodes offer has no slack: they may become fewer.
    private static let energyShareMax = 0.9
    /// However much slack a job has, this share of the work that nodes offer may be done.
    private static let energyShareMin = 0.05
    /// A node that says nothing for longer was not there all the time.
    private static let energyPauseMax = Duration.seconds(60)

    /// What a worker costs that has just asked, and how much it could have done since it last did.
    mutating func noteEnergy(of worker: Int, cost: UInt64, lastNews: Instant?, now: Instant) {
        self.workers[worker].energyCost = cost
        let time = self.workers[worker].blockMicroseconds
        guard time > 0, let lastNews, self.ledger.lastOrder.deadline > 0 else { return }
        let elapsed = min(lastNews.duration(to: now), Self.energyPauseMax)
        self.energy.note(cost: cost, work: Double(elapsed.wholeMicroseconds) / Double(time), now: now)
    }

    /// The cost above which nodes are not needed now; 0 while all are.
    ///
    /// When the rest of the job needs a share of what the nodes can do until its deadline, the cheapest share of what they
    /// offered in the last day will do. What costs how much each steward judges by its own workers, but how much there is by
    /// those of all: a steward whose workers are few would else think that all of them are needed.
    mutating func energyCostMax(now: Instant) -> UInt64 {
        let deadline = self.ledger.lastOrder.deadline
        guard deadline > 0 else { return 0 }
        if let known = self.lastEnergyLimit, known.at.advanced(by: .seconds(1)) > now { return known.cost }
        let cost = self.energyLimit(deadline: deadline, now: now)
        self.lastEnergyLimit = EnergyLimit(at: now, cost: cost)
        return cost
    }

    private mutating func energyLimit(deadline: UInt64, now: Instant) -> UInt64 {
        let wallClock = (now.sinceEpoch + self.settings.sinceUnixEpoch).seconds
        let blocksPerUnit = Double(self.plan.blocksPerUnit)
        // The last units are not done in an instant.
        let speeds = self.speeds(now: now)
        let lastUnits = 4 * speeds.mean * blocksPerUnit / 1e6
        let untilDeadline = Double(deadline) / 1_000 - wallClock
        let since = (self.startedAt?.duration(to: now) ?? .zero).seconds
        let left = untilDeadline - lastUnits - (since + untilDeadline) * Self.energyReserve
        guard left > 0, speeds.own > 0 else { return 0 }
        let speed = self.energy.speed(now: now) * speeds.all / speeds.own
        guard speed > 0 else { return 0 }
        let needed = Double(self.counts.copiesMissing) * blocksPerUnit
        let share = Self.energyMargin * needed / (speed * left * 1e6)
        guard share < Self.energyShareMax else { return 0 }
        return self.energy.cost(ofCheapest: max(share, Self.energyShareMin)) ?? 0
    }

    /// Whether the worker is not needed now since its work costs more than that of others, or than later.
    mutating func isTooDear(_ worker: Int, now: Instant) -> Bool {
        let cost = self.workers[worker].energyCost
        guard cost > 0 else { return false }
        let limit = self.energyCostMax(now: now)
        return limit > 0 && cost > limit
    }
}
