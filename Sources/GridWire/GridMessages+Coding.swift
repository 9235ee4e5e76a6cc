extension GridRequest {
    private enum Tag: Int {
        case hello = 0
        case submit = 1
        case start = 2
        case lease = 3
        case offer = 4
        case status = 5
        case frameEvidence = 6
        case haveChunks = 7
        case order = 8
        case steward = 9

        var itemCount: Int {
            switch self {
            case .hello, .submit, .lease, .offer, .haveChunks, .steward: 1
            case .status, .start, .order: 2
            case .frameEvidence: 3
            }
        }
    }

    /// The canonical CBOR array that begins with the request's tag:
    /// `[0, hello]`, `[1, manifest]`, `[2, job, roster]`, `[3, leaseRequest]`, `[4, offer]`, `[5, job, knownRevision]`,
    /// `[6, job, frame, firstUnit]`, `[7, [chunk, ...]]`, `[8, job, order]`, `[9, stewardMessage]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder(room: 1_024)
        func begin(_ tag: Tag) {
            encoder.array(1 + tag.itemCount)
            encoder.integer(tag.rawValue)
        }
        switch self {
        case .hello(let hello):
            begin(.hello)
            hello.append(to: &encoder)
        case .submit(let manifest):
            begin(.submit)
            manifest.append(to: &encoder)
        case .start(let job, let roster):
            begin(.start)
            encoder.digest(job.digest)
            roster.append(to: &encoder)
        case .lease(let request):
            begin(.lease)
            request.append(to: &encoder)
        case .offer(let offer):
            begin(.offer)
            offer.append(to: &encoder)
        case .status(let job, let knownRevision):
            begin(.status)
            encoder.digest(job.digest)
            encoder.unsigned(knownRevision)
        case .frameEvidence(let job, let frame, let firstUnit):
            begin(.frameEvidence)
            encoder.digest(job.digest)
            encoder.integer(frame)
            encoder.integer(firstUnit)
        case .haveChunks(let chunks):
            begin(.haveChunks)
            encoder.chunks(chunks)
        case .order(let job, let order):
            begin(.order)
            encoder.digest(job.digest)
            order.append(to: &encoder)
        case .steward(let message):
            begin(.steward)
            message.append(to: &encoder)
        }
        return encoder.bytes
    }

    /// Reads an encoded request.
    ///
    /// - Throws: ``WireError`` when it is not canonical, too long, unknown, or a value is out of range. Records inside
    ///   are not verified.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        try checkMessageSize(bytes)
        self = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in
            try decoder.message("a request") { (decoder, tag, itemCount) throws(WireError) in
                guard let tag = Tag(rawValue: tag) else {
                    throw WireError(.unknown, "requests with tag \(tag) are not known")
                }
                try decoder.expect(itemCount, is: tag.itemCount)
                switch tag {
                case .hello: return .hello(try Hello(from: &decoder))
                case .submit: return .submit(manifest: try SignedRecord(.jobManifest, from: &decoder))
                case .start: return .start(try decoder.job(), roster: try SignedRecord(.rosterEpoch, from: &decoder))
                case .lease: return .lease(try LeaseRequest(from: &decoder))
                case .offer: return .offer(try JobOffer(from: &decoder))
                case .status: return .status(try decoder.job(), knownRevision: try decoder.unsigned())
                case .frameEvidence:
                    let (job, frame) = (try decoder.job(), try decoder.frame())
                    return .frameEvidence(job, frame: frame, firstUnit: try decoder.unitOfFrame())
                case .haveChunks: return .haveChunks(try decoder.chunks())
                case .order: return .order(try decoder.job(), try SignedRecord(.jobOrder, from: &decoder))
                case .steward: return .steward(try StewardMessage(from: &decoder))
                }
            }
        }
    }
}

extension GridResponse {
    private enum Tag: Int {
        case hello = 0
        case submitted = 1
        case accepted = 2
        case grant = 3
        case status = 4
        case evidence = 5
        case chunks = 6
        case refused = 7

        var itemCount: Int {
            switch self {
            case .accepted: 0
            case .submitted: 3
            case .evidence: 2
            case .hello, .grant, .status, .chunks, .refused: 1
            }
        }
    }

    /// The canonical CBOR array that begins with the response's tag:
    /// `[0, hello]`, `[1, job, [chunk, ...], [steward, ...]]`, `[2]`, `[3, grant]`, `[4, status]`,
    /// `[5, [record, ...], nextUnit]` (0: no unit is left), `[6, [chunk, ...]]`, `[7, sentence]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder(room: 1_024)
        func begin(_ tag: Tag) {
            encoder.array(1 + tag.itemCount)
            encoder.integer(tag.rawValue)
        }
        switch self {
        case .hello(let hello):
            begin(.hello)
            hello.append(to: &encoder)
        case .submitted(let job, let missing, let stewards):
            begin(.submitted)
            encoder.digest(job.digest)
            encoder.chunks(missing)
            encoder.array(stewards) { $0.peer($1) }
        case .accepted:
            begin(.accepted)
        case .grant(let grant):
            begin(.grant)
            grant.append(to: &encoder)
        case .status(let status):
            begin(.status)
            status.append(to: &encoder)
        case .evidence(let records, let nextUnit):
            begin(.evidence)
            encoder.records(records)
            encoder.integer(nextUnit ?? 0)
        case .chunks(let chunks):
            begin(.chunks)
            encoder.chunks(chunks)
        case .refused(let sentence):
            begin(.refused)
            encoder.sentence(sentence, sizeMax: WireLimits.sentenceSizeMax)
        }
        return encoder.bytes
    }

    /// Reads an encoded response.
    ///
    /// - Throws: ``WireError`` when it is not canonical, too long, unknown, or a value is out of range. Records inside
    ///   are not verified.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        try checkMessageSize(bytes)
        self = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in
            try decoder.message("a response") { (decoder, tag, itemCount) throws(WireError) in
                guard let tag = Tag(rawValue: tag) else {
                    throw WireError(.unknown, "responses with tag \(tag) are not known")
                }
                try decoder.expect(itemCount, is: tag.itemCount)
                switch tag {
                case .hello: return .hello(try Hello(from: &decoder))
                case .submitted:
                    let job = try decoder.job()
                    let missing = try decoder.chunks()
                    return .submitted(job, missing: missing, stewards: try decoder.stewards(countMin: 0))
                case .accepted: return .accepted
                case .grant: return .grant(try LeaseGrant(from: &decoder))
                case .status: return .status(try JobStatus(from: &decoder))
                case .evidence:
                    let records = try decoder.records(countMax: WireLimits.evidenceRecordsMax)
                    let next = try decoder.unitOfFrame()
                    return .evidence(records, nextUnit: next == 0 ? nil : next)
                case .chunks: return .chunks(try decoder.chunks())
                case .refused:
                    return .refused(try decoder.text(sizeMax: WireLimits.sentenceSizeMax, "a refusal"))
                }
            }
        }
    }
}

extension CBORDecoder {
    /// The number of a unit within its frame.
    fileprivate mutating func unitOfFrame() throws(WireError) -> Int {
        try self.integer(0 ... WireLimits.frameUnitsMax, "the number of a unit in its frame")
    }
}

private func checkMessageSize(_ bytes: [UInt8]) throws(WireError) {
    guard bytes.count <= TesseraProtocol.gridMessageSizeMax else {
        throw WireError(.outOfRange, "a message of \(bytes.count) bytes is too long")
    }
}

extension SignedRecord {
    /// Reads a record that must be of a kind.
    init(_ kind: Kind, from decoder: inout CBORDecoder) throws(WireError) {
        try self.init(from: &decoder)
        guard self.kind == kind else {
            throw WireError(.outOfRange, "a record of kind \(self.kind.rawValue) stands where a \(kind) must")
        }
    }
}
