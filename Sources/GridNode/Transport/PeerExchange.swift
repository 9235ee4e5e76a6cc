package import Discovery
package import GridWire
import PeerSession

/// Nodes tell each other whom they know: self-signed ``GridWire/NodeRecord``s, on a stream of their own when a session begins.
///
/// What is learned is told to the overlay, which dials as long as this node has few sessions. Records come with proof of who made
/// them, so a liar can withhold, but not make this node dial a victim.
package actor PeerExchange {
    /// The longest wait for an answer.
    private static let timeout = Duration.seconds(10)
    /// The time between two exchanges with a peer, each time another one, so that news goes round while no session begins.
    private static let interval = Duration.seconds(300)
    /// How often it is seen whether this node is reached elsewhere, which is told at once.
    private static let lookInterval = Duration.seconds(2)
    /// The most peers that are told so.
    private static let toldMax = 12

    private let network: PeerNetwork
    private var book: NodeRecordBook
    private var own: NodeRecord?
    private var comparison = ClockComparison()
    private let clock = NodeClock()
    private var followers: [Follower] = []

    /// Is told of peers, and where they are.
    package typealias Follower = @Sendable ([(peer: PeerID, addresses: [Multiaddr])]) async -> Void

    /// Creates an exchange; the network must not have been started.
    package init(network: PeerNetwork) {
        self.network = network
        self.book = NodeRecordBook(me: network.identity.peerID, verify: SodiumSignature.verifier)
    }

    /// Tells of peers that are heard of from now on.
    package func follow(_ follower: @escaping Follower) {
        self.followers.append(follower)
    }

    /// The nodes of the grid of which something was heard lately, those without a session as well.
    package var present: [PeerID] {
        self.book.present(unixMilliseconds: WallClock.milliseconds)
    }

    /// Exchanges records with one peer after another, and with several when this node is reached elsewhere, until the task is
    /// cancelled.
    package func keepExchanging() async {
        var told = self.network.announcedAddresses
        var next = ContinuousClock.now + Self.interval
        while (try? await Task.sleep(for: Self.lookInterval)) != nil {
            let addresses = self.network.announcedAddresses
            let isDue = ContinuousClock.now >= next
            guard isDue || addresses != told else { continue }
            // Whoever is reached through a relay, or a port that a router forwards, learns so some time after its sessions began.
            let count = addresses == told ? 1 : Self.toldMax
            if isDue { next = ContinuousClock.now + Self.interval }
            told = addresses
            let peers = self.network.peers.map(\.peer).shuffled().prefix(count)
            await withDiscardingTaskGroup { group in
                for peer in peers { group.addTask { await self.connected(to: peer) } }
            }
        }
    }

    /// What is wrong with this machine's wall clock, as far as peers can tell.
    package var clockDifference: ClockComparison.Difference? {
        self.comparison.difference(unixMilliseconds: WallClock.milliseconds, now: self.clock.now)
    }

    /// The records of peers, as far as they are known.
    package func records(of peers: [PeerID]) -> [NodeRecord] {
        peers.compactMap { self.book[$0] }
    }

    /// Where a peer is, as far as whoever told of it may speak of such addresses.
    package func addresses(of peer: PeerID, toldBy teller: PeerID) -> [Multiaddr] {
        let scope = self.scope(of: teller)
        return (self.book[peer]?.addresses ?? []).filter { scope.allows($0) }
    }

    /// This node's record, signed anew when its addresses are others than before, and each hour.
    package func ownRecord() -> NodeRecord? {
        let addresses = NodeRecordBook.addresses(toSign: self.network.announcedAddresses)
        guard !addresses.isEmpty else { return nil }
        let now = WallClock.milliseconds
        if let own = self.own, NodeRecordBook.isCurrent(own, at: addresses, unixMilliseconds: now) { return own }
        let identity = self.network.identity
        self.own = NodeRecord(
            peer: identity.peerID,
            sequence: NodeRecordBook.nextSequence(after: self.own, unixMilliseconds: now),
            addresses: addresses,
            signedBy: identity.signer
        )
        return self.own
    }

    /// Answers a peer's records with those that it may lack.
    package func answer(_ request: [UInt8], from peer: PeerID) -> [UInt8]? {
        guard let records = try? NodeRecord.decode(request) else { return nil }
        let answer = NodeRecord.encode(self.selection(for: peer))
        self.takeAll(records, from: peer)
        return answer
    }

    /// Exchanges records with a peer; one that does not know the protocol is left alone.
    package func connected(to peer: PeerID) async {
        let response = try? await self.network.request(
            peer,
            protocol: TesseraProtocol.peers,
            body: NodeRecord.encode(self.selection(for: peer)),
            responseLimit: TesseraProtocol.peersSizeMax,
            timeout: Self.timeout
        )
        guard let response, let records = try? NodeRecord.decode(response) else { return }
        self.takeAll(records, from: peer)
    }

    /// Takes in what a peer says of itself and of others.
    private func takeAll(_ records: [NodeRecord], from peer: PeerID) {
        if let own = records.first(where: { $0.peer == peer }) {
            self.comparison.heard(peer, signedAt: own.sequence, now: self.clock.now)
        }
        self.take(records, from: peer)
    }

    private func selection(for peer: PeerID) -> [NodeRecord] {
        self.book.selection(for: peer, own: self.ownRecord(), unixMilliseconds: WallClock.milliseconds)
    }

    /// Takes in records that a peer has told.
    package func take(_ records: [NodeRecord], from peer: PeerID) {
        let news = self.book.merge(records, scope: self.scope(of: peer), unixMilliseconds: WallClock.milliseconds)
        guard !news.isEmpty else { return }
        let followers = self.followers
        Task {
            for follower in followers { await follower(news) }
        }
    }

    /// Who is on our own network may speak of it, and who is on this machine of this machine; a stranger may not.
    private func scope(of peer: PeerID) -> DHTScope {
        let address = self.network.peers.first { $0.peer == peer }?.address.tcpEndpoint?.ip
        return address?.isLoopback ?? false ? .loopback : address?.isPrivate ?? false ? .privateNetworks : .internet
    }
}
