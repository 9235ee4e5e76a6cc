import GridWire
import PeerSession
import Testing

/// A peer that does the handshake well and then says whatever a test wants.
final class RawPeer {
    let session: SessionConnection
    let key: IdentityKey
    private(set) var send: CipherState?
    private(set) var receive: CipherState?
    private let handshake: NoiseHandshake
    private var plain: [UInt8] = []
    private let isDialer: Bool
    private var text: [UInt8] = []

    /// A raw peer at the other end of a new connection, which is a listener when this dials.
    init(isDialer: Bool = true, settings: SessionSettings = SessionSettings(), seed: UInt8 = 77) throws {
        self.isDialer = isDialer
        self.key = try identity(seed)
        self.session = SessionConnection(
            role: isDialer ? .listener : .dialer,
            identity: try identity(2),
            expectedPeer: isDialer ? nil : self.key.peerID,
            entropy: entropy(33),
            inboundProtocols: ["/echo/1"],
            settings: settings,
            now: start
        )
        self.handshake = NoiseHandshake(
            role: isDialer ? .initiator : .responder,
            staticKey: SecretBytes(copying: 0x40 ... 0x5f),
            ephemeralKey: SecretBytes(copying: 0x60 ... 0x7f)
        )
    }

    static let lines = Multistream.opening("/noise")

    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }

    /// Does the whole handshake; `payload` may replace what this side proves.
    func connect(
        muxers: [String] = ["/yamux/1.0.0"],
        payload: ((NoiseHandshake, IdentityKey) -> [UInt8])? = nil
    ) throws -> [SessionEvent] {
        let payload =
            payload
            ?? { handshake, key in
                HandshakePayload(identity: key, staticPublicKey: handshake.staticPublicKey, muxers: muxers).encoded()
            }
        var events: [SessionEvent] = []
        if self.isDialer {
            let first = try self.handshake.writeMessage(payload: [])
            events += self.session.receive(Self.lines + Self.framed(first), now: start)
            let second = Pair.drain(self.session)
            try #require(second.starts(with: Self.lines))
            _ = try self.handshake.readMessage([UInt8](second.dropFirst(Self.lines.count + 2)))
            let third = try self.handshake.writeMessage(payload: payload(self.handshake, self.key))
            events += self.session.receive(Self.framed(third), now: start)
        } else {
            let first = Pair.drain(self.session)
            try #require(first.starts(with: Self.lines))
            _ = try self.handshake.readMessage([UInt8](first.dropFirst(Self.lines.count + 2)))
            let second = try self.handshake.writeMessage(payload: payload(self.handshake, self.key))
            events += self.session.receive(Self.lines + Self.framed(second), now: start)
            self.plain = Pair.drain(self.session)
            guard self.plain.count >= 2 else { return events }
            let size = Int(self.plain[0]) << 8 | Int(self.plain[1])
            _ = try self.handshake.readMessage([UInt8](self.plain[2 ..< (2 + size)]))
            self.plain.removeFirst(2 + size)
        }
        if let (send, receive) = self.handshake.split() {
            self.send = send
            self.receive = receive
        }
        return events
    }

    /// Sends plaintext in Noise messages.
    func say(_ text: [UInt8], now: Instant = start) throws -> [SessionEvent] {
        let send = try #require(self.send)
        var events: [SessionEvent] = []
        var rest = text[...]
        repeat {
            let piece = rest.prefix(60_000)
            rest = rest.dropFirst(piece.count)
            let sealed = try #require(send.seal([UInt8](piece)))
            events += self.session.receive(Self.framed(sealed), now: now)
        } while !rest.isEmpty
        return events
    }

    /// Sends a frame with an optional body.
    func say(
        _ kind: YamuxHeader.Kind,
        _ flags: YamuxHeader.Flags = [],
        stream: UInt32,
        length: UInt32? = nil,
        body: [UInt8] = []
    ) throws -> [SessionEvent] {
        let header = YamuxHeader(kind, flags, stream: stream, length: length ?? UInt32(body.count))
        return try self.say(header.encoded + body)
    }

    /// Opens a stream of ours for `/echo/1`.
    func open(_ stream: UInt32) throws -> [SessionEvent] {
        try self.say(.data, .syn, stream: stream, body: Multistream.opening("/echo/1"))
    }

    /// The plaintext that the session has sent since.
    func hear() throws -> [UInt8] {
        let receive = try #require(self.receive)
        self.plain += Pair.drain(self.session)
        var text: [UInt8] = []
        while self.plain.count >= 2 {
            let size = Int(self.plain[0]) << 8 | Int(self.plain[1])
            guard self.plain.count >= 2 + size else { break }
            text += try #require(receive.open([UInt8](self.plain[2 ..< (2 + size)])))
            self.plain.removeFirst(2 + size)
        }
        return text
    }

    /// The frames that the session has sent since, with their bodies.
    func frames() throws -> [(header: YamuxHeader, body: [UInt8])] {
        var rest = try self.hear()[...]
        var frames: [(header: YamuxHeader, body: [UInt8])] = []
        while rest.count >= YamuxHeader.size {
            let bytes = [UInt8](rest.prefix(YamuxHeader.size))
            let read = YamuxHeader(bytes.span)
            let header = try #require(read)
            rest = rest.dropFirst(YamuxHeader.size)
            let size = header.kind == .data ? Int(header.length) : 0
            try #require(rest.count >= size)
            frames.append((header, [UInt8](rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        #expect(rest.isEmpty)
        return frames
    }
}
