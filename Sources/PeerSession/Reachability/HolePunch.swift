package import GridWire

/// One attempt to replace a relayed connection by a direct one (DCUtR).
///
/// The side that was reached through the relay opens the stream and is the ``Role-swift.enum/initiator``: it measures the
/// round trip through the relay and tells the other when to dial, so that both first packets cross and open both NATs. On the
/// connection that results the other side, which received SYNC, speaks first whoever's packet made it.
package struct HolePunch {
    /// The protocol's name.
    package static let protocolName = "/libp2p/dcutr"
    /// The attempts that are made before a relayed connection is taken as the best that can be had.
    package static let attemptsMax = 3
    /// The most addresses that are read.
    package static let addressCountMax = 16

    /// Which part a side has.
    package enum Role: Hashable, Sendable {
        /// Was reached through the relay; opens the stream.
        case initiator
        /// Dialed through the relay.
        case responder

        /// The part on the direct connection.
        package var sessionRole: SessionRole {
            self == .responder ? .dialer : .listener
        }
    }

    /// What the shell must do.
    package enum Action: Hashable {
        /// Send bytes on the stream.
        case send([UInt8])
        /// Dial all addresses from the listening port after the delay; on what connects, ``Role/sessionRole`` decides who speaks.
        case dial([Multiaddr], after: Duration)
        /// Nothing comes of this attempt; reset the stream.
        case fail
    }

    private enum State {
        case idle
        case awaitingConnect(sentAt: Instant?)
        case awaitingSync([Multiaddr])
        case over
    }

    private let role: Role
    private let addresses: [Multiaddr]
    private var state: State
    private var buffer = MessageBuffer()

    /// An attempt; `addresses` are where others see this node.
    package init(role: Role, addresses: [Multiaddr]) {
        self.role = role
        self.addresses = Array(addresses.prefix(Self.addressCountMax))
        self.state = role == .initiator ? .idle : .awaitingConnect(sentAt: nil)
    }

    /// The stream stands; the initiator begins.
    package mutating func start(now: Instant) -> [Action] {
        guard case .idle = self.state else { return [] }
        self.state = .awaitingConnect(sentAt: now)
        return [.send(Self.encode(.connect(self.addresses)))]
    }

    /// Takes bytes from the stream.
    package mutating func receive(_ bytes: [UInt8], now: Instant) -> [Action] {
        if case .over = self.state { return [] }
        self.buffer.append(bytes)
        var actions: [Action] = []
        do {
            while let message = try self.buffer.next() {
                actions += self.handle(Self.decode(message), now: now)
                if case .over = self.state { break }
            }
        } catch {
            self.state = .over
            return [.fail]
        }
        return actions
    }

    private mutating func handle(_ message: Message?, now: Instant) -> [Action] {
        switch (self.state, message) {
        case (.awaitingConnect(let sentAt?), .connect(let theirs)) where !theirs.isEmpty:
            self.state = .over
            // SYNC needs half a round trip to arrive, and then the other side dials at once.
            return [.send(Self.encode(.sync)), .dial(theirs, after: sentAt.duration(to: now) / 2)]
        case (.awaitingConnect(nil), .connect(let theirs)) where !theirs.isEmpty:
            self.state = .awaitingSync(theirs)
            return [.send(Self.encode(.connect(self.addresses)))]
        case (.awaitingSync(let theirs), .sync):
            self.state = .over
            return [.dial(theirs, after: .zero)]
        case (.idle, _), (.awaitingConnect, _), (.awaitingSync, _), (.over, _):
            self.state = .over
            return [.fail]
        }
    }

    // MARK: Messages

    private enum Message {
        case connect([Multiaddr])
        case sync
    }

    private static func encode(_ message: Message) -> [UInt8] {
        var writer = ProtobufWriter()
        switch message {
        case .connect(let addresses):
            writer.append(1, 100)
            for address in addresses { writer.append(2, address.bytes) }
        case .sync:
            writer.append(1, 300)
        }
        return MessageBuffer.frame(writer.bytes)
    }

    private static func decode(_ bytes: [UInt8]) -> Message? {
        var type: UInt64?
        var addresses: [[UInt8]] = []
        var reader = ProtobufReader(bytes)
        do {
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .varint(let value)): type = value
                case (2, .bytes(let bytes)): addresses.append(bytes)
                default: break
                }
            }
        } catch {
            return nil
        }
        switch type {
        case 100: return .connect(Multiaddr.readable(addresses, limit: Self.addressCountMax))
        case 300: return .sync
        default: return nil
        }
    }
}
