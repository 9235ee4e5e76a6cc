package import GridWire

/// What circuit relay v2 calls its answers.
package enum RelayStatus: UInt64, Hashable, Sendable {
    case ok = 100
    case reservationRefused = 200
    case resourceLimitExceeded = 201
    case permissionDenied = 202
    case connectionFailed = 203
    case noReservation = 204
    case malformedMessage = 400
    case unexpectedMessage = 401
}

/// How much a relayed connection may be used; nothing means without end.
package struct RelayLimit: Hashable, Sendable {
    /// The longest time.
    package var duration: Duration?
    /// The most bytes in each direction.
    package var bytes: UInt64?

    /// A limit, or none.
    package init(duration: Duration? = nil, bytes: UInt64? = nil) {
        self.duration = duration
        self.bytes = bytes
    }

    /// Whether there is no limit.
    package var isAbsent: Bool {
        (self.duration ?? .zero) == .zero && (self.bytes ?? 0) == 0
    }

    fileprivate init(decoding bytes: [UInt8]) throws(ProtobufReader.Malformed) {
        self.init()
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .varint(let seconds)): self.duration = .seconds(Int64(clamping: min(seconds, 1 << 32)))
            case (2, .varint(let count)): self.bytes = count
            default: break
            }
        }
    }

    fileprivate var encoded: [UInt8] {
        var writer = ProtobufWriter()
        if let duration { writer.append(1, UInt64(clamping: duration.components.seconds)) }
        if let bytes { writer.append(2, min(bytes, Varint.valueMax)) }
        return writer.bytes
    }
}

/// A peer and where it can be reached, as relays write it.
private enum RelayPeer {
    static func encode(_ peer: PeerID) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.append(1, peer.multihash)
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(ProtobufReader.Malformed) -> PeerID? {
        var peer: PeerID?
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            if case (1, .bytes(let id)) = (field, value) { peer = try? PeerID(multihash: id) }
        }
        return peer
    }
}

/// A message between a peer and a relay.
package enum HopMessage: Hashable {
    /// The protocol's name.
    package static let protocolName = "/libp2p/circuit/relay/0.2.0/hop"

    /// What a relay grants.
    package struct Reservation: Hashable, Sendable {
        /// The most addresses that are read.
        package static let addressCountMax = 16

        /// The end, in seconds since 1970.
        package var expiration: UInt64
        /// Where the relay can be reached.
        package var addresses: [Multiaddr]
        /// The relay's signed word.
        package var voucher: [UInt8]?

        package init(expiration: UInt64, addresses: [Multiaddr], voucher: [UInt8]?) {
            self.expiration = expiration
            self.addresses = addresses
            self.voucher = voucher
        }
    }

    /// "Carry connections to me."
    case reserve
    /// "Connect me with the peer."
    case connect(PeerID)
    /// The answer to either.
    case status(RelayStatus, Reservation?, RelayLimit?)

    /// Reads a message; nothing when it is malformed.
    package init?(decoding bytes: [UInt8]) {
        var type: UInt64?
        var peer: PeerID?
        var reservation: Reservation?
        var limit: RelayLimit?
        var status: UInt64?
        var reader = ProtobufReader(bytes)
        do {
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .varint(let value)): type = value
                case (2, .bytes(let bytes)): peer = try RelayPeer.decode(bytes)
                case (3, .bytes(let bytes)): reservation = try Self.reservation(bytes)
                case (4, .bytes(let bytes)): limit = try RelayLimit(decoding: bytes)
                case (5, .varint(let value)): status = value
                default: break
                }
            }
        } catch {
            return nil
        }
        switch (type, peer) {
        case (0, _): self = .reserve
        case (1, .some(let peer)): self = .connect(peer)
        case (2, _):
            // A status that is not known is a refusal of some kind.
            self = .status(status.flatMap { RelayStatus(rawValue: $0) } ?? .connectionFailed, reservation, limit)
        default: return nil
        }
    }

    /// The protobuf; the type is written even when it is zero, since older readers require it.
    package func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        switch self {
        case .reserve:
            writer.append(1, 0)
        case .connect(let peer):
            writer.append(1, 1)
            writer.append(2, RelayPeer.encode(peer))
        case .status(let status, let reservation, let limit):
            writer.append(1, 2)
            if let reservation {
                var body = ProtobufWriter()
                body.append(1, min(reservation.expiration, Varint.valueMax))
                for address in reservation.addresses.prefix(Reservation.addressCountMax) {
                    body.append(2, address.bytes)
                }
                if let voucher = reservation.voucher { body.append(3, voucher) }
                writer.append(3, body.bytes)
            }
            if let limit, !limit.isAbsent { writer.append(4, limit.encoded) }
            writer.append(5, status.rawValue)
        }
        return writer.bytes
    }

    private static func reservation(_ bytes: [UInt8]) throws(ProtobufReader.Malformed) -> Reservation {
        var reservation = Reservation(expiration: 0, addresses: [], voucher: nil)
        var addresses: [[UInt8]] = []
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .varint(let value)): reservation.expiration = value
            case (2, .bytes(let bytes)): addresses.append(bytes)
            case (3, .bytes(let bytes)): reservation.voucher = bytes
            default: break
            }
        }
        reservation.addresses = Multiaddr.readable(addresses, limit: Reservation.addressCountMax)
        return reservation
    }
}

/// A message between a relay and the peer that somebody wants to reach.
package enum StopMessage: Hashable {
    /// The protocol's name.
    package static let protocolName = "/libp2p/circuit/relay/0.2.0/stop"

    /// "The peer wants a connection with you."
    case connect(PeerID, RelayLimit?)
    /// The answer.
    case status(RelayStatus)

    /// Reads a message; nothing when it is malformed.
    package init?(decoding bytes: [UInt8]) {
        var type: UInt64?
        var peer: PeerID?
        var limit: RelayLimit?
        var status: UInt64?
        var reader = ProtobufReader(bytes)
        do {
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .varint(let value)): type = value
                case (2, .bytes(let bytes)): peer = try RelayPeer.decode(bytes)
                case (3, .bytes(let bytes)): limit = try RelayLimit(decoding: bytes)
                case (4, .varint(let value)): status = value
                default: break
                }
            }
        } catch {
            return nil
        }
        switch (type, peer) {
        case (0, .some(let peer)): self = .connect(peer, limit)
        case (1, _): self = .status(status.flatMap { RelayStatus(rawValue: $0) } ?? .connectionFailed)
        default: return nil
        }
    }

    /// The protobuf.
    package func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        switch self {
        case .connect(let peer, let limit):
            writer.append(1, 0)
            writer.append(2, RelayPeer.encode(peer))
            if let limit, !limit.isAbsent { writer.append(3, limit.encoded) }
        case .status(let status):
            writer.append(1, 1)
            writer.append(4, status.rawValue)
        }
        return writer.bytes
    }
}
