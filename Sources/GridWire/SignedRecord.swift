/// A record as it travels and lies in a ledger: its kind, its canonical bytes, who signed them, and the signature.
///
/// The signature is Ed25519 over `tessera-record-v1:` followed by the canonical CBOR array `[kind, signer, body]`, and
/// the id is the BLAKE2b-256 of that array, so that a second valid signature over the same content gives no second id.
public struct SignedRecord: Hashable, Sendable {
    /// The kind of the body; the numbers are part of the protocol.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// ``JobManifest``.
        case jobManifest = 1
        /// ``ResultBatch``.
        case resultBatch = 2
        /// ``AuditReport``.
        case auditReport = 3
        /// ``FraudProof``.
        case fraudProof = 4
        /// ``FrameFinal``.
        case frameFinal = 5
        /// ``RosterEpoch``.
        case rosterEpoch = 6
        /// ``StoreReceipt``.
        case storeReceipt = 7
        /// ``JobOrder``.
        case jobOrder = 8
        /// ``FrameSeal``.
        case frameSeal = 9
    }

    /// The record's name: the BLAKE2b-256 of the canonical CBOR array `[kind, signer, body]`.
    public let id: RecordID
    /// The kind of the body.
    public let kind: Kind
    /// The canonical CBOR of the record.
    public let body: [UInt8]
    /// Who signed.
    public let signer: PeerID
    /// The Ed25519 signature, 64 bytes.
    public let signature: [UInt8]

    /// The most bytes of a body; only a ``FrameSeal`` can have more than 64 KiB.
    public static let bodySizeMax = FrameSeal.unitsMax * Digest.byteCount + 4_096
    /// What every signed message begins with, so that a signature made for one purpose fits no other.
    public static let signatureDomain = "tessera-record-v1:"

    /// Creates a record from its parts; nothing is checked here.
    ///
    /// - Complexity: One hash over the body.
    public init(kind: Kind, body: [UInt8], signer: PeerID, signature: [UInt8]) {
        self.kind = kind
        self.body = body
        self.signer = signer
        self.signature = signature
        self.id = RecordID(Digest(hashing: Self.content(kind: kind, signer: signer, body: body)))
    }

    /// Feeds the id to a hasher: who makes two records with one id has broken the hash function.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.id)
    }
}

/// Tells whether a 64-byte Ed25519 signature of a message by a key is valid (libsodium's strict rules).
public typealias SignatureVerifier =
    @Sendable (_ signature: [UInt8], _ message: [UInt8], _ signer: PeerID) -> Bool

/// Signs a message with the node's Ed25519 identity key; 64 bytes.
public typealias Signer = @Sendable (_ message: [UInt8]) -> [UInt8]
