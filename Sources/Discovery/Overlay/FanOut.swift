package import GridWire

/// What is passed on to neighbours, once.
///
/// News that was heard before goes no further, and whoever tells too much is not passed on: a message crosses each session at most
/// once in either direction, and nobody makes others send more than an allowance.
package struct FanOut: Sendable {
    /// The most news that are remembered.
    package static let newsMax = 4_096
    /// The news that one peer, and all together, may have passed on.
    static let perPeerRate = TokenBucket.Rate(perSecond: 2, burst: 64)
    static let totalRate = TokenBucket.Rate(perSecond: 20, burst: 256)
    /// The most peers whose allowance is remembered.
    static let peersMax = 1_024

    private var known = RecentMap<Digest, Bool>(countMax: Self.newsMax)
    private var limiter: SourceLimiter<PeerID>

    /// Nothing was heard yet.
    package init(now: Instant) {
        self.limiter = SourceLimiter(
            perSource: Self.perPeerRate,
            total: Self.totalRate,
            sourceCountMax: Self.peersMax,
            now: now
        )
    }

    /// Whether what `peer` told is to be passed on; true at most once for one digest.
    package mutating func isNews(_ digest: Digest, from peer: PeerID, now: Instant) -> Bool {
        guard self.known[digest] == nil, self.limiter.admit(peer, now: now) else { return false }
        self.known[digest] = true
        return true
    }
}
