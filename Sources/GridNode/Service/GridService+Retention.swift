import GridCore
import GridStore
import GridWire
import Logging

/// A job whose manifest is here and whose scene is on its way.
struct ReceivedJob: Sendable {
    /// The signed manifest.
    let manifest: SignedRecord
    /// When its submitter last said something of it.
    var lastHeard: Instant
}

/// What a node holds for jobs, and for how long.
extension GridService {
    /// How long a job that has ended is kept, in seconds by the calendar; then frames that nobody fetched are given up.
    static let keepEndedSeconds: UInt64 = 30 * 86_400
    /// How long a job waits for the rest of its scene when whoever sent it is gone.
    static let keepReceivingTime = Duration.seconds(3_600)
    /// The wait between two looks for what is not needed any more.
    private static let tidyPause = Duration.seconds(600)
    /// The most units of all running jobs that a node keeps; each takes some hundred bytes of memory.
    static let keptUnitsMax = 1 << 22
    /// The most looks for pixels that a disk has lost.
    private static let searchesMax = 60
    static let tooManyUnits = "the jobs that this node keeps have too many units already"

    /// Whether this node may keep one more job that is cut in this way.
    func mayKeep(_ plan: UnitPlan) -> Bool {
        let running = self.stewards.values.lazy.filter { $0.steward.phase == .running }
        return running.reduce(plan.unitCount) { $0 + $1.steward.plan.unitCount } <= Self.keptUnitsMax
    }

    // MARK: Pixels

    /// Holds the pixels of a job that was taken up again, and looks for those that this disk has lost.
    func keepPixels(of kept: NodeStore.KeptJob) {
        let job = kept.stored.id
        guard let ledger = self.stewards[job]?.steward.ledger else { return }
        let lost = kept.lostPixels.filter { !ledger.isSealed(frame: $0.unit.frame) }
        self.store.hold(kept.pixels.filter { !ledger.isSealed(frame: $0.unit.frame) } + lost, of: job)
        guard !lost.isEmpty else { return }
        self.logger.warning(
            "pixels are gone from this node's disk; looking for them at others",
            metadata: ["job": "\(job)", "units": "\(lost.count)"]
        )
        Task { [weak self] in
            var lost = lost
            for _ in 0 ..< Self.searchesMax {
                try? await Task.sleep(for: .seconds(10))
                guard let self, !lost.isEmpty else { return }
                lost = await self.search(for: lost, of: job)
            }
        }
    }

    /// Asks for lost pixels; what is still missing.
    private func search(for lost: [StoredPixels], of job: JobID) async -> [StoredPixels] {
        var missing: [StoredPixels] = []
        for place in lost {
            guard let steward = self.stewards[job]?.steward, !steward.ledger.isSealed(frame: place.unit.frame),
                !self.isStopping
            else { return [] }
            guard let bytes = try? await self.fetchChunk(place.chunk) else {
                missing.append(place)
                continue
            }
            // Their hash is the name under which they were stored when they were checked.
            _ = await self.storePixels(bytes, of: place.unit, in: job, from: self.me)
        }
        return missing
    }

    /// Lets go of the pixels of frames that their submitter now has.
    func letGoOfSealed(_ records: [SignedRecord], of job: JobID) {
        guard let ledger = self.stewards[job]?.steward.ledger else { return }
        for record in records where record.kind == .frameSeal {
            guard case .frameSeal(let seal) = try? record.decodedBody(), ledger.isSealed(frame: seal.frame) else {
                continue
            }
            self.store.letGoOfPixels(of: [seal.frame], in: job)
        }
    }

    /// Lets go of all pixels of a job.
    func letGoOfPixels(of job: JobID) {
        guard let plan = self.stewards[job]?.steward.plan else { return }
        self.store.letGoOfPixels(of: plan.frames, in: job)
    }

    // MARK: Jobs

    /// Forgets now and then what is not needed any more.
    func tidyUp() {
        guard !self.isStopping else { return }
        Task { [weak self] in
            await self?.forgetAbandoned()
            await self?.retireEnded()
            try? await Task.sleep(for: Self.tidyPause)
            await self?.tidyUp()
        }
    }

    /// Forgets jobs whose scene never came.
    func forgetAbandoned() async {
        let now = self.clock.now
        for (job, received) in self.receiving
        where received.lastHeard.duration(to: now) >= Self.keepReceivingTime
            && !(self.senders[job] ?? []).contains(where: { self.peers[$0] != nil })
        {
            self.receiving[job] = nil
            self.senders[job] = nil
            self.chunks.unpin(.scene(job))
            try? await self.database.forget(job)
            self.logger.info("a job whose scene never came is forgotten", metadata: ["job": "\(job)"])
        }
    }

    /// Gives up jobs that ended long ago.
    func retireEnded(now: UInt64 = WallClock.seconds) async {
        guard let jobs = try? await self.database.jobs() else { return }
        for job in jobs
        where job.roles.contains(.steward) && (job.phase == .complete || job.phase == .cancelled)
            && now >= job.changedAt.addingReportingOverflow(Self.keepEndedSeconds).partialValue
        {
            self.letGoOfPixels(of: job.id)
            self.chunks.unpin(.scene(job.id))
            self.wakeWatchers(of: job.id)
            self.stewards[job.id]?.effects.finish()
            self.stewards[job.id] = nil
            self.cancelled.remove(job.id)
            try? await self.database.retire(job.id)
            self.logger.info("a job that ended long ago is forgotten", metadata: ["job": "\(job.id)"])
        }
    }
}
