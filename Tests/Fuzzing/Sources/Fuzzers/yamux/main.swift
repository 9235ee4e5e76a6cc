import FuzzDriver
import GridWire
import PeerSession

let start = Instant(sinceEpoch: .seconds(100))

func key(_ number: UInt8) -> IdentityKey {
    guard let key = try? IdentityKey(seed: [UInt8](repeating: number, count: 32)) else {
        preconditionFailure("a seed has 32 bytes")
    }
    return key
}

let (identity, liar) = (key(2), key(3))
let lines = Multistream.opening(SessionConnection.securityProtocol)

func framed(_ message: [UInt8]) -> [UInt8] {
    [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
}

/// A listening session whose peer did the handshake well, and the key to talk to it.
func established() throws -> (session: SessionConnection, cipher: CipherState) {
    var settings = SessionSettings()
    settings.inboundStreamsMax = 32
    settings.unconsumedBytesMax = 1 << 20
    let session = SessionConnection(
        role: .listener,
        identity: identity,
        expectedPeer: nil,
        entropy: { [UInt8](repeating: 9, count: $0) },
        inboundProtocols: ["/a"],
        settings: settings,
        now: start
    )
    let handshake = NoiseHandshake(
        role: .initiator,
        staticKey: SecretBytes(copying: 0x40 ... 0x5f),
        ephemeralKey: SecretBytes(copying: 0x60 ... 0x7f)
    )
    _ = session.receive(lines + framed(try handshake.writeMessage(payload: [])), now: start)
    let answer = session.takeOutput()
    _ = try handshake.readMessage([UInt8](answer.dropFirst(lines.count + 2)))
    let payload = HandshakePayload(
        identity: liar,
        staticPublicKey: handshake.staticPublicKey,
        muxers: [SessionConnection.muxerProtocol]
    )
    _ = session.receive(framed(try handshake.writeMessage(payload: payload.encoded())), now: start)
    guard let (cipher, _) = handshake.split(), session.isEstablished else {
        preconditionFailure("an honest handshake failed")
    }
    return (session, cipher)
}

// The bytes are the plaintext of Noise messages, each with a byte before it that says how long it is (in units of 16 bytes) and
// whether the shell answers, consumes, opens a stream or lets time pass after it.
fuzz { bytes in
    guard let (session, cipher) = try? established() else { preconditionFailure("an honest handshake failed") }
    var now = start
    var rest = bytes[...]
    while let first = rest.popFirst() {
        let text = [UInt8](rest.prefix(16 * (1 + Int(first & 31))))
        rest = rest.dropFirst(text.count)
        guard let sealed = cipher.seal(text) else { return }
        for event in session.receive(framed(sealed), now: now) {
            switch event {
            case .data(let stream, let data):
                if first & 32 != 0 { session.consumed(data.count, on: stream) }
            case .streamOpened(let stream, _):
                if first & 64 != 0 { session.send(text, on: stream) }
            case .finished(let stream):
                session.finish(stream)
            default: break
            }
        }
        if first & 128 != 0 { _ = session.openStream(protocol: "/a") }
        now = now.advanced(by: .milliseconds(Int64(first)))
        if let deadline = session.nextDeadline, deadline <= now { _ = session.handleTimeout(now: now) }
        if first & 96 != 0 { while !session.takeOutput().isEmpty {} }
    }
    precondition(session.openStreamCount <= 32 + 256, "\(session.openStreamCount) streams")
    while !session.takeOutput().isEmpty {}
    guard !session.isClosed else { return }
    // Whoever is not thrown out can still be talked to.
    precondition(session.pendingOutputBytes == 0, "bytes wait though all were taken")
}
