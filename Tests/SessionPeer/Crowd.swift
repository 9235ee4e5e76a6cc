import Foundation
import GridNode
import GridWire
import PeerSession

/// A DHT in one process: nodes on the loopback interface of which each is alone in its grid, for measurements of another node.
enum Crowd {
    /// Starts the nodes, prints `host:port` of the first one, and goes on until stdin ends.
    static func run(count: Int) async throws {
        var services: [DHTService] = []
        var entrance: String?
        let directory = FileManager.default.temporaryDirectory.path
        for number in 0 ..< count {
            var seed = [UInt8](repeating: 5, count: 32)
            (seed[0], seed[1]) = (UInt8(number & 255), UInt8(number >> 8))
            let network = PeerNetwork(identity: try IdentityKey(seed: seed), listenHost: "127.0.0.1", listenPort: 0)
            try await network.start()
            let service = DHTService(
                network: network,
                settings: DHTService.Settings(
                    grid: "crowd-\(number)",
                    secret: nil,
                    hosts: entrance.map { [$0] } ?? [],
                    stateFile: "\(directory)/tessera-crowd-\(getpid())-\(number)"
                )
            )
            await service.start()
            services.append(service)
            if entrance == nil { entrance = network.listenAddresses.first?.tcpEndpoint.map { "\($0.ip):\($0.port)" } }
        }
        FileHandle.standardOutput.write(Data("\(entrance ?? "")\n".utf8))
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while readLine() != nil {}
                continuation.resume()
            }
        }
        for (number, service) in services.enumerated() {
            await service.shutdown()
            try? FileManager.default.removeItem(atPath: "\(directory)/tessera-crowd-\(getpid())-\(number)")
        }
    }
}
