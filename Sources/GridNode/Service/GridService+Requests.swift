import GridCore
import GridStore
import GridWire
import Logging
import PeerSession

extension GridService {
    /// Asks a peer, or this node itself, something.
    func ask(
        _ peer: PeerID,
        _ request: GridRequest,
        timeout: Duration = GridService.requestTimeout
    ) async throws -> GridResponse {
        if peer == self.me { return await self.answer(request, from: peer) }
        let bytes = try await self.network.request(
            peer,
            protocol: TesseraProtocol.grid,
            body: request.encoded(),
            responseLimit: TesseraProtocol.gridMessageSizeMax,
            timeout: timeout
        )
        return try GridResponse(decoding: bytes)
    }

    /// Tells a peer something whose answer does not matter.
    func tell(_ peer: PeerID, _ request: GridRequest) {
        Task { _ = try? await self.ask(peer, request) }
    }

    /// A parked answer to a watcher comes after 30 s at the latest.
    static var requestTimeout: Duration { .seconds(45) }
    /// A parked answer to a worker comes after 4 s at the latest; so long a steward's silence is waited for.
    static var leaseTimeout: Duration { .seconds(8) }
    /// How long a request for a job's status is parked.
    private static var statusParkedMax: Duration { .seconds(30) }
    /// The most watchers of one job.
    private static var watchersMax: Int { 256 }
    /// The most missing chunks that are named in one answer; the submitter asks again for the rest.
    private static var missingChunksMax: Int { 4096 }

    // MARK: - Sessions

    /// A session began: introduce ourselves.
    ///
    /// - Parameter address: where the other end is seen to be.
    func connected(_ peer: PeerID, at address: Multiaddr) {
        self.networks[peer] = (address.tcpEndpoint?.ip).flatMap { NetworkPrefix($0) }
        Task {
            do {
                switch try await self.ask(peer, .hello(self.hello), timeout: .seconds(10)) {
                case .hello(let hello): try self.accept(hello, from: peer)
                case .refused(let reason): throw NodeError(.refused, reason)
                default: throw NodeError(.network, "it does not speak our protocol")
                }
            } catch {
                self.logger.info("parting from a peer", metadata: ["peer.id": "\(peer)", "why": "\(error)"])
                self.network.disconnect(peer, reason: "not of this grid")
            }
        }
    }

    /// A session ended.
    func disconnected(_ peer: PeerID) {
        if let hello = self.peers.removeValue(forKey: peer) { self.remember(peer, hello) }
        self.presentSince[peer] = nil
        self.networks[peer] = nil
        Task { await self.exchange.peerGone(peer) }
        let now = self.clock.now
        self.peersChanged()
        self.perform(self.worker.stewardDisconnected(peer, now: now))
        for job in self.stewards.keys.sorted() {
            self.drive(job) { $0.peerDisconnected(peer, now: now) }
        }
        self.rearm()
    }

    var hello: Hello {
        Hello(
            grid: self.configuration.grid,
            coreVersion: self.coreVersion,
            agent: NodeService.agent,
            isWorker: self.configuration.isWorker,
            threads: self.configuration.isWorker ? self.pool.threads : 0,
            addresses: Array(self.network.announcedAddresses.prefix(16))
        )
    }

    /// Takes note of a peer of the same grid and tells it of open jobs.
    private func accept(_ hello: Hello, from peer: PeerID) throws {
        guard hello.grid == self.configuration.grid else {
            throw NodeError(.refused, "this node is of the grid \"\(self.configuration.grid)\", not \"\(hello.grid)\"")
        }
        guard hello.coreVersion == self.coreVersion else {
            throw NodeError(
                .coreMismatch,
                "this node has version \(self.coreVersion) of the path-tracing core, not \(hello.coreVersion); "
                    + "the same release of tessera has the same core"
            )
        }
        let isNew = self.peers.updateValue(hello, forKey: peer) == nil
        guard isNew else { return }
        Task { await self.exchange.peerAppeared(peer) }
        let now = self.clock.now
        self.presentSince[peer] = now
        self.remember(peer, hello)
        self.peersChanged()
        self.perform(self.worker.stewardConnected(peer, now: now))
        for job in self.stewards.keys.sorted() {
            self.drive(job) { $0.peerConnected(peer, now: now) }
            guard let steward = self.stewards[job]?.steward, steward.isActing else { continue }
            // A steward that was away when the job ended still has pixels to hold.
            let isMissed = steward.phase == .complete && steward.roster.stewards.contains(peer)
            guard steward.phase == .running || isMissed else { continue }
            self.tell(peer, .offer(steward.offer))
        }
        self.tellOfJobs(peer)
        self.rearm()
    }

    // MARK: - Answers

    /// Answers the bytes of a request; nil ends the stream of a peer that does not speak the protocol.
    func answer(_ bytes: [UInt8], from peer: PeerID) async -> [UInt8]? {
        guard let request = try? GridRequest(decoding: bytes) else { return nil }
        return await self.answer(request, from: peer).encoded()
    }

    private func answer(_ request: GridRequest, from peer: PeerID) async -> GridResponse {
        if case .hello(let hello) = request {
            do {
                try self.accept(hello, from: peer)
                return .hello(self.hello)
            } catch {
                return .refused("\(error)")
            }
        }
        guard peer == self.me || self.peers[peer] != nil else { return .refused("say hello first") }
        guard !self.isStopping || peer == self.me else { return .refused("this node is stopping") }
        switch request {
        case .hello: return .hello(self.hello)
        case .submit(let manifest): return await self.submit(manifest, from: peer)
        case .start(let job, let roster): return await self.start(job, roster: roster)
        case .lease(let lease): return await self.lease(lease, from: peer)
        case .offer(let offer):
            let missing = await self.missingBytes(of: offer)
            self.take(offer, from: peer, missingBytes: missing)
            return .accepted
        case .status(let job, let revision):
            guard self.knows(job) else {
                return await self.relay(request, of: job, for: peer) ?? .refused(Self.unknownJob(job))
            }
            return await self.status(of: job, knownRevision: revision)
        case .frameEvidence(let job, let frame, let firstUnit):
            guard let steward = self.stewards[job]?.steward else {
                return await self.relay(request, of: job, for: peer) ?? .refused(Self.unknownJob(job))
            }
            let (records, nextUnit) = steward.evidence(ofFrame: frame, from: firstUnit)
            guard !records.isEmpty else { return .refused("frame \(frame) is not final") }
            return .evidence([steward.manifestRecord] + records, nextUnit: nextUnit)
        case .haveChunks(let ids): return .chunks(self.chunks.held(among: ids))
        case .order(let job, let order):
            guard self.knows(job) else {
                return await self.relay(request, of: job, for: peer) ?? .refused(Self.unknownJob(job))
            }
            return self.obey(order, of: job)
        case .steward(let message):
            let now = self.clock.now
            let isKnown = self.drive(message.job) { $0.handle(message, from: peer, now: now) }
            return isKnown ? .accepted : .refused(Self.unknownJob(message.job))
        }
    }

    private func knows(_ job: JobID) -> Bool {
        self.stewards[job] != nil || self.receiving[job] != nil
    }

    private static func unknownJob(_ job: JobID) -> String {
        "neither this node nor a peer of it is a steward of job \(job); ask the peer that the shot was submitted to"
    }

    /// Checks a manifest and names the chunks that are missing.
    private func submit(_ record: SignedRecord, from peer: PeerID) async -> GridResponse {
        let manifest: JobManifest
        let plan: UnitPlan
        do {
            guard case .jobManifest(let decoded) = try record.verified(by: SodiumSignature.verifier) else {
                return .refused("the record is not a job manifest")
            }
            manifest = decoded
            plan = try UnitPlan(manifest: manifest)
        } catch {
            return .refused("the manifest is not valid: \(error)")
        }
        guard manifest.grid == self.configuration.grid else {
            return .refused("this node is of the grid \"\(self.configuration.grid)\", not \"\(manifest.grid)\"")
        }
        guard manifest.coreVersion == self.coreVersion else {
            return .refused("this node has version \(self.coreVersion) of the path-tracing core")
        }
        let job = JobID(record.id.digest)
        guard self.stewards[job] == nil else { return .submitted(job, missing: [], stewards: [self.me]) }
        if self.receiving[job] == nil {
            guard self.receiving.count + self.runningJobCount < Self.stewardedJobsMax else {
                return .refused("this node has \(Self.stewardedJobsMax) jobs already; submit to another peer")
            }
            guard self.mayKeep(plan) else { return .refused("\(Self.tooManyUnits); submit to another peer") }
            do {
                try await self.store.receive(
                    job,
                    manifest: record,
                    metBefore: self.hear(of: job),
                    at: WallClock.seconds
                )
            } catch {
                return .refused("this node cannot store the job: \(error)")
            }
            self.receiving[job] = ReceivedJob(manifest: record, lastHeard: self.clock.now)
        }
        self.receiving[job]?.lastHeard = self.clock.now
        self.senders[job] = (self.senders[job] ?? []).filter { self.peers[$0] != nil }.union([peer])
        do {
            let missing = try await self.missingChunks(of: manifest, job: job)
            return .submitted(job, missing: missing, stewards: self.proposedStewards(of: job, by: record.signer))
        } catch {
            return .refused("\(error)")
        }
    }

    var runningJobCount: Int {
        self.stewards.values.count { $0.steward.phase == .running }
    }

    /// The chunks of a job that are not here: its index first, and once that is here, what it names.
    private func missingChunks(of manifest: JobManifest, job: JobID) async throws -> [ChunkID] {
        guard let bytes = try await self.chunks.get(manifest.sceneRoot) else { return [manifest.sceneRoot] }
        let index = try SceneIndex(decoding: bytes)
        guard index.firstFrame == manifest.firstFrame, index.frames.count == manifest.frameCount else {
            throw NodeError(.invalidInput, "the scene has other frames than the manifest")
        }
        self.chunks.pin([manifest.sceneRoot] + index.allChunks, for: .scene(job))
        var seen: Set<ChunkID> = []
        let missing = self.chunks.missing(among: index.allChunks).filter { seen.insert($0).inserted }
        return Array(missing.prefix(Self.missingChunksMax))
    }

    /// All chunks are here: begin.
    private func start(_ job: JobID, roster: SignedRecord) async -> GridResponse {
        if self.stewards[job] != nil || self.joining.contains(job) { return .accepted }
        guard let record = self.receiving[job]?.manifest else { return .refused("job \(job) was not submitted here") }
        do {
            guard case .jobManifest(let manifest) = try record.verified(by: SodiumSignature.verifier) else {
                return .refused("the record is not a job manifest")
            }
            let missing = try await self.missingChunks(of: manifest, job: job)
            guard missing.isEmpty else { return .refused("\(missing.count) chunks are still missing") }
            guard case .rosterEpoch(let epoch) = try roster.verified(by: SodiumSignature.verifier), epoch.job == job,
                roster.signer == record.signer, epoch.stewards.contains(self.me)
            else { return .refused("the list of stewards is not one that the submitter signed for this node") }
            guard self.receiving[job] != nil, self.joining.insert(job).inserted else { return .accepted }
            defer { self.joining.remove(job) }
            let steward = try Steward(manifest: record, settings: self.stewardSettings, records: [roster])
            // Refused while the disk takes nothing: who handed the job in asks again.
            try await self.store.begin(job, roster: roster, at: WallClock.seconds)
            self.receiving[job] = nil
            self.senders[job] = nil
            self.adopt(steward)
        } catch {
            return .refused("\(error)")
        }
        self.peersChanged()
        self.logger.info("job accepted", metadata: ["job": "\(job)", "submitter": "\(record.signer)"])
        self.open(job)
        return .accepted
    }

    private func lease(_ request: LeaseRequest, from peer: PeerID) async -> GridResponse {
        guard self.stewards[request.job] != nil else { return .refused(Self.unknownJob(request.job)) }
        let id = self.nextRequestID
        self.nextRequestID += 1
        let grant = await withCheckedContinuation { continuation in
            self.pendingGrants[id] = continuation
            let now = self.clock.now
            self.drive(request.job) { $0.handleLeaseRequest(request, from: peer, requestID: id, now: now) }
        }
        return grant.map { .grant($0) } ?? .refused("this node is stopping")
    }

    private func status(of job: JobID, knownRevision: UInt64) async -> GridResponse {
        let deadline = self.clock.now.advanced(by: Self.statusParkedMax)
        while let shell = self.stewards[job] {
            let isOver = shell.steward.phase == .complete || shell.steward.phase == .cancelled
            if shell.steward.revision != knownRevision || isOver || self.isStopping || self.clock.now >= deadline {
                var status = shell.steward.status(now: self.clock.now)
                status.signedOrder = shell.steward.signedOrder
                return .status(status)
            }
            guard shell.watchers.count < Self.watchersMax else { return .refused("too many watch this job") }
            let clock = self.clock
            let wake = Task { [weak self] in
                try? await clock.sleep(until: deadline)
                await self?.wakeWatchers(of: job)
            }
            await withCheckedContinuation { self.stewards[job]?.watchers.append($0) }
            wake.cancel()
        }
        if self.receiving[job] != nil { return .refused("job \(job) still waits for its scene") }
        return .refused(Self.unknownJob(job))
    }

    /// What the submitter wants of its job, or has of it; the signature says that it is the submitter.
    private func obey(_ order: SignedRecord, of job: JobID) -> GridResponse {
        guard self.stewards[job] != nil else { return .refused("job \(job) still waits for its scene") }
        let now = self.clock.now
        var isTaken = false
        self.drive(job) { steward in
            let actions = steward.handleOrder(order, now: now)
            isTaken = actions != nil
            return actions ?? []
        }
        guard isTaken else { return .refused("only its submitter can pause or end a job, or say that it has a frame") }
        return .accepted
    }

    // MARK: - Bytes

    /// A chunk, or nothing when it is not held.
    func answerChunk(_ request: [UInt8], from peer: PeerID) async -> [UInt8]? {
        guard self.peers[peer] != nil, let digest = Digest(request) else { return nil }
        if let bytes = try? await self.chunks.get(ChunkID(digest)) { return bytes }
        // A program that only submits and fetches asks one node; nodes ask each other directly.
        guard self.peers[peer]?.isWorker == false else { return [] }
        return (try? await self.fetchChunk(ChunkID(digest))) ?? []
    }

    /// Takes in a chunk of a job that is being received.
    func answerChunkPut(_ request: [UInt8], from peer: PeerID) async -> [UInt8]? {
        guard self.peers[peer] != nil, let digest = Digest(request.prefix(Digest.byteCount)) else { return nil }
        let isWanted = self.senders.values.contains { $0.contains(peer) }
        guard isWanted else { return [TesseraProtocol.PutAnswer.refused.rawValue] }
        do {
            try await self.chunks.put(
                Array(request.dropFirst(Digest.byteCount)),
                expecting: ChunkID(digest),
                durability: .committed
            )
            return [TesseraProtocol.PutAnswer.stored.rawValue]
        } catch {
            self.logger.warning("a chunk was not stored", metadata: ["peer.id": "\(peer)", "why": "\(error)"])
            let isFull = error.code == .diskFull || error.code == .quotaExceeded
            return [(isFull ? TesseraProtocol.PutAnswer.busy : .refused).rawValue]
        }
    }

    /// The pixels of a unit, or nothing when they are not held.
    func answerPixels(_ request: [UInt8], from peer: PeerID) async -> [UInt8]? {
        guard self.peers[peer] != nil, let address = try? UnitPixelsAddress(decoding: request) else { return nil }
        if let bytes = self.heldPixels[address.job]?[address.unit] { return bytes }
        if let bytes = try? await self.store.pixels(of: address.unit, in: address.job) { return bytes }
        return await self.relayPixels(request, address, for: peer)
    }

    /// Takes in the pixels of a unit that this node's job wants.
    func answerPixelsPut(_ request: [UInt8], from peer: PeerID) async -> [UInt8]? {
        let header = request.prefix(UnitPixelsAddress.byteCount)
        guard self.peers[peer] != nil, let address = try? UnitPixelsAddress(decoding: header) else { return nil }
        let bytes = Array(request.dropFirst(UnitPixelsAddress.byteCount))
        return [await self.storePixels(bytes, of: address.unit, in: address.job, from: peer).rawValue]
    }
}
