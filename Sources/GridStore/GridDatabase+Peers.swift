import FoundationEssentials
import GRDB
public import GridWire

/// A peer that this node met.
public struct StoredPeer: Hashable, Sendable {
    /// The peer.
    public var id: PeerID
    /// The program's name and version, as the peer tells it.
    public var agent: String
    /// Addresses where it could be dialed, as text (`/ip4/127.0.0.1/tcp/4001`).
    public var addresses: [String]
    /// When it was met first, in seconds since 1970.
    public var firstSeenAt: UInt64
    /// When it was last here, in seconds since 1970.
    public var lastSeenAt: UInt64
    /// Its place in the order of first meetings, from 1.
    public var number: UInt64

    /// Creates a peer.
    public init(
        id: PeerID,
        agent: String,
        addresses: [String],
        firstSeenAt: UInt64,
        lastSeenAt: UInt64,
        number: UInt64
    ) {
        self.id = id
        self.agent = agent
        self.addresses = addresses
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
        self.number = number
    }
}

extension GridDatabase {
    /// The most peers that are remembered.
    ///
    /// Beyond it those stay who were seen last, and as many who have come for the longest time: no flood of new keys makes a
    /// node forget whom it knows.
    public static let peerCountMax = 10_000
    /// The most addresses of a peer that are remembered.
    public static let addressCountMax = 16

    /// Remembers that a peer is here.
    ///
    /// - Parameters:
    ///   - id: the peer.
    ///   - agent: its program's name and version.
    ///   - addresses: where it can be dialed.
    ///   - number: its place in the order of first meetings; where the peer is known, that place and the time of the first
    ///     meeting stay as they are.
    ///   - time: the present, in seconds since 1970.
    ///   - countMax: how many peers are remembered.
    public func sawPeer(
        _ id: PeerID,
        agent: String,
        addresses: [String],
        number: UInt64,
        at time: UInt64,
        countMax: Int = peerCountMax
    ) async throws(StoreError) {
        let addresses = addresses.filter { !$0.contains("\n") }.prefix(Self.addressCountMax).joined(separator: "\n")
        let time = Int64(clamping: time)
        try await self.writer.write(.committed) { db in
            try db.execute(
                sql: """
                    INSERT INTO peer (id, agent, addresses, first_seen_at, last_seen_at, number) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET
                        agent = excluded.agent, addresses = excluded.addresses, last_seen_at = excluded.last_seen_at
                    """,
                arguments: [id.publicKey.blob, agent, addresses, time, time, Int64(clamping: number)]
            )
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM peer") ?? 0 > countMax else { return }
            let half = max(1, countMax / 2)
            try db.execute(
                sql: """
                    DELETE FROM peer WHERE id NOT IN (SELECT id FROM peer ORDER BY last_seen_at DESC, id LIMIT ?)
                        AND id NOT IN (
                            SELECT id FROM peer ORDER BY last_seen_at - first_seen_at DESC, number, id LIMIT ?)
                    """,
                arguments: [countMax - half, half]
            )
        }
    }

    /// The peers that were met, those seen last first.
    public func peers(limit: Int = peerCountMax) async throws(StoreError) -> [StoredPeer] {
        let path = self.path
        return try await self.read { db in
            var peers: [StoredPeer] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, agent, addresses, first_seen_at, last_seen_at, number FROM peer
                    ORDER BY last_seen_at DESC, id LIMIT ?
                    """,
                arguments: [max(0, limit)]
            )
            while let row = try rows.next() {
                guard let id = PeerID(publicKey: row["id"] as Data) else {
                    throw StoreError.damaged(path: path, reason: "a peer of it has no proper key")
                }
                let addresses: String = row["addresses"]
                peers.append(
                    StoredPeer(
                        id: id,
                        agent: row["agent"],
                        addresses: addresses.split(separator: "\n").map(String.init),
                        firstSeenAt: UInt64(clamping: row["first_seen_at"] as Int64),
                        lastSeenAt: UInt64(clamping: row["last_seen_at"] as Int64),
                        number: UInt64(clamping: row["number"] as Int64)
                    )
                )
            }
            return peers
        }
    }
}
