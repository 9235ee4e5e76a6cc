package import GridWire

/// What AutoNAT v2 says on its dial-request stream.
package enum AutoNATMessage: Hashable {
    /// The protocol by which a client asks to be dialed.
    package static let requestProtocol = "/libp2p/autonat/2/dial-request"
    /// The protocol by which a server proves that it dialed.
    package static let dialBackProtocol = "/libp2p/autonat/2/dial-back"
    /// The most addresses that a client may ask about at a time; more are not looked at.
    package static let addressCountMax = 16
    /// The most bytes of data in one message.
    package static let dataSizeMax = 4096

    /// How a server took a request.
    package enum Status: UInt64 {
        case internalError = 0
        case rejected = 100
        case dialRefused = 101
        case ok = 200
    }

    /// What became of the dial.
    package enum DialStatus: UInt64 {
        case unused = 0
        case dialError = 100
        case dialBackError = 101
        case ok = 200
    }

    /// "Dial me": the addresses in the order of preference, unreadable ones as nothing, and the number to bring along.
    case dialRequest(addresses: [Multiaddr?], nonce: UInt64)
    /// The verdict about the numbered address.
    case dialResponse(Status, addressIndex: Int, DialStatus)
    /// "This address is not the one you speak from: send so many bytes, and I dial it."
    case dialDataRequest(addressIndex: Int, byteCount: UInt64)
    /// Some of these bytes; only their number matters.
    case dialDataResponse(byteCount: Int)

    /// Reads a message; nothing when it is malformed.
    package init?(decoding bytes: [UInt8]) {
        var reader = ProtobufReader(bytes)
        var message: Self?
        do {
            while let (field, value) = try reader.next() {
                guard case .bytes(let body) = value else { continue }
                switch field {
                case 1: message = try Self.dialRequest(body)
                case 2: message = try Self.dialResponse(body)
                case 3: message = try Self.dialDataRequest(body)
                case 4: message = try Self.dialDataResponse(body)
                default: break
                }
            }
        } catch {
            return nil
        }
        guard let message else { return nil }
        self = message
    }

    /// The protobuf.
    package func encoded() -> [UInt8] {
        var (writer, body) = (ProtobufWriter(), ProtobufWriter())
        let field: UInt64
        switch self {
        case .dialRequest(let addresses, let nonce):
            field = 1
            for address in addresses.prefix(Self.addressCountMax) { body.append(1, address?.bytes ?? []) }
            body.append(2, fixed64: nonce)
        case .dialResponse(let status, let index, let dialStatus):
            field = 2
            body.append(1, status.rawValue)
            body.append(2, UInt64(index))
            body.append(3, dialStatus.rawValue)
        case .dialDataRequest(let index, let byteCount):
            field = 3
            body.append(1, UInt64(index))
            body.append(2, byteCount)
        case .dialDataResponse(let byteCount):
            field = 4
            body.append(1, [UInt8](repeating: 0, count: min(byteCount, Self.dataSizeMax)))
        }
        writer.append(field, body.bytes)
        return writer.bytes
    }

    private static func dialRequest(_ body: [UInt8]) throws(ProtobufReader.Malformed) -> Self {
        var addresses: [Multiaddr?] = []
        var nonce: UInt64 = 0
        var reader = ProtobufReader(body)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)) where addresses.count < Self.addressCountMax:
                addresses.append(try? Multiaddr(decoding: bytes))
            case (2, .fixed64(let value)): nonce = value
            default: break
            }
        }
        return .dialRequest(addresses: addresses, nonce: nonce)
    }

    private static func numbers(_ body: [UInt8]) throws(ProtobufReader.Malformed) -> [UInt64: UInt64] {
        var numbers: [UInt64: UInt64] = [:]
        var reader = ProtobufReader(body)
        while let (field, value) = try reader.next() {
            if case .varint(let number) = value, field <= 3 { numbers[field] = number }
        }
        return numbers
    }

    private static func index(_ value: UInt64?) throws(ProtobufReader.Malformed) -> Int {
        guard let index = Int(exactly: value ?? 0), index < 1 << 16 else { throw ProtobufReader.Malformed() }
        return index
    }

    private static func dialResponse(_ body: [UInt8]) throws(ProtobufReader.Malformed) -> Self {
        let numbers = try Self.numbers(body)
        return .dialResponse(
            Status(rawValue: numbers[1] ?? 0) ?? .internalError,
            addressIndex: try Self.index(numbers[2]),
            DialStatus(rawValue: numbers[3] ?? 0) ?? .unused
        )
    }

    private static func dialDataRequest(_ body: [UInt8]) throws(ProtobufReader.Malformed) -> Self {
        let numbers = try Self.numbers(body)
        return .dialDataRequest(addressIndex: try Self.index(numbers[1]), byteCount: numbers[2] ?? 0)
    }

    private static func dialDataResponse(_ body: [UInt8]) throws(ProtobufReader.Malformed) -> Self {
        var count = 0
        var reader = ProtobufReader(body)
        while let (field, value) = try reader.next() {
            if case (1, .bytes(let bytes)) = (field, value) { count += bytes.count }
        }
        return .dialDataResponse(byteCount: count)
    }

    // MARK: The dial-back stream

    /// The number that a server brings along.
    package static func encodeDialBack(nonce: UInt64) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.append(1, fixed64: nonce)
        return MessageBuffer.frame(writer.bytes)
    }

    /// Reads what a server brings along, without its length.
    package static func decodeDialBack(_ bytes: [UInt8]) -> UInt64? {
        var reader = ProtobufReader(bytes)
        var nonce: UInt64?
        do {
            while let (field, value) = try reader.next() {
                if case (1, .fixed64(let value)) = (field, value) { nonce = value }
            }
        } catch {
            return nil
        }
        return nonce
    }

    /// What a client answers to a dial-back: an empty message, since OK is zero and proto3 leaves zeros out.
    package static let dialBackResponse: [UInt8] = MessageBuffer.frame([])
}
