import GridCore
import GridWire

extension SimulationEngine {
    /// Feeds the worker of a node, performs what it asks for, and sets its alarm.
    func withWorker(_ node: Int, _ input: (inout Worker, Instant) -> [Worker.Action]) {
        let instant = self.nodes[node].clock.instant(self.now)
        if self.scenario.energy != nil {
            let price = self.energyPrice(node)
            _ = self.nodes[node].worker?.inPlace { $0.energyPriceChanged(price) }
        }
        guard let actions = self.nodes[node].worker?.inPlace({ input(&$0, instant) }) else { return }
        self.performUntilCrash(actions, node: node) { engine, action in
            engine.note(node, .worker(action))
            engine.perform(action, node: node)
        }
        self.countIdle(node)
        self.setWorkerAlarm(node)
    }

    /// Performs actions in their order; sometimes the node dies in the middle.
    func performUntilCrash<Action>(_ actions: [Action], node: Int, _ perform: (SimulationEngine, Action) -> Void) {
        var count = actions.count
        var dies = false
        if !actions.isEmpty, self.isFaulty, self.mayCrash(node),
            self.random.happens(self.scenario.faults.crashBetweenActionsRate)
        {
            dies = true
            count = self.random.below(actions.count + 1)
        }
        for action in actions.prefix(count) {
            perform(self, action)
        }
        if dies {
            self.crash(node)
        }
    }

    func setWorkerAlarm(_ node: Int) {
        guard let deadline = self.nodes[node].worker?.inPlace({ $0.nextDeadline }) ?? nil else {
            self.nodes[node].workerWakesAt = nil
            return
        }
        let time = max(self.now, self.nodes[node].clock.time(deadline))
        guard time != self.nodes[node].workerWakesAt else { return }
        self.nodes[node].workerWakesAt = time
        self.queue.add(.wakeWorker(node: node, incarnation: self.nodes[node].incarnation), at: time)
    }

    private func perform(_ action: Worker.Action, node: Int) {
        let incarnation = self.nodes[node].incarnation
        switch action {
        case .prepareScene(let id, let frames):
            guard let job = self.jobIndex[id] else { return self.violate("a worker made up a job", node: node) }
            let hasFailed = self.isFaulty && self.random.happens(self.scenario.faults.sceneFailureRate)
            let seconds = frames.isEmpty ? self.fetchSeconds(of: job, at: node) : self.random.within(0.01, 0.1)
            self.queue.add(
                .sceneDone(node: node, incarnation: incarnation, job: job, frames: frames, hasFailed: hasFailed),
                at: self.now + seconds
            )
        case .sendLeaseRequest(let request, let steward, let number):
            guard let index = self.nodeIndex[steward], index < self.scenario.stewards else {
                return self.violate("a worker asks a node that is no steward", node: node)
            }
            self.send(.leaseRequest(request, number: number), over: self.link(node, index))
        case .render(let id, let unit):
            guard let job = self.jobIndex[id] else { return self.violate("a worker made up a job", node: node) }
            self.beginRender(node, job: job, unit)
        case .audit(let id, let audit):
            guard let job = self.jobIndex[id] else { return self.violate("a worker made up a job", node: node) }
            let seconds = self.seconds(of: audit.unit, job: job, node: node) / Double(audit.unit.blockCount)
            self.busySeconds += seconds
            self.lose(seconds * self.actualSpeed(node), by: "audits")
            self.report.audits += 1
            self.queue.add(
                .auditDone(node: node, incarnation: incarnation, job: job, audit: audit),
                at: self.now + seconds
            )
        case .cancelRender(let id, let unit):
            guard let job = self.jobIndex[id] else { return self.violate("a worker made up a job", node: node) }
            self.endRenders(node, for: "cancelled") { $0.job == job && $0.unit == unit }
        case .sendPixels(let id, let unit, let steward):
            guard let job = self.jobIndex[id], let index = self.nodeIndex[steward] else { return }
            guard let film = self.nodes[node].held[.init(job: job, unit: unit)] else {
                return self.violate("a worker promises pixels of \(unit) that it does not hold", node: node)
            }
            self.send(.pixels(job: job, unit, film), over: self.link(node, index))
        case .dropPixels(let id, let unit):
            guard let job = self.jobIndex[id] else { return }
            self.nodes[node].held[.init(job: job, unit: unit)] = nil
        case .forgetJob(let id):
            guard let job = self.jobIndex[id] else { return }
            self.endRenders(node, for: "cancelled") { $0.job == job }
            self.nodes[node].held = self.nodes[node].held.filter { $0.key.job != job }
        case .offerIgnored:
            break
        case .foundRoster(let id, let roster):
            guard let job = self.jobIndex[id] else { return self.violate("a worker made up a job", node: node) }
            self.report.provisionalRosters += 1
            let proof = self.nodes[node].worker?.rosterProof(of: id) ?? []
            self.seat(job, at: node, roster: roster, proof: proof)
        case .drained:
            // The process ends by itself; somebody starts it again.
            self.crash(node)
        }
    }

    /// How long a unit takes this node now.
    private func seconds(of unit: UnitID, job: Int, node: Int) -> Double {
        self.jobs[job].truth.unit(unit).seconds / self.actualSpeed(node)
    }

    private func beginRender(_ node: Int, job: Int, _ unit: UnitID) {
        guard self.jobs[job].plan.index(of: unit) != nil else {
            return self.violate("a worker renders unit \(unit), which the job does not have", node: node)
        }
        guard !self.nodes[node].running.contains(where: { $0.job == job && $0.unit == unit }) else {
            return self.violate("a worker renders unit \(unit) twice at a time", node: node)
        }
        guard self.nodes[node].running.count < self.nodes[node].threads else {
            return self.violate("a worker has more renders than threads", node: node)
        }
        self.nextToken += 1
        let render = SimulatedNode.Render(
            token: self.nextToken,
            unit: unit,
            job: job,
            startedAt: self.now,
            speed: self.actualSpeed(node)
        )
        self.nodes[node].running.append(render)
        self.queue.add(
            .renderDone(node: node, incarnation: self.nodes[node].incarnation, token: render.token),
            at: self.now + self.seconds(of: unit, job: job, node: node)
        )
    }

    /// The power of one thread of a node, as a multiple of the mean thread's.
    func watts(_ node: Int) -> Double {
        self.nodes[node].speed * self.nodes[node].energyFactor
    }

    /// What energy costs at a node now.
    private func energyPrice(_ node: Int) -> Double {
        self.scenario.energy?.price(region: self.nodes[node].region, seconds: self.now.seconds) ?? 1
    }

    /// Counts the time and the energy of a render.
    private func spend(_ seconds: Double, at node: Int) {
        self.busySeconds += seconds
        self.report.energyCost += seconds * self.watts(node) * self.energyPrice(node)
    }

    /// Takes renders off their threads.
    func endRenders(_ node: Int, for cause: String, where isEnding: (SimulatedNode.Render) -> Bool) {
        for render in self.nodes[node].running where isEnding(render) {
            let seconds = self.now.seconds - render.startedAt.seconds
            self.spend(seconds, at: node)
            self.lose(seconds * render.speed, by: cause)
        }
        self.nodes[node].running.removeAll(where: isEnding)
    }

    func renderDone(_ node: Int, token: UInt64) {
        // A render that was cancelled is no longer there.
        guard let index = self.nodes[node].running.firstIndex(where: { $0.token == token }) else { return }
        let render = self.nodes[node].running.remove(at: index)
        let (job, unit) = (render.job, render.unit)
        let id = self.jobs[job].id
        let seconds = self.now.seconds - render.startedAt.seconds
        let work = seconds * render.speed
        self.spend(seconds, at: node)
        if self.isFaulty, self.random.happens(self.scenario.faults.renderFailureRate) {
            self.note(node, .unit("cannot render", unit))
            self.lose(work, by: "failed")
            return self.withWorker(node) { $0.unitFailed(id, unit, reason: "out of memory", now: $1) }
        }
        self.report.finishedUnits += 1
        self.peering?.workers.insert(node)
        if !self.nodes[node].finished.insert(.init(job: job, unit: unit)).inserted {
            self.report.repeatedUnits += 1
        }
        let truth = self.jobs[job].truth.unit(unit)
        var (leaves, film) = self.rendered(unit, job: job)
        var root = film.root
        if self.nodes[node].isSaboteur, self.random.happens(self.scenario.falsifyRate) {
            (leaves, root, film) = self.falsified(unit, film, job: job, node: node)
            self.report.falsifiedUnits += 1
            self.lose(work, by: "falsified")
            self.note(node, .unit("falsified", unit))
        } else if !self.jobs[job].copies[unit, default: []].contains(node) {
            self.jobs[job].copies[unit, default: []].append(node)
            if self.jobs[job].copies[unit, default: []].count <= 2 {
                self.usefulSeconds += seconds
                self.capacity.useful += work
                self.usefulCopies += 1
                while self.usefulCopies * 100 >= self.wantedCopies * (self.report.progress.count + 1),
                    self.report.progress.count < 100
                {
                    self.report.progress.append(self.now.seconds - self.beginSeconds)
                }
                if self.usefulCopies * 100 >= self.wantedCopies * 99, self.report.secondsTo99 == nil {
                    self.reached99()
                }
                self.jobs[job].orphanedAt[unit] = nil
            } else {
                self.report.duplicateUnits += 1
                self.lose(work, by: "duplicates")
            }
        } else {
            self.report.duplicateUnits += 1
            self.lose(work, by: "duplicates")
        }
        self.nodes[node].held[.init(job: job, unit: unit)] = film
        let workCount = truth.workCount
        self.withWorker(node) {
            $0.unitFinished(
                id,
                unit,
                root: root,
                leaves: leaves,
                workCount: workCount,
                elapsed: .seconds(seconds),
                now: $1
            )
        }
    }

    /// A wrong result: mostly some wrong leaves, now and then leaves or pixels that do not even fit the root.
    private func falsified(
        _ unit: UnitID,
        _ right: SimulatedFilm,
        job: Int,
        node: Int
    ) -> (leaves: [Digest], root: Digest, film: SimulatedFilm) {
        let rightLeaves = self.jobs[job].truth.unit(unit).leaves
        var leaves = rightLeaves
        var film: SimulatedFilm
        if let wrong = self.flipped(right, unit, job: job) {
            (leaves, film) = wrong
        } else {
            let liar = self.random.next()
            for _ in 0 ... self.random.below(3) {
                let block = self.random.below(leaves.count)
                leaves[block] = self.jobs[job].truth.falseLeaf(unit, block: block, liar: liar)
            }
            film = SimulatedFilm(root: MerkleTree(leaves).root)
        }
        switch self.random.below(10) {
        case 0: return (leaves, Digest(hashing: film.root.bytes), film)
        case 1: return (rightLeaves, film.root, film)
        case 2: return (leaves, film.root, right)
        case 3: return (rightLeaves, right.root, film)
        default: return (leaves, film.root, film)
        }
    }

    func auditDone(_ node: Int, job: Int, _ audit: LeaseGrant.Audit) {
        var leaf = self.jobs[job].truth.leaf(audit.unit, block: audit.leafIndex)
        if self.nodes[node].isSaboteur, self.random.happens(self.scenario.falsifyRate) {
            leaf = self.jobs[job].truth.falseLeaf(audit.unit, block: audit.leafIndex, liar: self.random.next())
        }
        let id = self.jobs[job].id
        self.withWorker(node) { $0.auditFinished(id, audit, leaf: leaf, now: $1) }
    }

    private func reached99() {
        self.countAllIdle()
        self.report.secondsTo99 = self.now.seconds - self.beginSeconds
        self.report.efficiencyTo99 = self.capacity.efficiency
    }

    func pause(_ node: Int) {
        let incarnation = self.nodes[node].incarnation
        if self.mayCrash(node), self.random.happens(0.3) {
            self.note(node, .note("is asked to stop"))
            self.withWorker(node) { $0.drain(now: $1) }
            // Whoever asked loses patience.
            self.queue.add(.kill(node: node, incarnation: incarnation), at: self.now + 60)
        } else {
            self.note(node, .note("is paused by its owner"))
            self.withWorker(node) { $0.pause(now: $1) }
            self.queue.add(
                .resume(node: node, incarnation: incarnation),
                at: self.now + self.random.within(5, 60)
            )
        }
    }
}

/// A machine that is changed, or asked, where it lies: by optional chaining nothing large is moved out and back for each
/// event.
protocol SimulatedMachine {}

extension SimulatedMachine {
    mutating func inPlace<Result>(_ body: (inout Self) -> Result) -> Result {
        body(&self)
    }
}

extension Worker: SimulatedMachine {}
extension Steward: SimulatedMachine {}
