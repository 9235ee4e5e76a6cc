import Foundation
import GridWire
import Testing

/// Nodes behind routers, in network namespaces.
@Suite(.enabled(if: NetworkNamespaces.isPossible, NetworkNamespaces.reason), .serialized)
struct NATNamespaceTests {
    /// How two nodes came together.
    private enum Way: String {
        /// One dialed the other.
        case direct
        /// Both dialed at once.
        case holePunched = "hole-punched"
        /// A relay carries the session.
        case relayed
        /// Not at all.
        case none
    }

    private static let publicPeer = "/ip4/\(NetworkNamespaces.publicAddress)/tcp/7877"

    /// What theory allows for TCP.
    private func expected(_ a: NATKind, _ b: NATKind) -> Way {
        switch (a, b) {
        case (.fullCone, _), (_, .fullCone): .direct
        case (.symmetric, .symmetric), (.symmetric, .portRestricted), (.portRestricted, .symmetric): .relayed
        default: .holePunched
        }
    }

    /// Waits on a thread of its own: beside Foundation's child processes, libdispatch of Swift 6.3.1 loses timers now and then,
    /// and a sleeping task then sleeps for ever.
    private func pause(milliseconds: UInt32) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                usleep(milliseconds * 1_000)
                continuation.resume()
            }
        }
    }

    private func eventually(seconds: Int, _ condition: () -> Bool) async throws -> Bool {
        for _ in 0 ..< seconds * 10 {
            if condition() { return true }
            await self.pause(milliseconds: 100)
        }
        return condition()
    }

    @Test
    func `two nodes behind routers of every kind come together in the best way there is`() async throws {
        let kinds = NATKind.allCases
        let pairs = kinds.indices.flatMap { i in kinds[i...].map { (kinds[i], $0) } }
        let directory = try TestDirectory()
        var table: [(NATKind, NATKind, Way)] = []
        // A few at a time: each pair is three processes and six namespaces.
        for start in stride(from: 0, to: pairs.count, by: 4) {
            try await withThrowingTaskGroup(of: (NATKind, NATKind, Way).self) { group in
                for (number, (a, b)) in pairs[start ..< min(start + 4, pairs.count)].enumerated() {
                    group.addTask { (a, b, try await self.way(a, b, prefix: "tsn\(number)", directory)) }
                }
                for try await row in group { table.append(row) }
            }
        }
        for (a, b, way) in table {
            print("NAT: \(a.rawValue) - \(b.rawValue): \(way.rawValue)")
            #expect(way != .none, "\(a) - \(b)")
            #expect(way == self.expected(a, b), "\(a) - \(b)")
        }
        #expect(table.count == 10)
    }

    private func way(_ a: NATKind, _ b: NATKind, prefix: String, _ directory: TestDirectory) async throws -> Way {
        var internet = try NetworkNamespaces(prefix: prefix)
        defer { internet.remove() }
        try internet.addNATed(1, a)
        try internet.addNATed(2, b)
        let relay = try NamespacePeer(seed: 1, in: internet.namespace("pub"), directory: directory)
        defer { relay.stop() }
        let first = try NamespacePeer(
            seed: 2,
            in: internet.namespace("n1"),
            directory: directory,
            peers: [Self.publicPeer]
        )
        defer { first.stop() }
        // Where the first says that it can be reached: through the relay, or at its router.
        func addresses() -> [String] {
            (first.state?.announced ?? []).filter { $0.contains("p2p-circuit") || $0.contains("203.0.113.11") }
        }
        let hasRelay = try await self.eventually(seconds: 30) { addresses().contains { $0.contains("p2p-circuit") } }
        guard hasRelay else {
            Issue.record(
                "\(a) - \(b): the first node found no way in: \(first.state?.summary ?? "no state") \(first.log)"
            )
            return .none
        }
        let second = try NamespacePeer(
            seed: 3,
            in: internet.namespace("n2"),
            directory: directory,
            peers: [Self.publicPeer] + addresses().map { "\($0)/p2p/\(first.peer)" }
        )
        defer { second.stop() }
        guard try await self.eventually(seconds: 30, { second.isRelayed(to: first.peer) != nil }) else {
            Issue.record("\(a) - \(b): no session: \(second.log)")
            return .none
        }
        _ = try await self.eventually(seconds: 20) { second.isRelayed(to: first.peer) == false }
        guard second.isRelayed(to: first.peer) == false else { return .relayed }
        let isPunched = first.log.contains("hole punched") || second.log.contains("hole punched")
        return isPunched ? .holePunched : .direct
    }

    @Test
    func `two nodes with a slow and lossy link between them talk, a cut of a minute heals`() async throws {
        let directory = try TestDirectory()
        var internet = try NetworkNamespaces(prefix: "tsc")
        defer { internet.remove() }
        if NetworkNamespaces.canBeSlow {
            let link = NetworkNamespaces.SlowLink(delay: 50, jitter: 20, lossPercent: 5)
            try internet.addDistantMachine("two", address: "203.0.113.2/24", over: link)
        } else {
            print("without python3 or /dev/net/tun the link is neither slow nor lossy, only cut")
            try internet.addMachine("two", interface: "eth0", address: "203.0.113.2/24")
        }
        let first = try NamespacePeer(seed: 1, in: internet.namespace("pub"), directory: directory)
        defer { first.stop() }
        let second = try NamespacePeer(
            seed: 2,
            in: internet.namespace("two"),
            directory: directory,
            peers: [Self.publicPeer]
        )
        defer { second.stop() }
        #expect(try await self.eventually(seconds: 15) { second.isRelayed(to: first.peer) == false })
        await self.pause(milliseconds: 3_000)
        #expect(second.isRelayed(to: first.peer) == false, "the session does not last: \(second.log)")
        try internet.cut("two")
        await self.pause(milliseconds: 60_000)
        try internet.mend("two")
        let isHealed = try await self.eventually(seconds: 60) {
            second.isRelayed(to: first.peer) == false && first.isRelayed(to: second.peer) == false
        }
        #expect(isHealed, "\(second.log)")
    }
}
