import GridCore
import GridWire
import PeerSession
import RenderCore

/// A film as it comes off the blocks: linear RGB, row-major, top row first.
struct Film: Sendable {
    let width: Int
    let height: Int
    var pixels: [Float]
    /// What was asked for beside the light; each is empty or has a value, or three, for every pixel.
    var albedo: [Float] = []
    var normal: [Float] = []
    var depth: [Float] = []
    var object: [UInt32] = []
    var sampleCount: [UInt32] = []
    var guideAlbedo: [Float] = []
    var guideNormal: [Float] = []

    init(geometry: FrameGeometry, channels: FilmChannels = []) {
        self.width = geometry.width
        self.height = geometry.height
        let count = geometry.width * geometry.height
        self.pixels = [Float](repeating: 0, count: 3 * count)
        if channels.contains(.albedo) { self.albedo = [Float](repeating: 0, count: 3 * count) }
        if channels.contains(.normal) { self.normal = [Float](repeating: 0, count: 3 * count) }
        if channels.contains(.depth) { self.depth = [Float](repeating: 0, count: count) }
        if channels.contains(.object) { self.object = [UInt32](repeating: 0, count: count) }
        if channels.contains(.sampleCount) { self.sampleCount = [UInt32](repeating: 0, count: count) }
        if channels.contains(.guides) {
            self.guideAlbedo = [Float](repeating: 0, count: 3 * count)
            self.guideNormal = [Float](repeating: 0, count: 3 * count)
        }
    }

    /// Puts a block where it belongs.
    mutating func insert(_ block: FilmBlock, at bounds: BlockBounds) {
        self.insert(block.pixels, 3, at: bounds, into: \.pixels)
        self.insert(block.auxiliary.albedo, 3, at: bounds, into: \.albedo)
        self.insert(block.auxiliary.normal, 3, at: bounds, into: \.normal)
        self.insert(block.auxiliary.depth, 1, at: bounds, into: \.depth)
        self.insert(block.auxiliary.object, 1, at: bounds, into: \.object)
        self.insert(block.auxiliary.sampleCount, 1, at: bounds, into: \.sampleCount)
        self.insert(block.auxiliary.guideAlbedo, 3, at: bounds, into: \.guideAlbedo)
        self.insert(block.auxiliary.guideNormal, 3, at: bounds, into: \.guideNormal)
    }

    /// Copies the rows of a block's values, `each` for a pixel, unless the block or the film has none.
    private mutating func insert<Value>(
        _ values: [Value],
        _ each: Int,
        at bounds: BlockBounds,
        into plane: WritableKeyPath<Film, [Value]>
    ) {
        guard !values.isEmpty, !self[keyPath: plane].isEmpty else { return }
        for row in 0 ..< bounds.height {
            let target = each * ((bounds.y + row) * self.width + bounds.x)
            let source = each * row * bounds.width
            self[keyPath: plane].replaceSubrange(
                target ..< target + each * bounds.width,
                with: values[source ..< source + each * bounds.width]
            )
        }
    }
}

extension GridSession {
    /// Asks the peer, over a new session when the old one was lost.
    func ask(_ request: GridRequest) async throws -> GridResponse {
        let bytes = try await self.transfer(
            TesseraProtocol.grid,
            body: request.encoded(),
            limit: TesseraProtocol.gridMessageSizeMax,
            timeout: Self.requestTimeout
        )
        let response = try GridResponse(decoding: bytes)
        if case .refused(let reason) = response { throw NodeError(.refused, "the peer refused: \(reason)") }
        return response
    }

    /// Hands a job over: the manifest, then the chunks that the peer lacks, then the word to start.
    ///
    /// - Parameter progress: told the bytes sent so far and the bytes of all chunks that were missing.
    func submit(
        _ manifest: SignedRecord,
        chunks: some ShotChunks,
        progress: @escaping @Sendable (_ sent: Int, _ total: Int) -> Void
    ) async throws -> JobID {
        var sent = 0
        while true {
            guard case .submitted(let job, let missing, let stewards) = try await self.ask(.submit(manifest: manifest))
            else {
                throw NodeError(.network, "the peer does not answer a submission as it should")
            }
            if missing.isEmpty {
                let roster = RosterEpoch(job: job, number: 1, stewards: stewards.isEmpty ? [self.peer] : stewards)
                let record = GridRecord.rosterEpoch(roster).signed(by: self.identity.peerID, with: self.identity.signer)
                guard case .accepted = try await self.ask(.start(job, roster: record)) else {
                    throw NodeError(.network, "the peer does not answer a submission as it should")
                }
                return job
            }
            let total = sent + missing.reduce(0) { $0 + (chunks.size(of: $1) ?? 0) }
            try await self.forEach(missing) { id in
                guard let bytes = try await chunks.get(id) else {
                    throw NodeError(.refused, "the peer asks for a chunk that is not of this shot")
                }
                let answer = try await self.transfer(
                    TesseraProtocol.chunkPut,
                    body: id.digest.bytes + bytes,
                    limit: 1,
                    timeout: Self.transferTimeout
                )
                switch answer.first.flatMap(TesseraProtocol.PutAnswer.init(rawValue:)) {
                case .stored: return bytes.count
                case .busy: throw NodeError(.refused, "the peer has no room for this shot; submit to another one")
                case .refused, nil: throw NodeError(.refused, "the peer does not take the shot's chunks")
                }
            } done: { count in
                sent += count
                progress(sent, total)
            }
        }
    }

    /// Where a job stands; waits for up to 30 s for something newer than `knownRevision`.
    func status(of job: JobID, knownRevision: UInt64) async throws -> JobStatus {
        guard case .status(let status) = try await self.ask(.status(job, knownRevision: knownRevision)),
            status.job == job
        else { throw NodeError(.network, "the peer does not tell where the job stands") }
        return status
    }

    /// Says what is wanted of a job from now on; only its submitter can.
    ///
    /// - Returns: What was said, with what `wish` leaves open as it was.
    func order(_ job: JobID, _ wish: OrderWish) async throws -> JobOrder {
        let status = try await self.status(of: job, knownRevision: .max)
        switch status.phase {
        case .receiving, .running: break
        case .complete: throw NodeError(.refused, "the job is complete")
        case .cancelled: throw NodeError(.refused, "the job was cancelled", hint: "submit the shot again")
        }
        let order = try wish.order(after: status, submitter: self.identity.peerID, milliseconds: WallClock.milliseconds)
        let record = GridRecord.jobOrder(order).signed(by: self.identity.peerID, with: self.identity.signer)
        _ = try await self.ask(.order(job, record))
        return order
    }

    /// The manifest of a job, proved by the job's own name.
    func manifest(of job: JobID, anyFinalFrame frame: Int) async throws -> SignedRecord {
        guard case .evidence(let records, _) = try await self.ask(.frameEvidence(job, frame: frame, firstUnit: 0)),
            let record = records.first(where: { $0.kind == .jobManifest && $0.id.digest == job.digest })
        else { throw NodeError(.verification, "the peer does not show the manifest of job \(job)") }
        return record
    }

    /// Asks for the evidence of a frame until no unit is left.
    private func evidence(ofFrame frame: Int, of job: JobID, manifest: JobManifest) async throws -> [SignedRecord] {
        // Two batches a unit, and the proofs of lies, which come with each answer.
        let recordsMax = 2 * (try UnitPlan(manifest: manifest).unitsPerFrame) + 2 * WireLimits.evidenceRecordsMax
        var records: [RecordID: SignedRecord] = [:]
        var unit = 0
        while true {
            let answer = try await self.ask(.frameEvidence(job, frame: frame, firstUnit: unit))
            guard case .evidence(let some, let next) = answer else {
                throw NodeError(.network, "the peer shows no evidence for frame \(frame)")
            }
            for record in some { records[record.id] = record }
            guard let next else { return Array(records.values) }
            guard next > unit, records.count <= recordsMax else {
                throw NodeError(.network, "the peer's evidence for frame \(frame) has no end; fetch from another one")
            }
            unit = next
        }
    }

    /// Fetches a final frame and checks all of it: each unit is signed by two workers, or by the job's submitter, and its
    /// pixels hash to that.
    ///
    /// - Returns: The frame, and what its submitter can sign once it is on the disk; nothing when that was signed before.
    /// - Throws: ``NodeError`` with code `verification` when anything does not match.
    func frame(
        _ frame: Int,
        of record: SignedRecord,
        manifest: JobManifest
    ) async throws -> (film: Film, seal: FrameSeal?) {
        let job = JobID(record.id.digest)
        let records = try await self.evidence(ofFrame: frame, of: job, manifest: manifest)
        let verdict = try FrameVerdict(
            manifest: record,
            frame: frame,
            evidence: records,
            verify: SodiumSignature.verifier
        )
        if let missing = verdict.missing {
            throw NodeError(.verification, "frame \(frame) is not proved: \(missing)")
        }
        guard let geometry = FrameGeometry(width: manifest.width, height: manifest.height) else {
            throw NodeError(.verification, "the job has an impossible size")
        }
        let channels = manifest.filmChannels
        var film = Film(geometry: geometry, channels: channels)
        try await self.forEach(verdict.units) { unit in
            let bytes = try await self.transfer(
                TesseraProtocol.pixels,
                body: UnitPixelsAddress(job: job, unit: unit).encoded(),
                limit: TesseraProtocol.pixelsSizeMax,
                timeout: Self.transferTimeout
            )
            guard !bytes.isEmpty else {
                throw NodeError(
                    .network,
                    "the peer does not hold the pixels of \(unit)",
                    hint: "fetch the frames from another peer"
                )
            }
            guard let root = UnitPixels.root(of: bytes, unit: unit, in: geometry, channels: channels),
                root == verdict.acceptedRoot(of: unit),
                let payloads = UnitPixels.payloads(bytes, of: unit, in: geometry, channels: channels)
            else {
                throw NodeError(.verification, "the pixels of \(unit) are not those that two workers signed")
            }
            return payloads
        } done: { payloads in
            for (bounds, payload) in payloads {
                let block = FilmBlock(
                    payload: Array(payload),
                    width: bounds.width,
                    height: bounds.height,
                    channels: channels
                )
                guard let block else {
                    throw NodeError(.verification, "a block of frame \(frame) has a wrong size")
                }
                film.insert(block, at: bounds)
            }
        }
        return (film, Self.seal(of: verdict, job: job, evidence: records))
    }

    /// What the submitter can sign of a frame that was checked.
    private static func seal(of verdict: FrameVerdict, job: JobID, evidence: [SignedRecord]) -> FrameSeal? {
        guard !verdict.isSealed, verdict.units.count <= FrameSeal.unitsMax else { return nil }
        let final = evidence.first { record in
            guard record.kind == .frameFinal,
                case .frameFinal(let final) = try? record.verified(by: SodiumSignature.verifier)
            else { return false }
            return final.job == job && final.frame == verdict.frame && final.framePixels == verdict.framePixels
        }
        let roots = verdict.units.compactMap { verdict.acceptedRoot(of: $0) }
        guard let final, roots.count == verdict.units.count else { return nil }
        return FrameSeal(job: job, frame: verdict.frame, final: final.id, roots: roots)
    }

    /// Says that a frame is on the submitter's disk, so that the stewards need not keep what led to it.
    ///
    /// Nothing depends on it: where it fails, they keep it.
    func tell(_ seal: FrameSeal, manifest record: SignedRecord) async {
        guard record.signer == self.identity.peerID else { return }
        let signed = GridRecord.frameSeal(seal).signed(by: self.identity.peerID, with: self.identity.signer)
        _ = try? await self.ask(.order(seal.job, signed))
    }

    /// The scene's table of contents, fetched once and proved by its name.
    private func index(of manifest: JobManifest) async throws -> SceneIndex {
        if let known = self.sceneIndex, known.root == manifest.sceneRoot { return known.index }
        let index = try SceneIndex(decoding: try await self.chunk(manifest.sceneRoot))
        self.sceneIndex = (manifest.sceneRoot, index)
        return index
    }

    /// A chunk, proved by its name.
    private func chunk(_ id: ChunkID) async throws -> [UInt8] {
        let bytes = try await self.transfer(
            TesseraProtocol.chunk,
            body: id.digest.bytes,
            limit: TesseraProtocol.chunkSizeMax,
            timeout: Self.transferTimeout
        )
        guard Digest(hashing: bytes) == id.digest else {
            throw NodeError(.verification, "the peer does not hold what the scene is made of")
        }
        return bytes
    }

    /// The names of a frame's instances, where they are to be written: fetched once, and proved by the scene's name.
    func matteNames(
        ofFrame frame: Int,
        for output: FrameOutput,
        manifest: JobManifest
    ) async throws -> MatteNames {
        guard output.layers.haveNames, manifest.filmChannels.contains(.object) else { return MatteNames() }
        if self.objectNames?.root != manifest.sceneRoot {
            let blob = try await self.index(of: manifest).names
            guard blob.size <= UInt64(ObjectNames.encodedSizeMax) else {
                throw NodeError(.verification, "the scene's names of objects are too many")
            }
            var bytes: [UInt8] = []
            for id in blob.chunks { bytes += try await self.chunk(id) }
            self.objectNames = (manifest.sceneRoot, try ObjectNames(decoding: bytes))
        }
        guard let names = self.objectNames?.names else { return MatteNames() }
        let position = frame - manifest.firstFrame
        return MatteNames(
            objects: names[frame: position],
            materials: names[frame: position + manifest.frameCount]
        )
    }

    /// Where a frame comes from.
    func provenance(ofFrame frame: Int, manifest: JobManifest) async throws -> FrameProvenance {
        let index = try await self.index(of: manifest)
        let position = frame - manifest.firstFrame
        guard index.frames.indices.contains(position) else {
            throw NodeError(.verification, "the scene has no frame \(frame)")
        }
        return FrameProvenance(
            assets: index.assets.chunks,
            frameChunks: index.frames[position].chunks,
            frame: frame,
            samples: manifest.samples,
            maxDepth: manifest.maxDepth,
            seed: manifest.seed,
            filter: .blackmanHarris,
            coreVersion: "\(manifest.coreVersion)"
        )
    }

    /// Does something for each element, a few at a time, and takes the results one by one.
    private func forEach<Element: Sendable, Value: Sendable>(
        _ elements: [Element],
        _ body: @escaping @Sendable (Element) async throws -> Value,
        done: (Value) throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Value.self) { group in
            var rest = elements[...]
            for _ in 0 ..< Self.transfersMax {
                guard let element = rest.popFirst() else { break }
                group.addTask { try await body(element) }
            }
            while let value = try await group.next() {
                try done(value)
                if let element = rest.popFirst() { group.addTask { try await body(element) } }
            }
        }
    }

    /// One request, repeated over a new session when the old one was lost.
    private func transfer(_ name: String, body: [UInt8], limit: Int, timeout: Duration) async throws -> [UInt8] {
        var attempt = 1
        while true {
            do {
                return try await self.network.request(
                    self.peer,
                    protocol: name,
                    body: body,
                    responseLimit: limit,
                    timeout: timeout
                )
            } catch let error as NetworkError where attempt < Self.attemptsMax && error.isLostSession {
                try await Task.sleep(for: .milliseconds(200 << attempt))
                attempt += 1
                _ = try? await self.reconnect()
            }
        }
    }

    private func reconnect() async throws {
        guard try await self.network.dial(self.address) == self.peer else {
            throw NodeError(.network, "another peer answers at \(self.address) now")
        }
        let bytes = try await self.network.request(
            self.peer,
            protocol: TesseraProtocol.grid,
            body: GridRequest.hello(self.hello).encoded(),
            responseLimit: TesseraProtocol.gridMessageSizeMax,
            timeout: Self.requestTimeout
        )
        guard case .hello = try GridResponse(decoding: bytes) else {
            throw NodeError(.network, "the peer at \(self.address) refuses a new session")
        }
    }
}

extension NetworkError {
    /// Whether asking again over a new session may help.
    fileprivate var isLostSession: Bool {
        switch self.code {
        case .notConnected, .disconnected, .timedOut, .cannotConnect: true
        default: false
        }
    }
}
