import GridCore
import GridWire
import Logging
import PeerSession
import RenderCore

/// A session with one peer of a grid, as a submitting or fetching program has it: it asks, and lends no processor.
///
/// Nothing that the peer says is believed: a delivered frame carries the signatures of two workers for every unit, and
/// its pixels must hash to what they signed.
actor GridSession {
    /// The peer that is asked.
    let peer: PeerID

    let network: PeerNetwork
    let address: Multiaddr
    let hello: Hello
    let identity: IdentityKey
    /// The table of contents of the scene that was asked for last.
    var sceneIndex: (root: ChunkID, index: SceneIndex)?
    /// The names of the objects of the scene that was asked for last.
    var objectNames: (root: ChunkID, names: ObjectNames)?

    /// How often a lost session is made again before giving up.
    static let attemptsMax = 6
    /// How many chunks or units are in transfer at a time.
    static let transfersMax = 4
    /// How long one transfer may take.
    static let transferTimeout = Duration.seconds(60)
    /// A parked answer comes after 30 s at the latest.
    static let requestTimeout = Duration.seconds(45)

    /// Connects to a peer and checks that it is of the same grid and has the same core.
    ///
    /// - Parameters:
    ///   - address: a multiaddr or `host:port`.
    ///   - identity: the submitter's key: it signs jobs, and only it can cancel them.
    /// - Throws: ``NodeError`` or ``NetworkError``.
    static func connect(
        to address: String,
        identity: IdentityKey,
        grid: String,
        coreVersion: Digest,
        preSharedKey: PreSharedKey?,
        logger: Logger
    ) async throws -> GridSession {
        let target = try PeerAddress.parse(address)
        var settings = NetworkSettings()
        settings.preSharedKey = preSharedKey
        let network = PeerNetwork(
            // The node whose key signs here may have sessions of its own.
            identity: IdentityKey.generate(),
            listenHost: PeerAddress.isLoopback(target) ? "127.0.0.1" : "0.0.0.0",
            listenPort: nil,
            settings: settings,
            agentVersion: NodeService.agent,
            logger: logger
        )
        let hello = Hello(
            grid: grid,
            coreVersion: coreVersion,
            agent: NodeService.agent,
            isWorker: false,
            threads: 0,
            addresses: []
        )
        network.handle(TesseraProtocol.grid, requestLimit: TesseraProtocol.gridMessageSizeMax) { _, bytes in
            switch try? GridRequest(decoding: bytes) {
            case .hello: GridResponse.hello(hello).encoded()
            case nil: nil
            default: GridResponse.refused("this program only submits and fetches").encoded()
            }
        }
        try await network.start()
        do {
            let peer = try await network.dial(target)
            let client = GridSession(network: network, peer: peer, address: target, hello: hello, identity: identity)
            guard case .hello = try await client.ask(.hello(hello)) else {
                throw NodeError(.network, "the peer at \(address) does not speak our protocol")
            }
            return client
        } catch {
            await network.shutdown()
            throw error
        }
    }

    private init(network: PeerNetwork, peer: PeerID, address: Multiaddr, hello: Hello, identity: IdentityKey) {
        self.network = network
        self.peer = peer
        self.address = address
        self.hello = hello
        self.identity = identity
    }

    /// Ends the session.
    func close() async {
        await self.network.shutdown()
    }
}
