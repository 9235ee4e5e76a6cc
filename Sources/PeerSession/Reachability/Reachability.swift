package import GridWire

/// What a node knows of whether others can dial it, and how it knows.
///
/// A pure machine. It collects where peers see this node, what port mappings there are, and what AutoNAT servers say after
/// they have dialed; it says which addresses to ask about next, and sums up in words for people.
package struct Reachability: Sendable {
    /// What is known of this node as a whole.
    package enum Verdict: Hashable, Sendable {
        /// No peer has tried, or too few to say.
        case unknown
        /// Peers reached this node at the addresses.
        case reachable
        /// Peers tried and could not.
        case unreachable
    }

    /// The addresses that are kept in mind.
    package static let candidatesMax = 16
    /// The peers whose words about one address are kept; the oldest is forgotten first.
    package static let voicesMax = 8
    /// The time after which a word counts no more.
    package static let voiceTime = Duration.seconds(3600)
    /// The time between two questions while little is known, and when the answer is stable.
    package static let askingDelay = (early: Duration.seconds(5), late: Duration.seconds(900))
    /// The words about an address after which the questions become rare.
    package static let voicesEnough = 3
    /// The peers that must see one address before it is asked about though nothing else speaks for it.
    package static let observersMin = 1

    private struct Voice {
        var peer: PeerID
        var isReachable: Bool
        var heardAt: Instant
    }

    private struct Candidate {
        var voices: [Voice] = []
        /// Who sees this node there.
        var observers: Set<PeerID> = []
        var isMapped = false
        var isListening = false
    }

    private var candidates: [Multiaddr: Candidate] = [:]
    private var relayAddresses: [Multiaddr] = []
    private var lastAsked: Instant?
    private var mappingMethod: String?
    private var order: [Multiaddr] = []

    private let countsPrivateAddresses: Bool

    /// Nothing is known.
    ///
    /// - Parameter countsPrivateAddresses: Whether the addresses of private networks and of this machine count like those that
    ///   mean the same everywhere, as in a test grid on one machine.
    package init(countsPrivateAddresses: Bool = false) {
        self.countsPrivateAddresses = countsPrivateAddresses
    }

    // MARK: What is heard

    /// The addresses of this machine's own interfaces on which the node listens.
    package mutating func listening(at addresses: [Multiaddr]) {
        for key in self.order { self.candidates[key]?.isListening = false }
        for address in addresses { self.update(address) { $0.isListening = true } }
        self.forgetUnsupported()
    }

    /// A peer sees this node at an address; only the peers that this node dialed from its listening port, and those that are
    /// told by identify, say something of use.
    package mutating func observed(_ address: Multiaddr, by peer: PeerID) {
        guard address.tcpEndpoint != nil else { return }
        self.update(address) { candidate in
            if candidate.observers.count < Self.voicesMax { candidate.observers.insert(peer) }
        }
    }

    /// A router forwards the address to this node, or does so no more.
    package mutating func mapped(_ address: Multiaddr?, by method: String?) {
        for key in self.order { self.candidates[key]?.isMapped = false }
        self.mappingMethod = address == nil ? nil : method
        if let address { self.update(address) { $0.isMapped = true } }
        self.forgetUnsupported()
    }

    /// An AutoNAT server dialed the address.
    package mutating func heard(_ isReachable: Bool, of address: Multiaddr, from peer: PeerID, now: Instant) {
        guard self.candidates[address] != nil else { return }
        self.update(address) { candidate in
            candidate.voices.removeAll { $0.peer == peer }
            candidate.voices.append(Voice(peer: peer, isReachable: isReachable, heardAt: now))
            if candidate.voices.count > Self.voicesMax { candidate.voices.removeFirst() }
        }
    }

    /// The addresses through relays.
    package mutating func relayed(at addresses: [Multiaddr]) {
        self.relayAddresses = addresses
    }

    // MARK: What to do

    /// The addresses to ask a server about now, best first; empty when it is not time yet or there is nothing to ask.
    package mutating func addressesToAsk(now: Instant) -> [Multiaddr] {
        guard self.nextDeadline(now: now).map({ $0 <= now }) ?? false else { return [] }
        self.lastAsked = now
        return self.askable(now: now)
    }

    /// When to ask again, if there is anything to ask.
    package func nextDeadline(now: Instant) -> Instant? {
        guard !self.askable(now: now).isEmpty else { return nil }
        guard let lastAsked else { return now }
        let isSettled = self.candidates.values.contains { $0.voices.count >= Self.voicesEnough }
        return lastAsked.advanced(by: isSettled ? Self.askingDelay.late : Self.askingDelay.early)
    }

    private func askable(now: Instant) -> [Multiaddr] {
        let usable = self.order.filter { address in
            guard let candidate = self.candidates[address], let ip = address.tcpEndpoint?.ip else { return false }
            return (!ip.isLoopback || self.countsPrivateAddresses) && !ip.isLinkLocal && !ip.isUnspecified
                && (candidate.isMapped || candidate.isListening || candidate.observers.count >= Self.observersMin)
        }
        // Mapped and much-seen addresses first, of equals the one of which least was heard: servers dial the first they like.
        return usable.enumerated().sorted { a, b in
            let (x, y) = (self.weight(a.element), self.weight(b.element))
            return x == y ? a.offset < b.offset : x > y
        }.map(\.element)
    }

    private func weight(_ address: Multiaddr) -> Int {
        guard let candidate = self.candidates[address] else { return 0 }
        return (self.isOutside(address) ? 1000 : 0) + (candidate.isMapped ? 100 : 0) + min(candidate.observers.count, 9)
            * 10
            - candidate.voices.count
    }

    // MARK: What is known

    /// The verdict about this node.
    package func verdict(now: Instant) -> Verdict {
        if self.reachableAddresses(now: now).contains(where: self.isOutside) { return .reachable }
        let isTried = self.order.contains { address in
            guard self.isOutside(address), let candidate = self.candidates[address] else { return false }
            return self.count(candidate, isReachable: false, now: now) > 0
        }
        return isTried ? .unreachable : .unknown
    }

    /// Whether strangers reach this node too.
    ///
    /// Some routers let in whom this node has spoken to before, and those who dial for it are such. Only an address of this
    /// machine itself, or one that the router forwards, is open to all.
    package func isOpenToStrangers(now: Instant) -> Bool {
        self.reachableAddresses(now: now).contains { address in
            guard self.isOutside(address), let candidate = self.candidates[address] else { return false }
            return candidate.isListening || candidate.isMapped
        }
    }

    /// Whether strangers reach a socket of this machine itself, with no router between that forwards one port and perhaps not
    /// another; nil when nobody has tried.
    package func isOwnAddressOpen(now: Instant) -> Bool? {
        let tried = self.order.filter { address in
            guard self.isOutside(address), let candidate = self.candidates[address] else { return false }
            return candidate.isListening
                && candidate.voices.contains { $0.heardAt.duration(to: now) < Self.voiceTime }
        }
        return tried.isEmpty ? nil : tried.contains { self.isReachable($0, now: now) }
    }

    /// The addresses at which peers reached this node.
    package func reachableAddresses(now: Instant) -> [Multiaddr] {
        self.order.filter { self.isReachable($0, now: now) }
    }

    /// Whether an address means the same everywhere: what a neighbour reaches, others need not.
    private func isOutside(_ address: Multiaddr) -> Bool {
        guard let ip = address.tcpEndpoint?.ip else { return false }
        return self.countsPrivateAddresses || (!ip.isPrivate && !ip.isLinkLocal && !ip.isLoopback)
    }

    /// Whether more peers reached this node at the address than failed to.
    private func isReachable(_ address: Multiaddr, now: Instant) -> Bool {
        guard let candidate = self.candidates[address] else { return false }
        return self.count(candidate, isReachable: true, now: now) > self.count(candidate, isReachable: false, now: now)
    }

    private func count(_ candidate: Candidate, isReachable: Bool, now: Instant) -> Int {
        candidate.voices.count { $0.isReachable == isReachable && $0.heardAt.duration(to: now) < Self.voiceTime }
    }

    /// Where this node may be dialed: what was confirmed, else what may well be right.
    package func addressesToAnnounce(now: Instant) -> [Multiaddr] {
        let failed = self.order.filter { address in
            guard let candidate = self.candidates[address] else { return true }
            return !self.isReachable(address, now: now) && self.count(candidate, isReachable: false, now: now) > 0
        }
        let direct = self.order.filter { address in
            guard let candidate = self.candidates[address] else { return false }
            // An address of the local network is of use there, whatever those outside say.
            return candidate.isListening || candidate.isMapped || self.isReachable(address, now: now)
                || (candidate.observers.count >= 2 && !failed.contains(address))
        }
        return direct + self.relayAddresses
    }

    /// Where others see this node from outside, for a hole punch: those seen by most peers first.
    package var observedAddresses: [Multiaddr] {
        self.order.filter { self.candidates[$0]?.observers.isEmpty == false }
            .sorted { self.observerCount($0) > self.observerCount($1) }
    }

    private func observerCount(_ address: Multiaddr) -> Int {
        self.candidates[address]?.observers.count ?? 0
    }

    /// The state in one line for people: whether others reach this node, how it knows, and what to do.
    package func summary(now: Instant) -> String {
        let how = self.mappingMethod.map { ", the router forwards the port (\($0))" } ?? ""
        switch self.verdict(now: now) {
        case .reachable:
            let best = self.reachableAddresses(now: now).filter(self.isOutside).map { address in
                (address, self.candidates[address].map { self.count($0, isReachable: true, now: now) } ?? 0)
            }.max { $0.1 < $1.1 }
            guard let (address, voices) = best else { return "reachable: yes" }
            let isSure = self.isOpenToStrangers(now: now)
            return
                "reachable: \(isSure ? "yes" : "probably"), \(voices) \(voices == 1 ? "peer" : "peers") dialed \(address)\(how)"
        case .unreachable:
            let port = self.order.compactMap { self.candidates[$0]?.isListening == true ? $0.tcpEndpoint?.port : nil }
                .first
            let advice =
                "forward TCP port \(port.map { "\($0)" } ?? "") on the router to this machine, or turn on UPnP there"
            if !self.relayAddresses.isEmpty {
                return "reachable: through \(self.relayAddresses.count == 1 ? "a relay" : "relays") only; "
                    + "for direct connections \(advice)"
            }
            return "reachable: no, peers that dialed this node got no answer; \(advice)"
        case .unknown:
            if !self.relayAddresses.isEmpty { return "reachable: through a relay; no peer has tried directly yet" }
            if let inside = self.reachableAddresses(now: now).first {
                return "reachable: on this network, at \(inside); from outside not known yet"
            }
            if let seen = self.observedAddresses.first {
                return "reachable: not known yet; peers see this node at \(seen), none has tried to dial it"
            }
            return "reachable: not known yet; no peer has said how it sees this node\(how)"
        }
    }

    // MARK: Helpers

    private mutating func update(_ address: Multiaddr, _ change: (inout Candidate) -> Void) {
        if self.candidates[address] == nil {
            if self.order.count >= Self.candidatesMax {
                // What only one peer says gives way first, so that a liar cannot push out what many see.
                guard let weakest = self.order.min(by: { self.weight($0) < self.weight($1) }),
                    self.weight(weakest) < 20 + (weakest.tcpEndpoint.map { $0.ip.isPrivate ? 0 : 1000 } ?? 0)
                else { return }
                self.candidates[weakest] = nil
                self.order.removeAll { $0 == weakest }
            }
            self.candidates[address] = Candidate()
            self.order.append(address)
        }
        if var candidate = self.candidates[address] {
            change(&candidate)
            self.candidates[address] = candidate
        }
    }

    private mutating func forgetUnsupported() {
        self.order.removeAll { address in
            guard let candidate = self.candidates[address] else { return true }
            guard !candidate.isListening, !candidate.isMapped, candidate.observers.isEmpty else { return false }
            self.candidates[address] = nil
            return true
        }
    }
}
