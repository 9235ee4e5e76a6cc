import GridCore
import GridStore
import GridWire
import Logging
import PeerSession

extension GridService {
    /// The peers that lend their processors, those that are here.
    var workingPeers: [PeerID] {
        self.peers.filter { $0.value.isWorker }.keys.sorted()
    }

    /// Tells the machines who is here; called whenever a peer comes or goes.
    func peersChanged() {
        let peers = self.workingPeers
        self.worker.peersChanged(peers, others: self.knownNodes.filter { self.peers[$0]?.isWorker != false })
        for (job, shell) in self.stewards where shell.steward.phase == .running {
            let candidates = self.candidates(peers, for: job, by: shell.steward.ledger.submitter)
            self.drive(job) { steward in
                steward.candidatesChanged(candidates)
                return []
            }
        }
    }

    /// Notes which nodes there are, here or elsewhere.
    func nodesChanged(_ nodes: [PeerID]) {
        self.knownNodes = nodes
        self.peersChanged()
    }

    /// A peer offers a job: the worker may take part, and this node may be one of those who are to keep it.
    func take(_ offer: JobOffer, from peer: PeerID, missingBytes: UInt64?) {
        let now = self.clock.now
        self.perform(self.worker.offerReceived(offer, from: peer, missingBytes: missingBytes, now: now))
        let job = JobID(offer.manifest.id.digest)
        if self.worker.manifestRecord(of: job) != nil { self.hear(of: job) }
        let roster = Roster(offer)
        if self.stewards[job] != nil {
            self.drive(job) { $0.rosterHeard(roster, proof: offer.rosterProof, from: peer, now: now) }
        } else if roster.stewards.contains(self.me), self.configuration.isWorker,
            Steward.isCalled(by: offer, verify: SodiumSignature.verifier)
        {
            let proof = offer.rosterProof
            Task { await self.join(job, offer.manifest, roster, proof: proof, hasEnded: offer.isClosed) }
        }
        self.spread(offer, from: peer)
        self.rearm()
    }

    /// What of the scene of a job that is offered for the first time is not on this node's disk, in bytes.
    func missingBytes(of offer: JobOffer) async -> UInt64? {
        guard self.worker.manifest(of: JobID(offer.manifest.id.digest)) == nil,
            case .jobManifest(let manifest) = try? offer.manifest.decodedBody()
        else { return nil }
        return await self.scenes?.missingBytes(of: manifest)
    }

    /// Becomes one of a job's stewards.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - manifest: its signed manifest.
    ///   - roster: who keeps it, this node among them.
    ///   - proof: what proves that, or of a provisional roster the one before.
    ///   - hasEnded: whether nothing is left to do but to hold records and pixels, of which the others want copies.
    func join(
        _ job: JobID,
        _ manifest: SignedRecord,
        _ roster: Roster,
        proof: [SignedRecord],
        hasEnded: Bool = false
    ) async {
        guard !self.isStopping, self.stewards[job] == nil, !self.joining.contains(job) else { return }
        guard hasEnded || self.runningJobCount < Self.stewardedJobsMax, self.stewards.count < Self.keptJobsMax else {
            return self.logger.info("not keeping a job", metadata: ["job": "\(job)", "why": "too many are kept here"])
        }
        self.joining.insert(job)
        defer { self.joining.remove(job) }
        do {
            guard try await self.store.mayJoin(job) else { return }
            let steward = try Steward(
                manifest: manifest,
                settings: self.stewardSettings,
                roster: roster,
                rosterProof: proof
            )
            guard steward.manifest.grid == self.configuration.grid, steward.manifest.coreVersion == self.coreVersion
            else { return }
            guard hasEnded || self.mayKeep(steward.plan) else {
                let why = Self.tooManyUnits
                return self.logger.info("not keeping a job", metadata: ["job": "\(job)", "why": "\(why)"])
            }
            try await self.store.join(
                job,
                manifest: manifest,
                rosterProof: roster.isProvisional ? [] : proof,
                metBefore: self.hear(of: job),
                at: WallClock.seconds
            )
            guard self.stewards[job] == nil else { return }
            self.adopt(steward)
            self.peersChanged()
            if hasEnded {
                let now = self.clock.now
                self.drive(job) { $0.start(now: now) }
                return
            }
            self.open(job)
            self.logger.info("keeping a job with others", metadata: ["job": "\(job)", "roster": "\(roster.number)"])
            let manifest = steward.manifest
            Task {
                do {
                    try await self.scenes?.replicate(job, manifest: manifest)
                } catch {
                    self.logger.info("a scene is not complete here", metadata: ["job": "\(job)", "why": "\(error)"])
                }
            }
        } catch {
            self.logger.warning("a job cannot be kept here", metadata: ["job": "\(job)", "why": "\(error)"])
        }
    }

    /// All stewards of a job are gone: this node and others stand in for them.
    func found(_ job: JobID, _ roster: Roster) {
        guard let manifest = self.worker.manifestRecord(of: job) else { return }
        self.logger.warning(
            "no steward of a job is to be seen; standing in",
            metadata: ["job": "\(job)", "roster": "\(roster.number)"]
        )
        let now = self.clock.now
        if self.stewards[job] != nil {
            self.drive(job) { $0.rosterHeard(roster, from: nil, now: now) }
        } else {
            let proof = self.worker.rosterProof(of: job)
            Task { await self.join(job, manifest, roster, proof: proof) }
        }
    }

    /// Puts pixels that lie here to another steward, unless they or too many others are on their way already.
    ///
    /// The steward asks again while no receipt has come; on a slow line a second copy beside the first would only make both
    /// later.
    func copyPixels(_ unit: UnitID, of job: JobID, to peer: PeerID) {
        let address = UnitPixelsAddress(job: job, unit: unit)
        guard self.copiesUnderWay.count < Self.copiesUnderWayMax, self.copiesUnderWay.insert(address).inserted else {
            return
        }
        Task {
            defer { self.copiesUnderWay.remove(address) }
            guard let bytes = try? await self.store.pixels(of: unit, in: job) else { return }
            _ = try? await self.network.request(
                peer,
                protocol: TesseraProtocol.pixelsPut,
                body: address.encoded() + bytes,
                responseLimit: 1,
                timeout: Self.transferTimeout
            )
        }
    }

    /// Asks other nodes what this one cannot answer, for a program that only submits and fetches.
    ///
    /// Nodes ask each other directly, so that no question travels in a circle.
    func relay(_ request: GridRequest, of job: JobID, for peer: PeerID) async -> GridResponse? {
        guard self.peers[peer]?.isWorker == false else { return nil }
        for other in self.sources(of: job) {
            let response = try? await self.ask(other, request)
            switch response {
            case .refused, nil: continue
            default: return response
            }
        }
        return nil
    }

    /// The pixels of a unit from another node, for a program that only submits and fetches.
    func relayPixels(_ request: [UInt8], _ address: UnitPixelsAddress, for peer: PeerID) async -> [UInt8] {
        guard self.peers[peer]?.isWorker == false else { return [] }
        let holders = self.stewards[address.job]?.steward.holders(of: address.unit) ?? []
        let others = holders.filter { self.peers[$0] != nil } + self.sources(of: address.job)
        var asked: Set<PeerID> = []
        for other in others where asked.insert(other).inserted {
            let bytes = try? await self.network.request(
                other,
                protocol: TesseraProtocol.pixels,
                body: request,
                responseLimit: TesseraProtocol.pixelsSizeMax,
                timeout: Self.transferTimeout
            )
            if let bytes, !bytes.isEmpty { return bytes }
        }
        return []
    }

    /// The nodes that may know of a job, those that keep it first.
    private func sources(of job: JobID) -> [PeerID] {
        let stewards = self.stewards[job]?.steward.roster.stewards ?? self.worker.stewards(of: job)
        let known = stewards.filter { self.peers[$0] != nil }
        return known + self.workingPeers.filter { !known.contains($0) }.prefix(Self.sourcesMax)
    }

    /// The most units whose pixels are on their way to other stewards at a time.
    private static var copiesUnderWayMax: Int { 16 }
    /// The most nodes that are asked about a job that is not known here.
    private static var sourcesMax: Int { 32 }
    /// The most jobs that a node keeps at a time.
    static var stewardedJobsMax: Int { 64 }
    /// The most jobs of which a node is a steward, those that have ended included.
    static var keptJobsMax: Int { 4_096 }
}
