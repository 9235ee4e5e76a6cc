import Foundation
import Testing

extension ProcessTests {
    /// Nodes behind routers that know nothing but the address of a public one.
    @Suite(.enabled(if: NetworkNamespaces.isPossible, NetworkNamespaces.reason), .serialized)
    struct ExchangeNamespaceTests {
        /// Holes are punched between the first two; for the others the relay stays.
        @Test(arguments: [NATKind.portRestricted, .symmetric])
        func `two nodes behind routers find each other through the public node that both know`(
            _ kind: NATKind
        ) async throws {
            let directory = try TestDirectory()
            var internet = try NetworkNamespaces(prefix: "tsx")
            defer { internet.remove() }
            try internet.addNATed(1, kind)
            try internet.addNATed(2, kind)
            let grid = "exchange-\(UUID().uuidString.prefix(8))"
            func node(_ machine: String, _ arguments: [String]) throws -> NamespaceNode {
                try NamespaceNode(
                    in: internet.namespace(machine),
                    listen: "0.0.0.0:7877",
                    grid: grid,
                    ["--no-dht", "--no-port-mapping"] + arguments,
                    directory: directory
                )
            }
            let relay = try node("pub", [])
            defer { relay.stop() }
            let known = ["--peer", "\(NetworkNamespaces.publicAddress):7877"]
            let inside = [try node("n1", known), try node("n2", known)]
            defer { for node in inside { node.stop() } }
            var counts: [Int] = []
            for _ in 0 ..< 240 {
                counts = [await inside[0].peers(directory) ?? 0, await inside[1].peers(directory) ?? 0]
                if counts == [2, 2] { break }
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(counts == [2, 2], "\(inside[0].log) \(inside[1].log)")
        }
    }
}
