package import GridWire

/// One AutoNAT v2 request at the server: decides what to dial, and tells the verdict.
///
/// A client may name any address; so that nobody can aim the server at a third, an address other than the one that the client
/// speaks from is dialed only after the client has sent more data than the dial costs.
package struct AutoNATServerStream {
    /// What the shell must do.
    package enum Action: Hashable {
        /// Send bytes on the stream.
        case send([UInt8])
        /// Dial the address from another port than the listening one, bring the number, and tell ``dialEnded(_:)``.
        case dial(Multiaddr, nonce: UInt64)
        /// End our half: all is said.
        case finish
        /// Reset the stream: the client breaks the rules.
        case reset
    }

    private enum State {
        case awaitingRequest
        case awaitingData(index: Int, address: Multiaddr, nonce: UInt64, missing: Int)
        case dialing(index: Int)
        case over
    }

    /// The bytes that a client sends for a dial to another address than its own.
    package static let dialDataSize = 40_000

    private var state = State.awaitingRequest
    private var buffer = MessageBuffer()
    private let client: IPAddress?
    private let isDialable: (Multiaddr) -> Bool

    /// Creates the server's side of a stream.
    ///
    /// - Parameters:
    ///   - client: Where the client speaks from.
    ///   - isDialable: Whether this node would dial an address at all.
    package init(client: IPAddress?, isDialable: @escaping (Multiaddr) -> Bool) {
        self.client = client?.unmapped
        self.isDialable = isDialable
    }

    /// Takes bytes from the stream.
    package mutating func receive(_ bytes: [UInt8]) -> [Action] {
        self.buffer.append(bytes)
        var actions: [Action] = []
        do {
            while let message = try self.buffer.next() {
                actions += self.handle(AutoNATMessage(decoding: message))
                if case .over = self.state { break }
            }
        } catch {
            return self.end([.reset])
        }
        return actions
    }

    private mutating func handle(_ message: AutoNATMessage?) -> [Action] {
        switch (self.state, message) {
        case (.awaitingRequest, .dialRequest(let addresses, let nonce)):
            let own = addresses.firstIndex { $0.map { self.isDialable($0) && self.isClients($0) } ?? false }
            guard let index = own ?? addresses.firstIndex(where: { $0.map(self.isDialable) ?? false }),
                let address = addresses[index]
            else {
                return self.end([.send(Self.response(.dialRefused, 0, .unused)), .finish])
            }
            guard own == nil else {
                self.state = .dialing(index: index)
                return [.dial(address, nonce: nonce)]
            }
            self.state = .awaitingData(index: index, address: address, nonce: nonce, missing: Self.dialDataSize)
            let request = AutoNATMessage.dialDataRequest(addressIndex: index, byteCount: UInt64(Self.dialDataSize))
            return [.send(MessageBuffer.frame(request.encoded()))]
        case (.awaitingData(let index, let address, let nonce, let missing), .dialDataResponse(let count)):
            // Messages of a few bytes each would be cheap for nobody.
            guard count >= 100 || count >= missing else { return self.end([.reset]) }
            guard count >= missing else {
                self.state = .awaitingData(index: index, address: address, nonce: nonce, missing: missing - count)
                return []
            }
            self.state = .dialing(index: index)
            return [.dial(address, nonce: nonce)]
        case (.dialing, .dialDataResponse):
            return []
        case (.awaitingRequest, _), (.awaitingData, _), (.dialing, _):
            return self.end([.reset])
        case (.over, _):
            return []
        }
    }

    /// The dial has ended, and with it the bringing of the number.
    package mutating func dialEnded(_ status: AutoNATMessage.DialStatus) -> [Action] {
        guard case .dialing(let index) = self.state else { return [] }
        return self.end([.send(Self.response(.ok, index, status)), .finish])
    }

    private func isClients(_ address: Multiaddr) -> Bool {
        guard let client, let ip = address.tcpEndpoint?.ip else { return false }
        return ip.unmapped == client
    }

    private mutating func end(_ actions: [Action]) -> [Action] {
        self.state = .over
        return actions
    }

    private static func response(
        _ status: AutoNATMessage.Status,
        _ index: Int,
        _ dialStatus: AutoNATMessage.DialStatus
    ) -> [UInt8] {
        MessageBuffer.frame(AutoNATMessage.dialResponse(status, addressIndex: index, dialStatus).encoded())
    }
}
