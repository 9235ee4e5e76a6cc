package import GridWire

/// Which of two connections with one peer is used: both ends come to the same choice without a word.
package enum SessionChoice: Hashable, Sendable {
    /// The new one takes the place of the present one.
    case replaces
    /// The present one stays.
    case spare

    /// A connection as it looks from one end.
    package struct Way: Hashable, Sendable {
        /// Whether this end dialed.
        package var isOutbound: Bool
        /// Whether a relay lies between.
        package var isRelayed: Bool

        /// Creates a way.
        package init(isOutbound: Bool, isRelayed: Bool) {
            self.isOutbound = isOutbound
            self.isRelayed = isRelayed
        }
    }

    /// Chooses between a connection that has just proved who is at its other end and the one that is used for that peer.
    ///
    /// A direct way is better than any through a relay, and of two through relays the first will do. Of two direct ones in one
    /// direction the newer stays, since the older one is most likely dead; else the one that the lower peer id dialed.
    package init(of newcomer: Way, beside present: Way, me: PeerID, peer: PeerID) {
        if newcomer.isRelayed {
            self = .spare
        } else if present.isRelayed || present.isOutbound == newcomer.isOutbound {
            self = .replaces
        } else {
            self = (newcomer.isOutbound ? me : peer) == min(me, peer) ? .replaces : .spare
        }
    }
}
