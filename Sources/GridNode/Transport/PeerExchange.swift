import Discovery
package import GridWire
import PeerSession

/// Nodes tell each other whom they know: self-signed ``GridWire/NodeRecord``s, on a stream of their own when a session begins.
///
/// What is learned is dialed as long as this node has few sessions. Records come with proof of who made them, so a liar can
/// withhold, but not make this node dial a victim.
package actor PeerExchange {
    /// With so many sessions no more peers are dialed that were only heard of.
    package static let sessionsWanted = 12
    /// The longest wait for an answer.
    private static let timeout = Duration.seconds(10)

    private let network: PeerNetwork
    private var book: NodeRecordBook
    private var own: NodeRecord?

    /// Creates an exchange; the network must not have been started.
    package init(network: PeerNetwork) {
        self.network = network
        self.book = NodeRecordBook(me: network.identity.peerID, verify: SodiumSignature.verifier)
    }

    /// This node's record, signed anew when its addresses are others than before.
    package func ownRecord() -> NodeRecord? {
        let addresses = self.network.listenAddresses
        guard !addresses.isEmpty else { return nil }
        if let own = self.own, own.addresses == Array(addresses.prefix(NodeRecord.addressesMax)) { return own }
        let identity = self.network.identity
        self.own = NodeRecord(
            peer: identity.peerID,
            sequence: WallClock.milliseconds,
            addresses: addresses,
            signedBy: identity.signer
        )
        return self.own
    }

    /// Answers a peer's records with those that it may lack.
    package func answer(_ request: [UInt8], from peer: PeerID) -> [UInt8]? {
        guard let records = try? NodeRecord.decode(request) else { return nil }
        let answer = NodeRecord.encode(self.selection(for: peer))
        self.take(records, from: peer)
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
        self.take(records, from: peer)
    }

    private func selection(for peer: PeerID) -> [NodeRecord] {
        self.book.selection(for: peer, own: self.ownRecord(), unixMilliseconds: WallClock.milliseconds)
    }

    private func take(_ records: [NodeRecord], from peer: PeerID) {
        // Who is on our own network may speak of it, and who is on this machine of this machine; a stranger may not.
        let sessions = self.network.peers
        let address = sessions.first { $0.peer == peer }?.address.tcpEndpoint?.ip
        let scope: DHTScope =
            address?.isLoopback ?? false ? .loopback : address?.isPrivate ?? false ? .privateNetworks : .internet
        let news = self.book.merge(records, scope: scope, unixMilliseconds: WallClock.milliseconds)
        var room = Self.sessionsWanted - sessions.count
        for (peer, addresses) in news where room > 0 && !self.network.isConnected(to: peer) {
            self.network.discovered(peer, at: addresses)
            room -= 1
        }
    }
}
