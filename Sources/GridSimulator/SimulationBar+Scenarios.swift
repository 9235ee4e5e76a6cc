/// What the bars run.
extension SimulationBar {
    /// Nodes without faults; `work` is in seconds of a node of mean speed, both copies together.
    static func quiet(seed: UInt64, nodes: Int, work: Double, jobs: Int = 1) -> SimulationScenario {
        var scenario = SimulationScenario(
            seed: seed,
            nodes: nodes,
            stewards: min(nodes, 8),
            threadsMax: 1,
            speedSpread: 0.91
        )
        let job = self.job(work: work / Double(jobs), size: (48, 960, 540))
        scenario.jobs = Array(repeating: job, count: jobs)
        scenario.timeLimitSeconds = 1e7
        scenario.encodesMessages = false
        return scenario
    }

    /// A job that takes a node of mean speed so many seconds, every unit being rendered twice.
    private static func job(
        work: Double,
        size: (frames: Int, width: Int, height: Int)
    ) -> SimulationScenario.Job {
        let pixels = size.frames * size.width * size.height
        let samples = work / 2 * GroundTruth.samplesPerSecond / Double(pixels)
        return SimulationScenario.Job(
            frameCount: size.frames,
            width: size.width,
            height: size.height,
            samples: max(1, Int(samples.rounded()))
        )
    }

    /// The same with nodes that come and go and grow slow for a while.
    static func base(seed: UInt64, nodes: Int, work: Double) -> SimulationScenario {
        var scenario = self.quiet(seed: seed, nodes: nodes, work: work)
        scenario.faults = .volunteers(untilSeconds: 1e7)
        // The grid is there before the job: sessions take up to 3 s to begin.
        for job in scenario.jobs.indices { scenario.jobs[job].submittedAtSeconds = 5 }
        return scenario
    }

    static func backlog(seed: UInt64, nodes: Int, _ share: Double) -> SimulationScenario {
        var scenario = self.base(seed: seed, nodes: nodes, work: 979_200 * share)
        scenario.jobs = self.quiet(seed: seed, nodes: nodes, work: 979_200 * share, jobs: 3).jobs
        return scenario
    }

    static func churning(seed: UInt64, nodes: Int, mean: Double, _ share: Double) -> SimulationScenario {
        var scenario = self.base(seed: seed, nodes: nodes, work: 979_200 * share)
        scenario.faults.sessionMeanSeconds = mean
        return scenario
    }

    static func slow(seed: UInt64, nodes: Int, _ share: Double) -> SimulationScenario {
        var scenario = self.base(seed: seed, nodes: nodes, work: 979_200 * share)
        scenario.faults.slowdownMeanSeconds /= 6
        return scenario
    }

    static func incident(
        seed: UInt64,
        nodes: Int,
        _ share: Double,
        _ change: (inout SimulationScenario.Incident) -> Void
    ) -> SimulationScenario {
        let work = 195_840 * share
        var scenario = self.quiet(seed: seed, nodes: nodes, work: work)
        scenario.stewards = 10
        scenario.faults.silentShare = 1
        var incident = SimulationScenario.Incident(atSeconds: work / Double(nodes) / 3)
        change(&incident)
        scenario.incidents = [incident]
        return scenario
    }

    /// Two days, ten times as short.
    static func thriftySeconds(_ share: Double) -> Double {
        17_280 * share
    }

    /// A job that has time: its nodes could do it in 0.7 of the time until its deadline.
    static func thrifty(seed: UInt64, nodes: Int, _ share: Double) -> SimulationScenario {
        let seconds = self.thriftySeconds(share)
        var scenario = self.quiet(seed: seed, nodes: nodes, work: 0.7 * seconds * Double(nodes))
        scenario.speedSpread = 0.3
        var energy = SimulationScenario.Energy()
        energy.daySeconds = seconds / 2
        energy.deadlineSeconds = seconds
        scenario.energy = energy
        return scenario
    }

    /// Many shots at once whose scenes are large; smaller ones for nodes that stay for a shorter time where there is less work.
    static func local(_ share: Double, _ disksSurvive: Bool) -> SimulationScenario {
        self.local(seed: 13, nodes: 500, shots: 24, work: 195_840, share, disksSurvive)
    }

    /// The same for any number of nodes and shots of so many seconds of a node of mean speed each.
    package static func local(
        seed: UInt64,
        nodes: Int,
        shots: Int,
        work: Double,
        size: (frames: Int, width: Int, height: Int) = (6, 480, 270),
        _ share: Double,
        _ disksSurvive: Bool
    ) -> SimulationScenario {
        var scenario = self.quiet(seed: seed, nodes: nodes, work: 1)
        scenario.jobs = Array(repeating: self.job(work: work * share, size: size), count: shots)
        scenario.faults = .volunteers(untilSeconds: 1e7)
        scenario.faults.sessionMeanSeconds *= share
        var assets = SimulationScenario.Assets()
        assets.bytes *= share
        assets.disksSurvive = disksSurvive
        scenario.assets = assets
        return scenario
    }

    /// The same with a submitter that takes each frame soon after it became final.
    static func fetched(_ scenario: SimulationScenario) -> SimulationScenario {
        var scenario = scenario
        scenario.sealAfterSeconds = 2
        return scenario
    }

    static func encoded(_ scenario: SimulationScenario) -> SimulationScenario {
        var scenario = scenario
        scenario.encodesMessages = true
        return scenario
    }
}
