import ChildProcesses
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension ProcessTests {
    /// Nodes behind a router of the kind that stands in homes, run by MiniUPnP's daemon, which is not ours.
    @Suite(
        .enabled(if: NetworkNamespaces.isPossible, NetworkNamespaces.reason),
        .enabled(
            if: NetworkNamespaces.path(of: "miniupnpd") != nil,
            "needs the router daemon miniupnpd (apt: miniupnpd-nftables)"
        ),
        .serialized
    )
    struct RouterNamespaceTests {
        /// The protocols by which a router can be asked.
        enum Ways: String, CaseIterable, Sendable {
            /// PCP and NAT-PMP.
            case pcp
            /// UPnP IGD.
            case upnp
        }

        /// The router's daemon, as long as this is held.
        private final class Daemon {
            private let process: ChildProcess
            private let logFile: String

            /// What it has said.
            var log: String {
                (try? String(contentsOfFile: self.logFile, encoding: .utf8)) ?? ""
            }

            init(_ ways: Ways, in namespace: String, directory: TestDirectory) throws {
                let configuration = """
                    ext_ifname=ext
                    listening_ip=int
                    enable_natpmp=\(ways == .pcp ? "yes" : "no")
                    enable_upnp=\(ways == .upnp ? "yes" : "no")
                    secure_mode=yes
                    upnp_table_name=filter
                    upnp_nat_table_name=filter
                    upnp_forward_chain=miniupnpd
                    upnp_nat_chain=prerouting_miniupnpd
                    upnp_nat_postrouting_chain=postrouting_miniupnpd
                    uuid=00000000-0000-0000-0000-000000000001
                    allow 1024-65535 10.0.1.0/24 1024-65535

                    """
                let path = "\(directory.path)/router"
                self.logFile = "\(path).log"
                try configuration.write(toFile: "\(path).conf", atomically: true, encoding: .utf8)
                self.process = try ChildProcess(
                    executable: NetworkNamespaces.path(of: "ip") ?? "/usr/sbin/ip",
                    arguments: [
                        "netns", "exec", namespace, "miniupnpd", "-d", "-f", "\(path).conf", "-P", "\(path).pid",
                    ],
                    output: .file(self.logFile),
                    errors: .file(self.logFile)
                )
            }

            deinit {
                self.process.kill()
            }
        }

        /// Nobody outside gets in but where the daemon says so.
        private static let rules = """
            table inet filter {
                chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd; }
                chain miniupnpd { }
                chain prerouting { type nat hook prerouting priority dstnat; jump prerouting_miniupnpd; }
                chain postrouting { type nat hook postrouting priority srcnat; oifname ext masquerade; }
                chain prerouting_miniupnpd { }
                chain postrouting_miniupnpd { }
                chain own { type filter hook input priority filter; iifname ext ct state new drop; }
            }

            """

        @Test(arguments: Ways.allCases)
        func `a router forwards both ports of a node while it runs, and the outside gets in there`(
            _ ways: Ways
        ) async throws {
            let directory = try TestDirectory()
            // The daemon gives out no ports of addresses that are kept for documentation.
            var internet = try NetworkNamespaces(prefix: "tsr", network: "5.5.5")
            defer { internet.remove() }
            try internet.addRouted(1, rules: Self.rules)
            let daemon = try Daemon(ways, in: internet.namespace("r1"), directory: directory)
            defer { withExtendedLifetime(daemon) {} }
            let grid = "router-\(UUID().uuidString.prefix(8))"
            let outside = try NamespaceNode(
                in: internet.namespace("pub"),
                listen: "0.0.0.0:7877",
                grid: grid,
                ["--bootstrap", "5.5.5.1:9", "--no-port-mapping"],
                directory: directory
            )
            defer { outside.stop() }
            let inside = try NamespaceNode(
                in: internet.namespace("n1"),
                listen: "0.0.0.0:7877",
                grid: grid,
                ["--bootstrap", "5.5.5.1:7877"],
                directory: directory
            )
            var isStopped = false
            defer { if !isStopped { inside.stop() } }
            let isMapped = try await self.eventually { try self.forwarded(internet) == ["tcp", "udp"] }
            let forwarded = try self.forwarded(internet)
            #expect(isMapped, "forwarded: \(forwarded); \(inside.log)")
            // One that knows nothing but the router's address.
            let stranger = try NamespaceNode(
                in: internet.namespace("pub"),
                listen: "0.0.0.0:7878",
                grid: grid,
                ["--no-dht", "--no-port-mapping", "--peer", "5.5.5.11:7877"],
                directory: directory
            )
            defer { stranger.stop() }
            let isIn = try await self.eventually { await stranger.peers(directory) ?? 0 >= 1 }
            #expect(isIn, "\(stranger.log)")
            inside.stop()
            isStopped = true
            let isRemoved = try await self.eventually { try self.forwarded(internet).isEmpty }
            #expect(isRemoved, "a router goes on to forward to a node that is gone")
        }

        /// Over IPv6 machines have addresses of their own, and the router lets nobody in unasked.
        private static let rulesOfIPv6 = """
            table inet filter {
                chain forward {
                    type filter hook forward priority 0; policy accept;
                    ct state established,related accept; jump miniupnpd; iifname ext drop;
                }
                chain miniupnpd { }
                chain prerouting_miniupnpd { }
                chain postrouting_miniupnpd { }
            }

            """

        @Test
        func `a router lets connections of IPv6 through to a node while it runs`() async throws {
            let directory = try TestDirectory()
            var internet = try NetworkNamespaces(prefix: "tsv", network: "5.5.5")
            defer { internet.remove() }
            try internet.addRouted(1, rules: Self.rulesOfIPv6)
            for (machine, address) in [
                ("pub", "2a00:77::1/64 dev eth0"), ("r1", "2a00:77::2/64 dev ext"), ("r1", "2a00:78::1/64 dev int"),
                ("n1", "2a00:78::2/64 dev eth0"),
            ] {
                try internet.ip(machine, "addr add \(address) nodad")
            }
            try internet.ip("pub", "route add 2a00:78::/64 via 2a00:77::2")
            // Routers tell their link-local address.
            let own = try NetworkNamespaces.run([
                "ip", "netns", "exec", internet.namespace("r1"), "ip", "-6", "-o", "addr", "show", "dev", "int",
                "scope",
                "link",
            ])
            let local = own.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("fe80:") }
            let router = try #require(local?.prefix { $0 != "/" })
            try internet.ip("n1", "route add default via \(router) dev eth0")
            try NetworkNamespaces.run([
                "ip", "netns", "exec", internet.namespace("r1"), "sh", "-c",
                "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
            ])
            let daemon = try Daemon(.pcp, in: internet.namespace("r1"), directory: directory)
            let grid = "router-\(UUID().uuidString.prefix(8))"
            let inside = try NamespaceNode(
                in: internet.namespace("n1"),
                listen: "0.0.0.0:7877",
                grid: grid,
                ["--bootstrap", "5.5.5.1:9"],
                directory: directory
            )
            var isStopped = false
            defer { if !isStopped { inside.stop() } }
            let isOpen = try await self.eventually { try self.openings(internet) == 2 }
            let count = try self.openings(internet)
            #expect(isOpen, "\(count) openings; \(inside.log)")
            let stranger = try NamespaceNode(
                in: internet.namespace("pub"),
                listen: "0.0.0.0:7878",
                grid: grid,
                ["--no-dht", "--no-port-mapping", "--peer", "[2a00:78::2]:7877"],
                directory: directory
            )
            defer { stranger.stop() }
            let isIn = try await self.eventually { await stranger.peers(directory) ?? 0 >= 1 }
            #expect(isIn, "\(stranger.log)")
            inside.stop()
            isStopped = true
            // MiniUPnP's 2.3.1 forgets whose a way in is when it was asked for twice, as happens where answers take long, and
            // leaves it until its time is over; what counts is that it was asked to close it.
            let refusal = "Unauthorized to remove PCP mapping internal port 7877"
            let isClosed = try await self.eventually {
                try self.openings(internet) == 0
                    || daemon.log.contains("\(refusal), protocol TCP")
                        && daemon.log.contains("\(refusal), protocol UDP")
            }
            #expect(isClosed, "a router goes on to let connections through to a node that is gone")
        }

        /// How many protocols get through to port 7877 of the machine behind the router, over IPv6.
        private func openings(_ internet: NetworkNamespaces) throws -> Int {
            let rules = try NetworkNamespaces.run([
                "ip", "netns", "exec", internet.namespace("r1"), "nft", "list", "chain", "inet", "filter", "miniupnpd",
            ])
            // Versions of nft that do not know the daemon's rules show addresses as numbers.
            let lines = rules.split(separator: "\n").filter { $0.contains("dport 7877") && $0.contains("accept") }
            return lines.count { $0.contains("2a00:78::2") || $0.contains("0x2a000078000000000000000000000002") }
        }

        /// The protocols whose port 7877 the router gives to the machine behind it.
        private func forwarded(_ internet: NetworkNamespaces) throws -> Set<String> {
            let rules = try NetworkNamespaces.run([
                "ip", "netns", "exec", internet.namespace("r1"), "nft", "list", "chain", "inet", "filter",
                "prerouting_miniupnpd",
            ])
            let lines = rules.split(separator: "\n").filter { $0.contains("dnat") && $0.contains("10.0.1.2:7877") }
            // Some versions of nft show the protocol of these rules by its number.
            let signs = ["tcp": ["tcp", " 0x6 "], "udp": ["udp", " 0x11 "]]
            let found = signs.filter { _, signs in lines.contains { line in signs.contains { line.contains($0) } } }
            return Set(found.keys)
        }

        private func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
            for _ in 0 ..< 400 {
                if try await condition() { return true }
                try await Task.sleep(for: .milliseconds(100))
            }
            return false
        }
    }
}
