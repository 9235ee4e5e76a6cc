import GridCore
import GridStore
import GridWire
import Logging
import RenderCore

extension GridService {
    /// Performs the worker's actions.
    func perform(_ actions: [Worker.Action]) {
        for action in actions {
            switch action {
            case .prepareScene(let job, let frames):
                self.prepareScene(job, frames: frames)
            case .sendLeaseRequest(let request, let steward, let number):
                Task { await self.sendLeaseRequest(request, to: steward, number: number) }
            case .render(let job, let unit):
                self.render(job, unit)
            case .audit(let job, let audit):
                self.audit(job, audit)
            case .cancelRender(let job, let unit):
                self.rendering[job]?.removeValue(forKey: unit)?.cancel()
            case .sendPixels(let job, let unit, let steward):
                self.sendPixels(job, unit, to: steward)
            case .dropPixels(let job, let unit):
                self.heldPixels[job]?[unit] = nil
            case .forgetJob(let job):
                for flag in (self.rendering.removeValue(forKey: job) ?? [:]).values { flag.cancel() }
                self.heldPixels[job] = nil
                // A steward's own copy of the scene stays pinned until its job has ended.
                if self.stewards[job]?.steward.phase != .running {
                    Task { await self.scenes?.forget(job) }
                }
            case .offerIgnored(let job, let reason):
                self.logger.info("not working for a job", metadata: ["job": "\(job)", "why": "\(reason)"])
            case .foundRoster(let job, let roster):
                self.found(job, roster)
            case .drained:
                self.endDrain()
            }
        }
    }

    private func prepareScene(_ job: JobID, frames: [Int]) {
        guard let manifest = self.worker.manifest(of: job), let scenes = self.scenes else { return }
        Task {
            do {
                try await scenes.prepare(job, manifest: manifest, frames: frames)
                self.perform(self.worker.sceneReady(job, frames: frames, now: self.clock.now))
            } catch {
                self.logger.warning("a scene cannot be had", metadata: ["job": "\(job)", "why": "\(error)"])
                self.perform(
                    self.worker.sceneFailed(job, frames: frames, reason: "\(error)", now: self.clock.now)
                )
            }
            self.rearm()
        }
    }

    private func sendLeaseRequest(_ request: LeaseRequest, to steward: PeerID, number: UInt64) async {
        let response = try? await self.ask(steward, .lease(request), timeout: Self.leaseTimeout)
        let now = self.clock.now
        if case .grant(let grant) = response {
            self.perform(self.worker.grantReceived(grant, number: number, now: now))
        } else {
            if case .refused(let reason) = response {
                self.logger.info("a lease was refused", metadata: ["peer.id": "\(steward)", "why": "\(reason)"])
            }
            self.perform(self.worker.requestFailed(number: number, now: now))
        }
        self.rearm()
    }

    private func render(_ job: JobID, _ unit: UnitID) {
        guard let manifest = self.worker.manifest(of: job), let scenes = self.scenes,
            let geometry = FrameGeometry(width: manifest.width, height: manifest.height)
        else { return }
        let flag = CancellationFlag()
        self.rendering[job, default: [:]][unit] = flag
        let started = self.clock.now
        Task {
            do {
                let pool = self.pool
                let outcome = try await scenes.withScene(job, manifest: manifest, frame: unit.frame) { scene in
                    await pool.render(
                        scene: scene,
                        settings: manifest.renderSettings,
                        blocks: UnitPixels.bounds(of: unit, in: geometry),
                        cancellation: flag
                    )
                }
                self.finished(job, unit, outcome: outcome, started: started, flag: flag)
            } catch {
                guard !flag.isCancelled else { return }
                self.rendering[job]?[unit] = nil
                self.perform(self.worker.unitFailed(job, unit, reason: "\(error)", now: self.clock.now))
                self.rearm()
            }
        }
    }

    private func finished(
        _ job: JobID,
        _ unit: UnitID,
        outcome: RenderOutcome,
        started: Instant,
        flag: CancellationFlag
    ) {
        guard case .rendered(var blocks, let cpuTime) = outcome else { return }
        self.cpuTime += cpuTime
        guard !flag.isCancelled else { return }
        self.rendering[job]?[unit] = nil
        if let tampering {
            blocks = blocks.enumerated().map { tampering(unit, $0.offset, $0.element) }
        }
        let payloads = blocks.map(\.payload)
        let leaves = payloads.map { LeafHash.digest(ofPayload: $0) }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(payloads.reduce(0) { $0 + $1.count })
        for payload in payloads { pixels += payload }
        self.heldPixels[job, default: [:]][unit] = pixels
        let now = self.clock.now
        self.perform(
            self.worker.unitFinished(
                job,
                unit,
                root: MerkleTree(leaves).root,
                leaves: leaves,
                workCount: blocks.reduce(0) { $0 &+ $1.work.weighted },
                elapsed: started.duration(to: now),
                now: now
            )
        )
        self.rearm()
    }

    private func audit(_ job: JobID, _ audit: LeaseGrant.Audit) {
        guard let manifest = self.worker.manifest(of: job), let scenes = self.scenes,
            let geometry = FrameGeometry(width: manifest.width, height: manifest.height)
        else { return }
        let block = audit.unit.firstBlock + audit.leafIndex
        Task {
            do {
                let pool = self.pool
                let outcome = try await scenes.withScene(job, manifest: manifest, frame: audit.unit.frame) { scene in
                    await pool.render(
                        scene: scene,
                        settings: manifest.renderSettings,
                        blocks: [geometry.pixels(ofBlock: block, inTile: audit.unit.tile)],
                        isUrgent: true
                    )
                }
                guard case .rendered(let blocks, let cpuTime) = outcome, let film = blocks.first else { return }
                self.cpuTime += cpuTime
                let leaf = LeafHash.digest(ofPayload: film.payload)
                self.perform(self.worker.auditFinished(job, audit, leaf: leaf, now: self.clock.now))
            } catch {
                self.logger.warning("a leaf cannot be recomputed", metadata: ["job": "\(job)", "why": "\(error)"])
            }
            self.rearm()
        }
    }

    private func sendPixels(_ job: JobID, _ unit: UnitID, to steward: PeerID) {
        guard let bytes = self.heldPixels[job]?[unit] else { return }
        Task {
            if steward == self.me {
                _ = await self.storePixels(bytes, of: unit, in: job, from: self.me)
            } else {
                _ = try? await self.network.request(
                    steward,
                    protocol: TesseraProtocol.pixelsPut,
                    body: UnitPixelsAddress(job: job, unit: unit).encoded() + bytes,
                    responseLimit: 1,
                    timeout: Self.transferTimeout
                )
            }
        }
    }

    /// How long a chunk or the pixels of a unit may take.
    static var transferTimeout: Duration { .seconds(60) }

    /// A chunk from any peer that has it; of several that are needed the lower priority comes first.
    func fetchChunk(_ id: ChunkID, priority: Int = 0) async throws -> [UInt8] {
        try await self.exchange.fetch(id, priority: priority)
    }
}

extension JobManifest {
    /// The settings that every node renders the job with.
    var renderSettings: RenderSettings {
        RenderSettings(
            width: self.width,
            height: self.height,
            samples: self.samples,
            maxDepth: self.maxDepth,
            seed: self.seed,
            channels: self.filmChannels
        )
    }

    /// What frames carry beside the light.
    var filmChannels: FilmChannels { FilmChannels(rawValue: UInt8(truncatingIfNeeded: self.channels)) }
}

extension RenderPool {
    /// Renders blocks on one thread and waits for them.
    func render(
        scene: Scene,
        settings: RenderSettings,
        blocks: [BlockBounds],
        isUrgent: Bool = false,
        cancellation: CancellationFlag = CancellationFlag()
    ) async -> RenderOutcome {
        await withCheckedContinuation { continuation in
            self.submit(
                RenderTask(
                    scene: scene,
                    settings: settings,
                    blocks: blocks,
                    isUrgent: isUrgent,
                    cancellation: cancellation
                ) { continuation.resume(returning: $0) }
            )
        }
    }
}
