import GridWire
import PeerSession
import Synchronization

/// A ``PeerSession/BandwidthLimit`` that connections of several event loops share.
final class SharedBandwidth: Sendable {
    private let limit: Mutex<BandwidthLimit>

    init(bytesPerSecond: Int) {
        self.limit = Mutex(BandwidthLimit(bytesPerSecond: bytesPerSecond))
    }

    /// Counts bytes; how long to wait before the next.
    func spend(_ count: Int, now: Instant) -> Duration {
        self.limit.withLock { limit in
            limit.spend(count, now: now)
            return limit.wait(now: now)
        }
    }

    /// How long to wait.
    func wait(now: Instant) -> Duration {
        self.limit.withLock { $0.wait(now: now) }
    }
}
