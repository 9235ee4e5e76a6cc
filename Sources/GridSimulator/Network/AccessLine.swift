/// A node's line as it stands: whether it is in a bad spell, and until when it is busy.
struct AccessLine {
    /// The share of packets that a bad line loses.
    static let badLossRate = 0.5
    /// The payload of a packet in bytes.
    static let packetSize = 1_400
    /// The shortest wait of TCP for an acknowledgement in seconds (RFC 6298 has 1; Linux has this).
    static let retransmissionSecondsMin = 0.2
    /// The most tries of one packet that are counted.
    static let triesMax = 8

    let profile: NetworkProfile
    /// From the node to the middle of the network in seconds.
    let latencySeconds: Double
    private var isBad = false
    private var spellEnds = VirtualTime.zero
    private var uploadFreeAt = VirtualTime.zero
    private var downloadFreeAt = VirtualTime.zero

    init(_ profile: NetworkProfile, using random: inout SeededRandom) {
        self.profile = profile
        let trips = profile.roundTripMilliseconds
        self.latencySeconds = random.within(trips[0], trips[1]) * 0.000_5
    }

    /// What a packet takes from here to the middle, or from there to here, in seconds.
    func packetSeconds(using random: inout SeededRandom) -> Double {
        let jitter = self.profile.jitterMilliseconds
        return self.latencySeconds + (jitter > 0 ? random.exponential(mean: jitter * 0.001) : 0)
    }

    /// Whether a packet that passes now is lost.
    mutating func losesPacket(now: VirtualTime, using random: inout SeededRandom) -> Bool {
        self.isBad(now: now, using: &random) && random.happens(Self.badLossRate)
    }

    /// How much longer than without loss a part of a stream takes that passes now, in seconds.
    ///
    /// What is lost is sent again: after a round trip when packets behind it tell of the loss, else after TCP's wait, which doubles.
    mutating func retransmissionSeconds(
        bytes: Int,
        roundTripSeconds: Double,
        now: VirtualTime,
        using random: inout SeededRandom
    ) -> Double {
        guard self.isBad(now: now, using: &random) else { return 0 }
        let packets = 1 + bytes / Self.packetSize
        var seconds = 0.0
        var wait = packets > 3 ? roundTripSeconds : max(Self.retransmissionSecondsMin, 2 * roundTripSeconds)
        let spellSeconds = self.spellEnds.seconds - now.seconds
        for _ in 0 ..< Self.triesMax {
            // While the line is bad, all packets of a long part come through unhurt only by chance.
            let isLost = seconds < spellSeconds && !random.happens(packets > 1 ? 0.25 : 1 - Self.badLossRate)
            guard isLost else { break }
            seconds += wait
            wait = max(Self.retransmissionSecondsMin, 2 * wait)
        }
        return seconds
    }

    /// Takes the time that bytes need to leave; what was sent before goes first.
    mutating func upload(_ bytes: Int, now: VirtualTime) -> VirtualTime {
        let begin = max(now, self.uploadFreeAt)
        self.uploadFreeAt = begin + Double(bytes) * 8e-6 / self.profile.uploadMegabits
        return self.uploadFreeAt
    }

    /// Takes the time that bytes need to come in that are there at an instant.
    mutating func download(_ bytes: Int, arriving time: VirtualTime) -> VirtualTime {
        let begin = max(time, self.downloadFreeAt)
        self.downloadFreeAt = begin + Double(bytes) * 8e-6 / self.profile.downloadMegabits
        return self.downloadFreeAt
    }

    /// Moves on to the spell of an instant.
    private mutating func isBad(now: VirtualTime, using random: inout SeededRandom) -> Bool {
        let badShare = self.profile.lossRate / Self.badLossRate
        guard badShare > 0 else { return false }
        let badSeconds = self.profile.lossBurstMilliseconds * 0.001
        let goodSeconds = badSeconds * (1 - badShare) / badShare
        if (now.seconds - self.spellEnds.seconds) > 16 * (badSeconds + goodSeconds) {
            // So long ago that it does not matter any more.
            self.isBad = random.happens(badShare)
            self.spellEnds = now + random.exponential(mean: self.isBad ? badSeconds : goodSeconds)
        }
        while self.spellEnds <= now {
            self.isBad.toggle()
            self.spellEnds = self.spellEnds + random.exponential(mean: self.isBad ? badSeconds : goodSeconds)
        }
        return self.isBad
    }
}
