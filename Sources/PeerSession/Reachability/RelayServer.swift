package import GridWire

/// Whom a node relays for, within bounds (circuit relay v2, the relay's side).
///
/// A pure machine: the shell asks it before it answers, and tells it what ended. Nothing is relayed for a peer without a
/// reservation, and nothing through a connection that is relayed itself.
package struct RelayServer: Sendable {
    /// The bounds of a relay; the defaults are those that the libp2p network knows.
    package struct Limits: Sendable {
        /// The most peers with a reservation.
        package var reservationsMax = 128
        /// The most of them at one address (a /64 for IPv6).
        package var reservationsPerAddressMax = 8
        /// How long a reservation lasts.
        package var reservationTime = Duration.seconds(3600)
        /// The most circuits in all.
        package var circuitsMax = 256
        /// The most circuits of one peer, at either end.
        package var circuitsPerPeerMax = 16
        /// What one circuit may carry: enough to agree on a direct connection and for some words, not for pictures.
        package var circuit = RelayLimit(duration: .seconds(120), bytes: 128 << 10)

        /// The defaults.
        package init() {}
    }

    private struct Reservation {
        var address: IPAddress
        var expires: Instant
    }

    private let limits: Limits
    private var reservations: [PeerID: Reservation] = [:]
    private var circuits: [PeerID: Int] = [:]
    private var circuitCount = 0

    /// A relay that serves nobody yet.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The bound on each circuit.
    package var circuitLimit: RelayLimit {
        self.limits.circuit
    }

    /// The peers that hold a reservation.
    package var reservationCount: Int {
        self.reservations.count
    }

    /// Grants or renews a reservation: how long it lasts from now on, or why not.
    package mutating func reserve(
        for peer: PeerID,
        at address: IPAddress,
        isRelayed: Bool,
        now: Instant
    ) -> Result<Duration, Refusal> {
        self.forgetExpired(now: now)
        guard !isRelayed else { return .failure(Refusal(.permissionDenied)) }
        let block = address.block
        if self.reservations[peer] == nil {
            let neighbours = self.reservations.values.count { $0.address == block }
            guard self.reservations.count < self.limits.reservationsMax,
                neighbours < self.limits.reservationsPerAddressMax
            else { return .failure(Refusal(.reservationRefused)) }
        }
        let expires = now.advanced(by: self.limits.reservationTime)
        self.reservations[peer] = Reservation(address: block, expires: expires)
        return .success(self.limits.reservationTime)
    }

    /// Why something is not granted.
    package struct Refusal: Error, Hashable {
        /// In the protocol's words.
        package let status: RelayStatus

        init(_ status: RelayStatus) {
            self.status = status
        }
    }

    /// Counts a circuit between two peers, or says why it may not be.
    package mutating func connect(
        from source: PeerID,
        to target: PeerID,
        isRelayed: Bool,
        now: Instant
    ) -> RelayStatus {
        self.forgetExpired(now: now)
        guard !isRelayed, source != target else { return .permissionDenied }
        guard self.reservations[target] != nil else { return .noReservation }
        guard self.circuitCount < self.limits.circuitsMax,
            self.circuits[source, default: 0] < self.limits.circuitsPerPeerMax,
            self.circuits[target, default: 0] < self.limits.circuitsPerPeerMax
        else { return .resourceLimitExceeded }
        self.circuitCount += 1
        self.circuits[source, default: 0] += 1
        self.circuits[target, default: 0] += 1
        return .ok
    }

    /// A circuit that was counted is over, or was not made after all.
    package mutating func circuitEnded(from source: PeerID, to target: PeerID) {
        self.circuitCount -= 1
        for peer in [source, target] {
            let left = self.circuits[peer, default: 0] - 1
            self.circuits[peer] = left > 0 ? left : nil
        }
    }

    /// The last session with a peer ended, and its reservation with it.
    package mutating func peerGone(_ peer: PeerID) {
        self.reservations[peer] = nil
    }

    private mutating func forgetExpired(now: Instant) {
        self.reservations = self.reservations.filter { $0.value.expires > now }
    }
}

extension IPAddress {
    /// What one person may be assumed to have: the address itself, or the /64 of an IPv6 address.
    package var block: IPAddress {
        switch self.unmapped {
        case .v4(let value): .v4(value)
        case .v6(let high, _): .v6(high: high, low: 0)
        }
    }
}
