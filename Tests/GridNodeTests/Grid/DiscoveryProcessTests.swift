import Foundation
import Testing

extension ProcessTests {
    /// Real nodes that are told one node of the DHT and no peer.
    @Suite(.serialized)
    struct DiscoveryProcessTests {
        /// What `--bootstrap` takes, of a node's multiaddr.
        private func endpoint(_ address: String) throws -> String {
            let parts = address.split(separator: "/")
            return "\(try #require(parts.count > 3 ? parts[1] : nil)):\(parts[3])"
        }

        private func identity(_ address: String) throws -> String {
            String(try #require(address.split(separator: "/").last))
        }

        /// Asks a node again and again until its part in the DHT is as wanted.
        private func waitForDiscovery(
            _ grid: TestGrid,
            ofNode i: Int = 0,
            _ isWanted: ([String: Any]) -> Bool
        ) async throws {
            for _ in 0 ..< 1_500 {
                if isWanted(await grid.discovery(ofNode: i)) { return }
                try await Task.sleep(for: .milliseconds(30))
            }
            throw Program.Failure(description: "node \(i) has no such part in the DHT")
        }

        @Test
        func
            `nodes that know one node of the DHT find each other, render a shot, and again by their saved tables alone`()
            async throws
        {
            let entrance = try await TestGrid(count: 1, introduction: .dht(bootstrap: nil), name: "entrance")
            let bootstrap = try self.endpoint(entrance.addresses[0])
            let grid = try await TestGrid(count: 3, introduction: .dht(bootstrap: bootstrap))
            let others = try await TestGrid(count: 1, introduction: .dht(bootstrap: bootstrap))
            for i in 0 ... 2 { try await grid.waitForPeers(2, ofNode: i) }
            let ids = try Set(grid.addresses.map { try self.identity($0) })
            for i in 0 ... 2 {
                #expect(await grid.peers(ofNode: i) == ids.subtracting([try self.identity(grid.addresses[i])]))
            }
            try TestShot.write(to: "\(grid.directory.path)/shot.gltf")
            let shot = try await Program.run(
                [
                    "submit", "\(grid.directory.path)/shot.gltf", "--to", grid.addresses[0], "--grid", grid.name,
                    "--data",
                    "\(grid.directory.path)/studio", "-o", "\(grid.directory.path)/out", "--size", "64x48", "--spp",
                    "4",
                    "--frames", "1-1",
                ],
                in: grid.directory
            )
            #expect(shot.status == 0, "\(shot.errors)")
            #expect(grid.directory.contents("out/frame.0001.png") != nil)

            for i in [1, 2] { await grid.stopNode(i) }
            // Nobody tells them anything now but what they wrote down.
            for i in [1, 2] { try await grid.restart(i, introduction: .dht(bootstrap: nil)) }
            for i in [1, 2] { try await grid.waitForPeers(2, ofNode: i) }
            #expect(await grid.peers(ofNode: 1) == ids.subtracting([try self.identity(grid.addresses[1])]))

            // Grids of other names share the DHT and nothing else.
            try await self.waitForDiscovery(others) { ($0["nodes"] as? Int ?? 0) >= 3 }
            #expect(await others.peers(ofNode: 0).isEmpty)
            #expect(await entrance.peers(ofNode: 0).isEmpty)
            let sentence = try await Program.run(
                ["peers", "--data", "\(others.directory.path)/node-0"],
                in: others.directory
            )
            #expect((sentence.output + sentence.errors).contains("DHT: "))
        }

        @Test
        func `a loopback node that was told nobody sends no datagram, and one without the DHT has no socket for it`()
            async throws
        {
            let grid = try await TestGrid(count: 1, introduction: .dht(bootstrap: nil))
            try await self.waitForDiscovery(grid) { $0["nodes"] != nil }
            // It looks for somebody to ask once a second.
            try await Task.sleep(for: .seconds(3))
            let discovery = await grid.discovery(ofNode: 0)
            #expect(discovery["datagramsSent"] as? Int == 0)
            #expect(discovery["isReadOnly"] as? Bool == false)
            let port = try #require(Int(try self.endpoint(grid.addresses[0]).split(separator: ":")[1]))
            #expect(try self.isUDPBound(port))

            let silent = try await TestGrid(count: 1, introduction: .nothing)
            #expect(await silent.discovery(ofNode: 0).isEmpty)
            let other = try #require(Int(try self.endpoint(silent.addresses[0]).split(separator: ":")[1]))
            #expect(!(try self.isUDPBound(other)))
        }

        /// Whether a socket of this machine has the UDP port of 127.0.0.1.
        ///
        /// The kernel's table is read in parts, and an entry is missed when others come or go meanwhile: one reading that shows
        /// it is proof, one that does not is none.
        private func isUDPBound(_ port: Int) throws -> Bool {
            let entry = "0100007F:\(String(format: "%04X", port))"
            for _ in 0 ..< 20 {
                let table = try String(contentsOfFile: "/proc/net/udp", encoding: .utf8)
                if table.uppercased().contains(entry) { return true }
            }
            return false
        }
    }
}
