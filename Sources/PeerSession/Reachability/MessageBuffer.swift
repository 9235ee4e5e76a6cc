import GridWire

/// Collects the length-prefixed messages of a stream from bytes that come in any pieces.
package struct MessageBuffer {
    /// The stream cannot be understood any more.
    package struct Malformed: Error, Hashable {}

    /// The most bytes of a message of the reachability protocols.
    package static let messageSizeMax = 4 << 10

    private let sizeMax: Int
    private var pending: [UInt8] = []

    /// Creates an empty buffer for messages of at most `sizeMax` bytes; at AutoNAT a whole one of data is a little longer.
    package init(sizeMax: Int = Self.messageSizeMax + 256) {
        self.sizeMax = sizeMax
    }

    /// Takes bytes from the stream.
    package mutating func append(_ bytes: [UInt8]) {
        self.pending += bytes
    }

    /// The next whole message, if it has come.
    package mutating func next() throws(Malformed) -> [UInt8]? {
        let decoded: (value: UInt64, size: Int)?
        do {
            decoded = try Varint.decode(self.pending[...])
        } catch {
            throw Malformed()
        }
        guard let decoded else {
            // A length that needs more than three bytes is too long whatever follows.
            if self.pending.count > 3 { throw Malformed() }
            return nil
        }
        guard decoded.value <= UInt64(self.sizeMax) else { throw Malformed() }
        let end = decoded.size + Int(decoded.value)
        guard self.pending.count >= end else { return nil }
        defer { self.pending.removeFirst(end) }
        return [UInt8](self.pending[decoded.size ..< end])
    }

    /// What has come behind the last message.
    package mutating func takeRest() -> [UInt8] {
        defer { self.pending = [] }
        return self.pending
    }

    /// A message as it travels.
    package static func frame(_ message: [UInt8]) -> [UInt8] {
        Varint.encode(UInt64(message.count)) + message
    }
}

extension Multiaddr {
    /// The addresses of a message that can be read; at most `limit` of them.
    static func readable(_ all: [[UInt8]], limit: Int) -> [Multiaddr] {
        all.prefix(limit).compactMap { try? Multiaddr(decoding: $0) }
    }
}
