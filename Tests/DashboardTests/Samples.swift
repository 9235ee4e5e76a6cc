import Dashboard
import GridCore
import Synchronization

/// Snapshots to show.
enum Sample {
    static let hostileText = "<img src=x onerror=alert(1)> \"O'Brien\\ \n& co"

    static func snapshot(revision: Int = 0) -> GridSnapshot {
        var stats = StatsSnapshot()
        stats.unitsRendered = UInt64(revision)
        stats.blocksRendered = UInt64(64 * revision)
        stats.cpuSeconds = 1.5
        stats.bytesIn = 1 << 40
        let node = NodeSnapshot(
            peerID: "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo",
            grid: "grid \(self.hostileText)",
            agent: "tessera/0.1.0",
            listenAddresses: ["/ip4/127.0.0.1/tcp/4001"],
            threads: 2,
            coreVersion: "9f0c2ab4d1e8",
            uptimeSeconds: Double(revision),
            isPaused: false,
            idleReason: "no work </script>"
        )
        let peers = [PeerSnapshot.Direction.inbound, .outbound, .outbound].enumerated().map { i, direction in
            PeerSnapshot(
                peerID: "12D3KooWPeer\(i % 2)",
                address: "/ip4/127.0.0.1/tcp/\(5000 + i)",
                agent: self.hostileText,
                threads: i,
                direction: direction,
                connectedSeconds: 5,
                roundTripMilliseconds: i == 0 ? nil : 0.25
            )
        }
        var job = JobSnapshot(
            id: "0a0b",
            title: "shot \(self.hostileText)",
            phase: "running",
            role: .steward,
            steward: node.peerID,
            width: 128,
            height: 64,
            samples: 16,
            tilesAcross: 2,
            tilesDown: 1,
            frameCount: 2,
            unitsTotal: 4
        )
        job.frames = [
            JobSnapshot.Frame(number: 1, isFinal: true, tiles: "vv"),
            JobSnapshot.Frame(number: 2, isFinal: false, tiles: "rd"),
        ]
        job.finalFrames = [1]
        job.unitsRendered = 4
        job.unitsVerified = 2
        job.workers = [
            JobSnapshot.WorkerShare(
                peerID: "12D3KooWPeer0",
                verifiedUnits: 2,
                workCount: 9,
                heldUnits: 1,
                isActive: true,
                isBurned: true
            )
        ]
        job.burned = ["12D3KooWPeer0"]
        job.secondsLeft = .infinity
        return GridSnapshot(node: node, peers: peers, jobs: [job], stats: stats)
    }
}

/// A node that tests change.
final class FakeNode: Sendable {
    private struct State {
        var snapshot = Sample.snapshot()
        var listeners: [AsyncStream<GridSnapshot>.Continuation] = []
    }

    private let state = Mutex(State())

    var snapshot: GridSnapshot {
        self.state.withLock { $0.snapshot }
    }

    func show(_ snapshot: GridSnapshot) {
        self.state.withLock { state in
            state.snapshot = snapshot
            for listener in state.listeners { listener.yield(snapshot) }
        }
    }

    var source: SnapshotSource {
        SnapshotSource(
            current: { self.snapshot },
            updates: {
                AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
                    self.state.withLock { $0.listeners.append(continuation) }
                }
            }
        )
    }

    var controls: DashboardControls {
        DashboardControls { isPaused in
            self.state.withLock { $0.snapshot.node.isPaused = isPaused }
        }
    }
}

/// Runs a server on a free port for as long as the body lasts, then stops it and waits for its end.
func withServer(
    _ node: FakeNode = FakeNode(),
    hasControls: Bool = true,
    change: (inout DashboardSettings) -> Void = { _ in },
    _ body: (Int) async throws -> Void
) async throws {
    var settings = DashboardSettings(port: 0)
    change(&settings)
    let (ports, port) = AsyncStream<Int>.makeStream()
    let server = DashboardServer(
        settings: settings,
        source: node.source,
        controls: hasControls ? node.controls : nil,
        onListening: { port.yield($0) }
    )
    let running = Task {
        defer { port.finish() }
        try await server.run()
    }
    for await number in ports.prefix(1) {
        do {
            try await body(number)
        } catch {
            server.stop()
            _ = await running.result
            throw error
        }
    }
    server.stop()
    try await running.value
}
