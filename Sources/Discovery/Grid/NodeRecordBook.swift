public import GridWire

/// The node records that this node knows: the newest of each node, all of them genuine.
public struct NodeRecordBook: Sendable {
    /// The most nodes; the one whose record came the longest time ago makes room.
    public static let recordsMax = 1_024
    /// How far ahead of our clock a record may have been signed.
    static let futureMax: UInt64 = 10 * 60_000
    /// How old a record may be.
    static let ageMax: UInt64 = 24 * 3_600_000
    /// A node signs its record anew after this time.
    static let renewalTime: UInt64 = 3_600_000
    /// Whose record is older was not there for a while, or news of it takes very long.
    static let presenceTime = 3 * renewalTime

    private struct Entry: Sendable {
        var record: NodeRecord
        var order: UInt64
    }

    private let me: PeerID
    private let verify: SignatureVerifier
    private var entries: [PeerID: Entry] = [:]
    private var nextOrder: UInt64 = 0

    /// Creates an empty book.
    ///
    /// - Parameters:
    ///   - me: This node, whose record is not kept here.
    ///   - verify: The check of an Ed25519 signature.
    public init(me: PeerID, verify: @escaping SignatureVerifier) {
        self.me = me
        self.verify = verify
    }

    /// The number of nodes.
    public var count: Int {
        self.entries.count
    }

    /// The record of a node, if one is known.
    public subscript(peer: PeerID) -> NodeRecord? {
        self.entries[peer]?.record
    }

    /// The nodes that are taken to be somewhere: their records are not much older than they may be until they are renewed.
    ///
    /// - Parameter unixMilliseconds: The time since 1970.
    public func present(unixMilliseconds: UInt64) -> [PeerID] {
        self.entries.values.filter { $0.record.sequence &+ Self.presenceTime >= unixMilliseconds }.map(\.record.peer)
    }

    /// The addresses that a node signs, of all under which it is reached: those that mean something everywhere, those of private
    /// networks, and up to ``circuitsMax`` through relays, of different ones first.
    public static func addresses(toSign announced: [Multiaddr]) -> [Multiaddr] {
        var circuitsOf: [PeerID: Int] = [:]
        let circuits = announced.compactMap { address -> (turn: Int, address: Multiaddr)? in
            guard let relay = address.relay else { return nil }
            circuitsOf[relay, default: 0] += 1
            return (circuitsOf[relay] ?? 0, address)
        }
        let turns = Set(circuits.map(\.turn)).sorted()
        let chosen = turns.flatMap { turn in circuits.filter { $0.turn == turn }.map(\.address) }.prefix(
            Self.circuitsMax
        )
        let direct = announced.filter { $0.tcpEndpoint != nil }
        let outside = direct.filter { DHTScope.internet.allows($0) }
        let inside = direct.filter { !DHTScope.internet.allows($0) }
        return Array((outside + inside).prefix(NodeRecord.addressesMax - chosen.count) + chosen)
    }

    /// The most addresses through relays that a node signs.
    public static let circuitsMax = 3

    /// Whether a node's own record still says where it is, and is young enough to be passed on for long.
    ///
    /// - Parameter unixMilliseconds: The time since 1970.
    public static func isCurrent(_ own: NodeRecord, at addresses: [Multiaddr], unixMilliseconds: UInt64) -> Bool {
        own.addresses == Array(addresses.prefix(NodeRecord.addressesMax)) && own.sequence <= unixMilliseconds
            && unixMilliseconds - own.sequence < Self.renewalTime
    }

    /// The number of a node's next record: above that of the last one, also where the clock was set back since.
    ///
    /// A number that others refused, since the clock was far ahead when it was given, does not count.
    ///
    /// - Parameter unixMilliseconds: The time since 1970.
    public static func nextSequence(after last: NodeRecord?, unixMilliseconds: UInt64) -> UInt64 {
        guard let last, last.sequence <= unixMilliseconds &+ self.futureMax else { return unixMilliseconds }
        return max(unixMilliseconds, last.sequence + 1)
    }

    /// Takes in records that somebody told.
    ///
    /// - Parameters:
    ///   - scope: With whom the teller may connect us: addresses outside of it do not count, and a record without another is
    ///     ignored.
    ///   - unixMilliseconds: The time since 1970.
    /// - Returns: Those that are news, with the addresses that count, without `/p2p` of the node itself; none where it is reached
    ///   through this node only.
    public mutating func merge(
        _ records: [NodeRecord],
        scope: DHTScope,
        unixMilliseconds: UInt64
    ) -> [(peer: PeerID, addresses: [Multiaddr])] {
        var news: [(peer: PeerID, addresses: [Multiaddr])] = []
        for record in records.prefix(NodeRecord.recordsMax) {
            let addresses = record.addresses.filter { scope.allows($0) }
            guard record.peer != self.me, !addresses.isEmpty,
                record.sequence <= unixMilliseconds &+ Self.futureMax,
                record.sequence &+ Self.ageMax >= unixMilliseconds,
                self.entries[record.peer].map({ $0.record.sequence < record.sequence }) ?? true,
                record.isGenuine(by: self.verify)
            else { continue }
            if self.entries[record.peer] == nil, self.entries.count >= Self.recordsMax { self.dropOldest() }
            self.nextOrder += 1
            self.entries[record.peer] = Entry(record: record, order: self.nextOrder)
            // Through this node itself there is no way for it, but there is for those to whom the record is passed on.
            news.append((record.peer, addresses.filter { $0.relay != self.me }))
        }
        return news
    }

    /// At most ``NodeRecord/recordsMax`` records to tell a peer, the latest ones, without its own.
    public func selection(for peer: PeerID, own: NodeRecord?, unixMilliseconds: UInt64) -> [NodeRecord] {
        let others = self.entries.values
            .filter { $0.record.peer != peer && $0.record.sequence &+ Self.ageMax >= unixMilliseconds }
            .sorted { $0.order > $1.order }
            .map(\.record)
        return Array(((own.map { [$0] } ?? []) + others).prefix(NodeRecord.recordsMax))
    }

    private mutating func dropOldest() {
        let oldest = self.entries.min { $0.value.order < $1.value.order }
        if let oldest { self.entries[oldest.key] = nil }
    }
}
