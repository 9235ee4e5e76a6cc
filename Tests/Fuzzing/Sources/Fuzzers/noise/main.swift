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

let identity = key(2)

func session(_ role: SessionRole) -> SessionConnection {
    SessionConnection(
        role: role,
        identity: identity,
        expectedPeer: nil,
        entropy: { [UInt8](repeating: 9, count: $0) },
        inboundProtocols: ["/a"],
        now: start
    )
}

// The bytes are said to a session that listens and to one that dialed, as they are and after what makes them handshake messages,
// and read as the payload of a handshake. Nobody is believed to be anybody, and what is held stays small.
fuzz { bytes in
    let lines = Multistream.opening(SessionConnection.securityProtocol)
    let framed = [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
    for role in [SessionRole.listener, .dialer] {
        for said in [bytes, lines + bytes, lines + framed] {
            let session = session(role)
            _ = session.takeOutput()
            var position = 0
            // In pieces, as a socket would give them.
            while position < said.count {
                let end = min(position + 700, said.count)
                for event in session.receive([UInt8](said[position ..< end]), now: start) {
                    if case .established = event { preconditionFailure("somebody was believed") }
                }
                position = end
            }
            precondition(session.peer == nil && !session.isEstablished, "somebody was believed")
            precondition(session.pendingOutputBytes < 16_384, "\(session.pendingOutputBytes) bytes wait")
            _ = session.handleTimeout(now: start.advanced(by: .seconds(60)))
            precondition(session.isClosed, "a handshake has no end")
        }
    }
    precondition(
        (try? HandshakePayload(verifying: bytes, staticPublicKey: [UInt8](repeating: 1, count: 32))) == nil,
        "a signature was forged"
    )
}
