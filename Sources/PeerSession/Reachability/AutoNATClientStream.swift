package import GridWire

/// One AutoNAT v2 request at the client.
package struct AutoNATClientStream {
    /// What the shell must do.
    package enum Action: Hashable {
        /// Send bytes on the stream.
        case send([UInt8])
        /// The stream is over, with the server's word about an address or without one.
        case ended(Verdict?)
    }

    /// A server's word about one address.
    package struct Verdict: Hashable, Sendable {
        /// The address.
        package var address: Multiaddr
        /// Whether the server says that it reached this node there.
        package var isReachable: Bool

        package init(address: Multiaddr, isReachable: Bool) {
            self.address = address
            self.isReachable = isReachable
        }
    }

    /// The most bytes that a server gets for dialing another address than the one that we speak from.
    package static let dialDataSizeMax: UInt64 = 100_000

    private let addresses: [Multiaddr]
    private var buffer = MessageBuffer()
    private var isOver = false
    private var hasSentData = false

    /// Asks about addresses, the most wanted first.
    package init(addresses: [Multiaddr]) {
        self.addresses = Array(addresses.prefix(AutoNATMessage.addressCountMax))
    }

    /// What to say first.
    package func opening(nonce: UInt64) -> [UInt8] {
        MessageBuffer.frame(AutoNATMessage.dialRequest(addresses: self.addresses, nonce: nonce).encoded())
    }

    /// Takes bytes from the stream.
    package mutating func receive(_ bytes: [UInt8]) -> [Action] {
        guard !self.isOver else { return [] }
        self.buffer.append(bytes)
        var actions: [Action] = []
        do {
            while !self.isOver, let message = try self.buffer.next() {
                actions += self.handle(AutoNATMessage(decoding: message))
            }
        } catch {
            return actions + self.end(nil)
        }
        return actions
    }

    /// The stream ended without more words.
    package mutating func streamEnded() -> [Action] {
        self.isOver ? [] : self.end(nil)
    }

    private mutating func handle(_ message: AutoNATMessage?) -> [Action] {
        switch message {
        case .dialDataRequest(let index, let count):
            guard !self.hasSentData, index < self.addresses.count, count <= Self.dialDataSizeMax else {
                return self.end(nil)
            }
            self.hasSentData = true
            return stride(from: 0, to: Int(count), by: AutoNATMessage.dataSizeMax).map { start in
                let size = min(AutoNATMessage.dataSizeMax, Int(count) - start)
                return .send(MessageBuffer.frame(AutoNATMessage.dialDataResponse(byteCount: size).encoded()))
            }
        case .dialResponse(.ok, let index, let status) where index < self.addresses.count:
            switch status {
            case .ok: return self.end(Verdict(address: self.addresses[index], isReachable: true))
            // A dial that came through and was not heard of speaks neither for nor against the address.
            case .unused, .dialBackError: return self.end(nil)
            case .dialError: return self.end(Verdict(address: self.addresses[index], isReachable: false))
            }
        case .dialResponse, .dialRequest, .dialDataResponse, nil:
            return self.end(nil)
        }
    }

    private mutating func end(_ verdict: Verdict?) -> [Action] {
        self.isOver = true
        return [.ended(verdict)]
    }
}
