package import GridWire

/// Which relays a node asks to carry connections to it (circuit relay v2, the client's side).
///
/// A pure machine. A node that others cannot reach keeps reservations at up to ``reservationsWanted`` of the relays that it is
/// connected with, renews them in time, and looks further when one refuses. A node that can be reached keeps none.
package struct RelayClient: Sendable {
    /// What the shell must do.
    package enum Action: Hashable, Sendable {
        /// Ask the relay for a reservation, or to renew it, and tell how that went.
        case reserve(PeerID)
        /// The addresses under which this node is reached through relays have changed.
        case addressesChanged([Multiaddr])
    }

    /// The relays that are used at a time.
    package static let reservationsWanted = 2
    /// The relays that are remembered.
    package static let relaysMax = 32
    /// The wait after a refusal, or after an answer that made no sense.
    package static let retryDelay = Duration.seconds(60)
    /// The shortest time between two requests to one relay, whatever it says about expiry.
    package static let renewalDelayMin = Duration.seconds(30)

    private enum Phase {
        case idle(retryAt: Instant?)
        case asking(hadReservation: Bool)
        case reserved(renewAt: Instant, expires: Instant)
    }

    private struct Relay {
        var phase = Phase.idle(retryAt: nil)
        var addresses: [Multiaddr] = []
    }

    private let me: PeerID
    private var isWanted = false
    private var relays: [PeerID: Relay] = [:]
    private var announced: [Multiaddr] = []

    /// A client without relays.
    package init(me: PeerID) {
        self.me = me
    }

    /// Whether reservations are needed: this node is not reachable otherwise.
    package mutating func setWanted(_ isWanted: Bool, now: Instant) -> [Action] {
        self.isWanted = isWanted
        if !isWanted {
            for peer in self.relays.keys { self.relays[peer] = Relay() }
        }
        return self.actions(now: now)
    }

    /// A peer that says it relays is connected directly.
    package mutating func relayAppeared(_ peer: PeerID, now: Instant) -> [Action] {
        guard self.relays[peer] == nil, self.relays.count < Self.relaysMax else { return [] }
        self.relays[peer] = Relay()
        return self.actions(now: now)
    }

    /// The last session with the relay ended.
    package mutating func relayGone(_ peer: PeerID, now: Instant) -> [Action] {
        guard self.relays.removeValue(forKey: peer) != nil else { return [] }
        return self.actions(now: now)
    }

    /// The relay granted or renewed a reservation for `lifetime`, and can be reached at the addresses.
    package mutating func reservationGranted(
        by peer: PeerID,
        lifetime: Duration,
        addresses: [Multiaddr],
        now: Instant
    ) -> [Action] {
        guard self.isWanted, case .asking? = self.relays[peer]?.phase else { return [] }
        // Renewed when two thirds are over, so that one answer may be lost.
        let renewAt = now.advanced(by: max(Self.renewalDelayMin, lifetime * 2 / 3))
        self.relays[peer]?.phase = .reserved(renewAt: renewAt, expires: now.advanced(by: lifetime))
        self.relays[peer]?.addresses = addresses
        return self.actions(now: now)
    }

    /// The relay refused, or did not answer.
    package mutating func reservationFailed(at peer: PeerID, now: Instant) -> [Action] {
        guard case .asking? = self.relays[peer]?.phase else { return [] }
        self.relays[peer] = Relay(phase: .idle(retryAt: now.advanced(by: Self.retryDelay)))
        return self.actions(now: now)
    }

    /// Where this node is reached through relays now.
    package var circuitAddresses: [Multiaddr] {
        self.relays.keys.sorted().flatMap { peer -> [Multiaddr] in
            guard let relay = self.relays[peer] else { return [] }
            switch relay.phase {
            case .idle, .asking(hadReservation: false): return []
            case .reserved, .asking(hadReservation: true): break
            }
            return relay.addresses.prefix(4).compactMap { address in
                Multiaddr((address.withoutPeer ?? address).components + [.p2p(peer), .p2pCircuit])
            }
        }
    }

    /// Whether the relay has granted a reservation that still stands, so that connections from it are expected.
    package func holdsReservation(at peer: PeerID) -> Bool {
        switch self.relays[peer]?.phase {
        case .reserved, .asking(hadReservation: true): true
        case .idle, .asking(hadReservation: false), nil: false
        }
    }

    /// The relays that carry connections to this node now.
    package var relayCount: Int {
        self.relays.values.count { if case .reserved = $0.phase { true } else { false } }
    }

    /// When ``handleTimeout(now:)`` has work to do.
    package var nextDeadline: Instant? {
        guard self.isWanted else { return nil }
        return self.relays.values.compactMap { relay in
            switch relay.phase {
            case .idle(let retryAt): self.isShort ? retryAt : nil
            case .asking: nil
            case .reserved(let renewAt, let expires): min(renewAt, expires)
            }
        }.min()
    }

    /// Renews and retries what is due; calling it early or twice is harmless.
    package mutating func handleTimeout(now: Instant) -> [Action] {
        self.actions(now: now)
    }

    /// Whether fewer relays are held or asked than wanted.
    private var isShort: Bool {
        self.engagedCount < Self.reservationsWanted
    }

    private var engagedCount: Int {
        self.relays.values.count { if case .idle = $0.phase { false } else { true } }
    }

    private mutating func actions(now: Instant) -> [Action] {
        var actions: [Action] = []
        if self.isWanted {
            for peer in self.relays.keys.sorted() {
                switch self.relays[peer]?.phase {
                case .reserved(let renewAt, let expires) where renewAt <= now || expires <= now:
                    self.relays[peer]?.phase = .asking(hadReservation: expires > now)
                    actions.append(.reserve(peer))
                case .idle(let retryAt) where self.isShort && (retryAt ?? now) <= now:
                    self.relays[peer]?.phase = .asking(hadReservation: false)
                    actions.append(.reserve(peer))
                case .idle, .asking, .reserved, nil:
                    break
                }
            }
        }
        let addresses = self.circuitAddresses
        if addresses != self.announced {
            self.announced = addresses
            actions.append(.addressesChanged(addresses))
        }
        return actions
    }
}
