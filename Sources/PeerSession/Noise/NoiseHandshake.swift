/// The handshake `Noise_XX_25519_ChaChaPoly_SHA256` (Noise specification, revision 34).
///
/// ```
/// -> e
/// <- e, ee, s, es
/// -> s, se
/// ```
/// Messages are written and read in turn; after the third, ``split()`` gives the two transport ciphers. Any failure to
/// read ends the handshake for good.
package final class NoiseHandshake {
    /// Who speaks first.
    package enum Role: Sendable {
        /// Writes messages 1 and 3.
        case initiator
        /// Writes message 2.
        case responder
    }

    /// A message that cannot be read; the peer is never told more than that the connection ended.
    package enum Failure: Error, Hashable {
        /// It is not this side's turn, or the handshake failed before.
        case outOfTurn
        /// The message is shorter than its keys and tags.
        case truncated
        /// A public key of low order.
        case badPublicKey
        /// The tag does not fit.
        case notAuthentic
    }

    private enum Token {
        case e, s, ee, es, se
    }

    /// Exactly 32 bytes, so it is the initial hash itself.
    private static let protocolName = [UInt8]("Noise_XX_25519_ChaChaPoly_SHA256".utf8)
    private static let pattern: [[Token]] = [[.e], [.e, .ee, .s, .es], [.s, .se]]

    private let role: Role
    private let staticKey: SecretBytes
    private let ephemeralKey: SecretBytes
    /// The public half of the static key.
    package let staticPublicKey: [UInt8]
    /// The other side's static public key, once it was received.
    package private(set) var remoteStaticPublicKey: [UInt8]?
    private var remoteEphemeralPublicKey: [UInt8]?
    private var chainingKey: SecretBytes
    private var cipher: CipherState?
    /// The running hash h; after the last message it is the channel binding.
    package private(set) var handshakeHash: [UInt8]
    private var messageIndex = 0
    private var hasFailed = false

    /// Creates a handshake from fresh 32-byte X25519 secrets.
    package convenience init(role: Role, prologue: [UInt8] = [], staticKey: SecretBytes, ephemeralKey: SecretBytes) {
        self.init(
            role: role,
            prologue: prologue,
            staticKey: staticKey,
            staticPublicKey: Sodium.agreementPublicKey(of: staticKey),
            ephemeralKey: ephemeralKey
        )
    }

    /// Creates a handshake from a static key whose public half is known, and a fresh ephemeral one.
    init(
        role: Role,
        prologue: [UInt8] = [],
        staticKey: SecretBytes,
        staticPublicKey: [UInt8],
        ephemeralKey: SecretBytes
    ) {
        self.role = role
        self.staticKey = staticKey
        self.ephemeralKey = ephemeralKey
        self.staticPublicKey = staticPublicKey
        self.chainingKey = SecretBytes(copying: Self.protocolName)
        self.handshakeHash = Sodium.sha256(Self.protocolName + prologue)
    }

    /// Whether all three messages have passed.
    package var isFinished: Bool {
        self.messageIndex == Self.pattern.count && !self.hasFailed
    }

    /// Whether this side writes the next message.
    package var isMyTurn: Bool {
        !self.hasFailed && self.messageIndex < Self.pattern.count
            && (self.messageIndex % 2 == 0) == (self.role == .initiator)
    }

    /// Writes the next handshake message around `payload`.
    package func writeMessage(payload: [UInt8]) throws(Failure) -> [UInt8] {
        guard self.isMyTurn else { throw .outOfTurn }
        var message: [UInt8] = []
        do {
            for token in Self.pattern[self.messageIndex] {
                switch token {
                case .e:
                    let publicKey = Sodium.agreementPublicKey(of: self.ephemeralKey)
                    message += publicKey
                    self.mixHash(publicKey)
                case .s:
                    message += try self.encryptAndHash(self.staticPublicKey)
                case .ee, .es, .se:
                    try self.mixAgreement(token)
                }
            }
            message += try self.encryptAndHash(payload)
        } catch {
            self.hasFailed = true
            throw error
        }
        self.messageIndex += 1
        return message
    }

    /// Reads the next handshake message and gives its payload.
    package func readMessage(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        guard !self.isMyTurn, !self.hasFailed, self.messageIndex < Self.pattern.count else { throw .outOfTurn }
        var rest = message[...]
        let payload: [UInt8]
        do {
            for token in Self.pattern[self.messageIndex] {
                switch token {
                case .e:
                    let publicKey = try Self.take(Sodium.keySize, from: &rest)
                    self.remoteEphemeralPublicKey = publicKey
                    self.mixHash(publicKey)
                case .s:
                    let size = Sodium.keySize + (self.cipher == nil ? 0 : ChaChaPoly.tagSize)
                    self.remoteStaticPublicKey = try self.decryptAndHash(Self.take(size, from: &rest))
                case .ee, .es, .se:
                    try self.mixAgreement(token)
                }
            }
            payload = try self.decryptAndHash([UInt8](rest))
        } catch {
            self.hasFailed = true
            throw error
        }
        self.messageIndex += 1
        return payload
    }

    /// The transport ciphers, after the last message.
    ///
    /// - Parameter messagesMax: The most messages that this side sends.
    package func split(messagesMax: UInt64 = .max) -> (send: CipherState, receive: CipherState)? {
        guard self.isFinished else { return nil }
        let (first, second) = Sodium.hkdf(chainingKey: self.chainingKey, input: nil)
        let (mine, theirs) = self.role == .initiator ? (first, second) : (second, first)
        return (CipherState(key: mine, messagesMax: messagesMax), CipherState(key: theirs))
    }

    // MARK: Symmetric state

    private func mixHash(_ data: [UInt8]) {
        self.handshakeHash = Sodium.sha256(self.handshakeHash + data)
    }

    private func mixAgreement(_ token: Token) throws(Failure) {
        let isInitiator = self.role == .initiator
        let (mine, theirs): (SecretBytes, [UInt8]?) =
            switch token {
            case .es where isInitiator: (self.ephemeralKey, self.remoteStaticPublicKey)
            case .se where !isInitiator: (self.ephemeralKey, self.remoteStaticPublicKey)
            case .es, .se: (self.staticKey, self.remoteEphemeralPublicKey)
            case .ee, .e, .s: (self.ephemeralKey, self.remoteEphemeralPublicKey)
            }
        guard let theirs, let shared = Sodium.sharedSecret(mine, theirs) else { throw .badPublicKey }
        let (chainingKey, key) = Sodium.hkdf(chainingKey: self.chainingKey, input: shared)
        self.chainingKey = chainingKey
        self.cipher = CipherState(key: key)
    }

    private func encryptAndHash(_ text: [UInt8]) throws(Failure) -> [UInt8] {
        var message = text
        if let cipher {
            guard let sealed = cipher.seal(text, associatedData: self.handshakeHash) else { throw .outOfTurn }
            message = sealed
        }
        self.mixHash(message)
        return message
    }

    private func decryptAndHash(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        var text = message
        if let cipher {
            guard let opened = cipher.open(message, associatedData: self.handshakeHash) else { throw .notAuthentic }
            text = opened
        }
        self.mixHash(message)
        return text
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
        guard rest.count >= count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return [UInt8](rest.prefix(count))
    }
}
