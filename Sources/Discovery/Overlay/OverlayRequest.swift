package import GridWire

/// What nodes ask each other for the sake of the overlay, on ``GridWire/TesseraProtocol/overlay``.
package enum OverlayRequest: Hashable, Sendable {
    /// Do you hear this peer? The answer is an ``Answer``.
    case hears(PeerID)
    /// Can you do without this session? The answer is an ``Answer``.
    case parting
    /// Where are these peers? The answer is ``GridWire/NodeRecord/encode(_:)`` of the records that are known.
    case whereAre([PeerID])

    /// A word.
    package enum Answer: UInt8, Sendable {
        /// No.
        case no = 0
        /// Yes.
        case yes = 1
        /// That is not known here.
        case unknown = 2
    }

    /// The most peers of one question.
    package static let peersMax = NodeRecord.recordsMax
    private static let keySize = 32

    /// One byte that names the question, then the public keys of the peers.
    package func encoded() -> [UInt8] {
        switch self {
        case .hears(let peer): [1] + peer.publicKey
        case .parting: [2]
        case .whereAre(let peers): [3] + peers.prefix(Self.peersMax).flatMap(\.publicKey)
        }
    }

    /// Reads what ``encoded()`` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        let body = bytes.dropFirst()
        guard let kind = bytes.first, body.count % Self.keySize == 0, body.count <= Self.peersMax * Self.keySize else {
            return nil
        }
        var peers: [PeerID] = []
        for start in stride(from: body.startIndex, to: body.endIndex, by: Self.keySize) {
            guard let peer = PeerID(publicKey: Array(body[start ..< start + Self.keySize])) else { return nil }
            peers.append(peer)
        }
        switch (kind, peers.count) {
        case (1, 1): self = .hears(peers[0])
        case (2, 0): self = .parting
        case (3, 1...): self = .whereAre(peers)
        default: return nil
        }
    }
}
