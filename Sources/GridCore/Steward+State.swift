import GridWire

extension Steward {
    /// What the steward knows of a unit beyond the records.
    struct UnitState: Sendable {
        /// The workers that hold a lease, in the order in which they got it.
        var holders: [Int] = []
        var phase = UnitPhase.open
        /// Where the unit waits for a worker.
        var place = OpenUnits.Place.none
        /// Whether at least one result counts.
        var isRendered = false
        /// The copies that it still needs, 0...2.
        var missing = 0
        /// The workers for whom the unit counts as verified, while it is stored.
        var credited: [Int] = []
        /// The work that is counted for each of them.
        var workCount: UInt64 = 0
    }

    enum UnitPhase: Hashable, Sendable {
        /// Results are missing.
        case open
        /// Results differ.
        case disputed
        /// Two results agree; the pixels are wanted.
        case accepted
        /// Two results agree and the pixels are on the disk.
        case stored
    }

    struct FrameState: Sendable {
        /// Units that are not stored.
        var unitsLeft: Int
        var isFinal = false
    }

    struct Lease: Sendable {
        let unit: Int
        let grantedAt: Instant
        var expiresAt: Instant
        /// Renewing it ends here.
        let hardExpiry: Instant
        /// Whether the worker has listed the unit among those that it holds.
        var wasListed = false
        /// Since when it has been the first of what its worker holds, so that a thread works on it.
        var begunAt: Instant?
    }

    /// A place in the line of those who wait.
    struct ParkedPlace: Sendable {
        let worker: Int
        let requestID: UInt64
    }

    struct Parked: Sendable {
        let requestID: UInt64
        let wanted: Int
        let isIdle: Bool
        let deadline: Instant
    }

    /// What the steward knows of a worker beyond the records.
    struct WorkerState: Sendable {
        let peer: PeerID
        var isBurned = false
        var lastNews: Instant?
        var disconnectedAt: Instant?
        /// In the order in which the worker will render them, as far as known.
        var leases: [Lease] = []
        var parked: Parked?
        /// The time of one block, with all threads of the worker; 0 when unknown.
        var blockMicroseconds: UInt64 = 0
        /// What energy costs it now for 10^18 of work; 0 when it does not say.
        var energyCost: UInt64 = 0
        /// Units to which it committed, in the order of arrival.
        var claimed: [Int] = []
        /// What its next grant shall say.
        var cancelled: [Int] = []
        var released: [Int] = []
        var pixels: [Int] = []
        var audits: [LeafTask] = []
        /// Stored units that its results helped to verify, and their work.
        var verifiedUnits = 0
        var workCount: UInt64 = 0

        /// Whether something is to be told that is no lease.
        var isAwaited: Bool {
            !self.audits.isEmpty || !self.pixels.isEmpty || !self.cancelled.isEmpty
        }

        /// Whether it is known to be faster than another; of equal ones the peer ids decide.
        func isFaster(than other: Self) -> Bool {
            // Subtracting one makes the unknown the slowest.
            (self.blockMicroseconds &- 1, self.peer) < (other.blockMicroseconds &- 1, other.peer)
        }
    }

    struct LeafTask: Hashable, Sendable {
        let unit: Int
        let leafIndex: Int
    }

    /// Pixels that the steward wants.
    struct PixelWish: Sendable {
        let root: Digest
        /// The worker that was asked last.
        var holder: Int?
        /// Workers that do not have them, or sent wrong ones.
        var without: [Int] = []
        var attempts = 0
        /// Since when none of its holders was to be seen.
        var aloneSince: Instant?
        /// Nobody has them: the unit is rendered again.
        var isRedo = false
    }

    /// Two or more roots for one unit whose leaves are known.
    struct Dispute: Sendable {
        /// The first leaf in which the two largest camps differ.
        let leafIndex: Int
        /// The worker that is asked now.
        var referee: Int?
        /// The workers that were ever asked.
        var asked: [Int] = []
        /// No worker that asks this steward could be a referee: somebody elsewhere must render the whole unit.
        var isUnrefereed = false
    }

    /// Reminders.
    enum Timer: Sendable {
        case lease(worker: Int, unit: Int)
        case parked(worker: Int, requestID: UInt64)
        case disconnected(worker: Int)
        case pixels(unit: Int, attempts: Int)
        case audit(unit: Int, referee: Int)
        case speculate
        case beat
        case flush
        case receipts
        case synced
        case close(frame: Int)
        case copy(unit: Int, attempts: Int)

        /// Whether it matters after the end of the job too.
        var isForSiblings: Bool {
            switch self {
            case .beat, .flush, .receipts, .copy: true
            case .lease, .parked, .disconnected, .pixels, .audit, .speculate, .synced, .close: false
            }
        }
    }

    /// What the active workers can do together, in blocks a microsecond.
    struct Speeds: Sendable {
        let at: Instant
        /// Of all stewards' workers.
        let all: Double
        /// Of this steward's workers.
        let own: Double
        /// The number of this steward's active workers.
        let count: Int
        /// The speed that is assumed of a worker that has not reported one.
        let ofUnknown: Double
        /// The mean time of a block over the workers whose speed is known, in microseconds; 0 when there are none.
        let mean: Double
    }

    /// The cost of energy above which workers are not needed, 0 for none.
    struct EnergyLimit: Sendable {
        let at: Instant
        let cost: UInt64
    }

    /// Leased units that an idle worker may help with.
    struct LateUnits: Sendable {
        struct Unit: Sendable {
            let unit: Int
            /// Seconds until its holders should have rendered what is missing.
            let readyIn: Double
            /// What it costs, as far as known, as a multiple of the mean unit.
            let cost: Double
        }

        let at: Instant
        let units: [Unit]
    }

    /// The work of many blocks together.
    struct SpentWork: Sendable {
        private var work = 0.0
        private var blocks = 0.0

        mutating func add(_ results: [ResultBatch.UnitResult]) {
            for result in results {
                self.work += Double(result.workCount)
                self.blocks += Double(result.unit.blockCount)
            }
        }

        /// What a unit costs by its work, as a multiple of the mean; within ``range``, since workers can say anything until
        /// others agree.
        func cost(of unit: UnitID, work: UInt64) -> Double {
            guard self.work > 0, unit.blockCount > 0 else { return 1 }
            let mean = self.work / self.blocks * Double(unit.blockCount)
            return min(max(Double(work) / mean, Self.range.lowerBound), Self.range.upperBound)
        }

        static let range = 0.25 ... 8.0
    }

    struct Counts: Sendable {
        var rendered = 0
        var stored = 0
        /// Copies that open units still need.
        var copiesMissing = 0
        var leases = 0
        var finalFrames = 0
        var burned = 0
    }

    /// When units were verified, for a rate.
    struct VerifiedHistory: Sendable {
        static let secondsMax = 30
        /// Units in each second of the last 30, newest last.
        private var buckets: [(second: Int64, units: Int)] = []

        mutating func add(now: Instant) {
            let second = now.sinceEpoch.components.seconds
            if let last = self.buckets.last, last.second == second {
                self.buckets[self.buckets.count - 1].units += 1
            } else {
                self.buckets.append((second, 1))
                if self.buckets.count > Self.secondsMax {
                    self.buckets.removeFirst()
                }
            }
        }

        /// Units a second over the last 30 s, or since the start where that is later.
        func rate(now: Instant, startedAt: Instant) -> Double {
            let second = now.sinceEpoch.components.seconds
            let units = self.buckets.reduce(0) { $0 + ($1.second > second - Int64(Self.secondsMax) ? $1.units : 0) }
            let elapsed = min(startedAt.duration(to: now).seconds, Double(Self.secondsMax))
            return elapsed > 0 ? Double(units) / max(elapsed, 1) : 0
        }
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// The duration in whole microseconds, between 0 and about 292,000 years.
    var wholeMicroseconds: UInt64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(clamping: seconds).multipliedClamped(by: 1_000_000)
            .addingClamped(UInt64(clamping: attoseconds / 1_000_000_000_000))
    }
}

extension UInt64 {
    /// The product, or the largest number where it does not fit.
    func multipliedClamped(by other: UInt64) -> UInt64 {
        let (product, overflow) = self.multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
