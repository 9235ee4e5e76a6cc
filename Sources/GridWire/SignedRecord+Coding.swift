extension SignedRecord {
    /// The number of bytes of a signature.
    public static let signatureSize = 64
    /// The most bytes of an encoded record.
    public static let encodedSizeMax = Self.bodySizeMax + Self.frameSizeMax

    /// The canonical CBOR array `[kind, signer, body]`; the signer is its 32-byte public key, the body a byte string.
    public var content: [UInt8] {
        Self.content(kind: self.kind, signer: self.signer, body: self.body)
    }

    /// The message that the signer signs: ``signatureDomain`` and then ``content``.
    public var signedMessage: [UInt8] {
        Self.content(kind: self.kind, signer: self.signer, body: self.body, after: Self.signatureDomain)
    }

    /// The content of a record that has no name yet.
    static func content(kind: Kind, signer: PeerID, body: [UInt8], after domain: String = "") -> [UInt8] {
        var encoder = CBOREncoder(after: domain.utf8, room: domain.utf8.count + body.count + Self.frameSizeMax)
        encoder.array(3)
        Self.appendContent(kind: kind, signer: signer, body: body, to: &encoder)
        return encoder.bytes
    }

    /// The most bytes of an encoded record that are not its body.
    private static let frameSizeMax = 128

    /// Checks the signature first, then that the body is canonical and every value is within its range.
    ///
    /// - Parameter isValid: The check of an Ed25519 signature.
    /// - Throws: ``WireError`` with ``WireError/Code-swift.struct/badSignature``, or why the body was refused.
    public func verified(by isValid: SignatureVerifier) throws(WireError) -> GridRecord {
        guard self.signature.count == Self.signatureSize, self.body.count <= Self.bodySizeMax,
            isValid(self.signature, self.signedMessage, self.signer)
        else {
            throw WireError(.badSignature, "the signature of \(self.signer) does not fit the record")
        }
        return try self.decodedBody()
    }

    /// Reads the body as strictly as ``verified(by:)``, but believes the signature; only for records that were
    /// verified before, such as those in the node's own store.
    public func decodedBody() throws(WireError) -> GridRecord {
        guard self.body.count <= Self.bodySizeMax else {
            throw WireError(.outOfRange, "a record's body of \(self.body.count) bytes is too long")
        }
        return try GridRecord(kind: self.kind, body: self.body)
    }

    /// The canonical CBOR array `[kind, signer, body, signature]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder(room: self.body.count + Self.frameSizeMax)
        self.append(to: &encoder)
        return encoder.bytes
    }

    /// Reads an encoded record; neither its signature nor its body is looked into.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        self = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in try Self(from: &decoder) }
    }

    func append(to encoder: inout CBOREncoder) {
        encoder.array(4)
        Self.appendContent(kind: self.kind, signer: self.signer, body: self.body, to: &encoder)
        encoder.byteString(self.signature)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.array(exactly: 4, "a signed record") { (decoder) throws(WireError) in
            let number = try decoder.integer(0 ... 255, "the kind of a record")
            guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: number)) else {
                throw WireError(.unknown, "records of kind \(number) are not known")
            }
            let signer = try decoder.peer("the signer")
            let body = try decoder.byteString(1 ... Self.bodySizeMax, "the body")
            let signature = try decoder.byteString(Self.signatureSize ... Self.signatureSize, "the signature")
            return Self(kind: kind, body: body, signer: signer, signature: signature)
        }
    }

    private static func appendContent(kind: Kind, signer: PeerID, body: [UInt8], to encoder: inout CBOREncoder) {
        encoder.unsigned(UInt64(kind.rawValue))
        encoder.peer(signer)
        encoder.byteString(body)
    }
}

extension GridRecord {
    /// The kind of the record.
    public var kind: SignedRecord.Kind {
        switch self {
        case .jobManifest: .jobManifest
        case .resultBatch: .resultBatch
        case .auditReport: .auditReport
        case .fraudProof: .fraudProof
        case .frameFinal: .frameFinal
        case .rosterEpoch: .rosterEpoch
        case .storeReceipt: .storeReceipt
        case .jobOrder: .jobOrder
        case .frameSeal: .frameSeal
        }
    }

    /// The canonical CBOR of the record, as it stands in ``SignedRecord/body``.
    ///
    /// Ranges are not checked here.
    public func encodedBody() -> [UInt8] {
        var encoder = CBOREncoder(room: 256)
        switch self {
        case .jobManifest(let record): record.append(to: &encoder)
        case .resultBatch(let record): record.append(to: &encoder)
        case .auditReport(let record): record.append(to: &encoder)
        case .fraudProof(let record): record.append(to: &encoder)
        case .frameFinal(let record): record.append(to: &encoder)
        case .rosterEpoch(let record): record.append(to: &encoder)
        case .storeReceipt(let record): record.append(to: &encoder)
        case .jobOrder(let record): record.append(to: &encoder)
        case .frameSeal(let record): record.append(to: &encoder)
        }
        return encoder.bytes
    }

    /// Reads a body of a kind.
    ///
    /// - Throws: ``WireError`` when it is not canonical, not of this kind, or a value is out of range.
    public init(kind: SignedRecord.Kind, body: [UInt8]) throws(WireError) {
        self = try CBORDecoder.decode(body) { (decoder) throws(WireError) in
            switch kind {
            case .jobManifest: .jobManifest(try JobManifest(from: &decoder))
            case .resultBatch: .resultBatch(try ResultBatch(from: &decoder))
            case .auditReport: .auditReport(try AuditReport(from: &decoder))
            case .fraudProof: .fraudProof(try FraudProof(from: &decoder))
            case .frameFinal: .frameFinal(try FrameFinal(from: &decoder))
            case .rosterEpoch: .rosterEpoch(try RosterEpoch(from: &decoder))
            case .storeReceipt: .storeReceipt(try StoreReceipt(from: &decoder))
            case .jobOrder: .jobOrder(try JobOrder(from: &decoder))
            case .frameSeal: .frameSeal(try FrameSeal(from: &decoder))
            }
        }
    }

    /// Throws the error with which every peer would refuse this record: call it on what a person typed before signing.
    public func check() throws(WireError) {
        let body = self.encodedBody()
        guard body.count <= SignedRecord.bodySizeMax else {
            throw WireError(.outOfRange, "the record would have \(body.count) bytes, over \(SignedRecord.bodySizeMax)")
        }
        _ = try Self(kind: self.kind, body: body)
    }

    /// Signs the record.
    ///
    /// Ranges are not checked here; ``check()`` does.
    public func signed(by signer: PeerID, with sign: Signer) -> SignedRecord {
        let body = self.encodedBody()
        let message = SignedRecord.content(
            kind: self.kind,
            signer: signer,
            body: body,
            after: SignedRecord.signatureDomain
        )
        return SignedRecord(kind: self.kind, body: body, signer: signer, signature: sign(message))
    }
}
