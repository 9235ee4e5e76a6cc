import Foundation
import GridNode
import GridWire
import Logging
import PeerSession

/// A peer with sessions and nothing else, for tests that need many in network namespaces, and for measurements.
///
///     sessionpeer SEED HOST:PORT ADDRESS...
///     sessionpeer measure
///     sessionpeer flood [RATE [SECONDS [SOURCES]]]
///     sessionpeer crowd COUNT
///     sessionpeer lookups PORT
///
/// It keeps connected with the addresses, echoes streams of `/test/echo/1`, and prints its state as a line of JSON twice a second
/// until stdin ends.
@main
enum SessionPeer {
    private struct State: Encodable {
        struct Session: Encodable {
            var peer: String
            var isRelayed: Bool
        }

        var peer: String
        var announced: [String]
        var sessions: [Session]
        var summary: String
    }

    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard arguments.first != "measure" else { return try await Measurement.run() }
        if arguments.first == "flood" {
            let numbers = arguments.dropFirst().compactMap { Int($0) }.filter { $0 > 0 }
            var flood = Flood()
            for (number, field) in zip(numbers, [\Flood.rate, \Flood.seconds, \Flood.sources]) {
                flood[keyPath: field] = number
            }
            return try await flood.run()
        }
        if arguments.first == "crowd", let count = arguments.dropFirst().first.flatMap({ Int($0) }) {
            return try await Crowd.run(count: count)
        }
        if arguments.first == "lookups", let port = arguments.dropFirst().first.flatMap({ UInt16($0) }) {
            var lookups = try Lookups(entrance: port)
            return try lookups.run()
        }
        guard arguments.count >= 2, let seed = arguments.popFirst().flatMap({ UInt8($0) }),
            let listen = arguments.popFirst(), let colon = listen.lastIndex(of: ":"),
            let port = Int(listen[listen.index(after: colon)...])
        else {
            FileHandle.standardError.write(Data("usage: sessionpeer SEED HOST:PORT ADDRESS...\n".utf8))
            exit(64)
        }
        let logger = Logger(label: "peer") { StreamLogHandler.standardError(label: $0) }
        let network = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
            listenHost: String(listen[..<colon]),
            listenPort: port,
            logger: logger
        )
        network.handle("/test/echo/1", requestLimit: 1 << 20) { _, body in body }
        try await network.start()
        let reachability = ReachabilityService(network: network, logger: logger)
        await reachability.start()
        for address in arguments { network.keepConnected(to: try PeerAddress.parse(address)) }
        Thread.detachNewThread {
            while readLine() != nil {}
            exit(0)
        }
        while true {
            let state = State(
                peer: "\(network.identity.peerID)",
                announced: network.announcedAddresses.map { "\($0)" },
                sessions: network.peers.map { .init(peer: "\($0.peer)", isRelayed: $0.isRelayed) },
                summary: await reachability.summary
            )
            FileHandle.standardOutput.write(try JSONEncoder().encode(state) + Data("\n".utf8))
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
