package import GridWire

/// Which addresses to dial when, so that wanted peers become and stay connected.
///
/// A pure machine: the shell tells it what happened and dials what it answers. Waits double from failure to failure, within
/// ``RedialSettings``, each lengthened by up to a quarter at random, so that nodes that lost each other do not knock in step.
package struct RedialSchedule: Sendable {
    /// Whom to reach.
    package struct Target: Hashable, Sendable {
        /// The address to dial, with or without the peer that must answer.
        package let address: Multiaddr

        /// Creates a target.
        package init(address: Multiaddr) {
            self.address = address
        }
    }

    private enum Phase {
        /// Dial at the instant.
        case waiting(until: Instant)
        /// A dial is in progress.
        case dialing
        /// The session stands.
        case connected(PeerID)
    }

    private struct Entry {
        var phase: Phase
        var failures = 0
        /// Configured by a person, so never given up.
        let isPermanent: Bool
        /// The peer that answers there, once known.
        var peer: PeerID?
    }

    private let settings: RedialSettings
    private var generator: SplitMix64
    private var entries: [Target: Entry] = [:]
    /// Insertion order, so that nothing depends on the dictionary's.
    private var order: [Target] = []

    /// Creates an empty schedule; `seed` decides the jitter.
    package init(settings: RedialSettings, seed: UInt64) {
        self.settings = settings
        self.generator = SplitMix64(state: seed)
    }

    /// When ``dialsDue(now:)`` has something to say, if ever.
    package var nextDeadline: Instant? {
        var earliest: Instant?
        for entry in self.entries.values {
            guard case .waiting(let instant) = entry.phase else { continue }
            if earliest.map({ instant < $0 }) ?? true { earliest = instant }
        }
        return earliest
    }

    /// A peer is wanted at the address; hearing of it again shortens no wait, except that of one that was given up.
    package mutating func want(_ target: Target, isPermanent: Bool, now: Instant) {
        guard self.entries[target] == nil else { return }
        guard isPermanent || self.order.count < self.settings.targetsMax else { return }
        self.entries[target] = Entry(phase: .waiting(until: now), isPermanent: isPermanent)
        self.order.append(target)
    }

    /// The targets to dial now; each counts as being dialed from here on.
    package mutating func dialsDue(now: Instant) -> [Target] {
        var due: [Target] = []
        for target in self.order {
            guard var entry = self.entries[target], case .waiting(let instant) = entry.phase, instant <= now else {
                continue
            }
            entry.phase = .dialing
            self.entries[target] = entry
            due.append(target)
        }
        return due
    }

    /// A dial led to a session with the peer (or one stood already).
    package mutating func dialSucceeded(_ target: Target, peer: PeerID) {
        guard var entry = self.entries[target] else { return }
        entry.phase = .connected(peer)
        entry.failures = 0
        entry.peer = peer
        self.entries[target] = entry
    }

    /// A dial failed; `isHopeless` when trying again cannot help, as with one's own address.
    package mutating func dialFailed(_ target: Target, isHopeless: Bool = false, now: Instant) {
        guard var entry = self.entries[target] else { return }
        entry.failures += 1
        if isHopeless || (!entry.isPermanent && entry.failures >= self.settings.attemptsMax) {
            self.entries[target] = nil
            self.order.removeAll { $0 == target }
            return
        }
        entry.phase = .waiting(until: now.advanced(by: self.delay(failures: entry.failures)))
        self.entries[target] = entry
    }

    /// Whether a person has asked for the session with the peer.
    package func isPermanent(_ peer: PeerID) -> Bool {
        self.entries.values.contains { $0.isPermanent && $0.peer == peer }
    }

    /// The peer is not wanted any more, unless a person has asked for it.
    package mutating func forget(_ peer: PeerID) {
        let forgotten = self.entries.filter { target, entry in
            !entry.isPermanent && (entry.peer == peer || target.address.peer == peer)
        }
        for target in forgotten.keys { self.entries[target] = nil }
        self.order.removeAll { forgotten[$0] != nil }
    }

    /// The last session with the peer ended.
    package mutating func disconnected(_ peer: PeerID, now: Instant) {
        for target in self.order {
            guard var entry = self.entries[target], case .connected(peer) = entry.phase else { continue }
            // A session that stood and fell is a first failure: peers that restart are back within a moment.
            entry.failures = 1
            entry.phase = .waiting(until: now.advanced(by: self.delay(failures: 1)))
            self.entries[target] = entry
        }
    }

    private mutating func delay(failures: Int) -> Duration {
        var delay = self.settings.delayMin
        for _ in 1 ..< max(failures, 1) where delay < self.settings.delayMax { delay = delay * 2 }
        delay = min(delay, self.settings.delayMax)
        return delay + delay * Double(self.generator.next() >> 11) * 0x1p-53 / 4
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014), enough for jitter.
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
