import GridCore
import GridStore
import GridWire

extension GridService {
    /// What this node shows of itself.
    func snapshot() async -> GridSnapshot {
        self.reachabilitySummary = await self.reachability.summary
        self.clockWarning = await self.peerExchange?.clockDifference.map { "\($0)" }
        return self.presentSnapshot()
    }

    private func presentSnapshot() -> GridSnapshot {
        let now = self.clock.now
        let sessions = self.network.peers
        let stewarded = self.stewards.keys.sorted().compactMap { job in
            var snapshot = self.stewards[job]?.steward.snapshot(now: now)
            snapshot?.share = self.worker.share(of: job)
            return snapshot
        }
        let own = Set(stewarded.map(\.id))
        var stats = StatsSnapshot()
        stats.unitsRendered = self.worker.totals.units
        stats.blocksRendered = self.worker.totals.blocks
        stats.workCount = self.worker.totals.workCount
        stats.unitsVerified = self.unitsVerified
        stats.mismatches = self.mismatches
        stats.bytesIn = UInt64(sessions.reduce(0) { $0 + $1.bytesIn })
        stats.bytesOut = UInt64(sessions.reduce(0) { $0 + $1.bytesOut })
        stats.chunkBytes = self.chunks.usage.size
        stats.cpuSeconds = self.cpuTime / .seconds(1)
        return GridSnapshot(
            node: NodeSnapshot(
                peerID: "\(self.me)",
                grid: self.configuration.grid,
                agent: NodeService.agent,
                listenAddresses: self.network.announcedAddresses.map { "\($0)/p2p/\(self.me)" },
                threads: self.pool.threads,
                coreVersion: "\(self.coreVersion)",
                uptimeSeconds: now.sinceEpoch / .seconds(1),
                isPaused: self.worker.mode == .paused,
                idleReason: self.configuration.isWorker ? self.worker.idleReason : "this node lends no processor",
                dashboard: self.dashboard,
                reachability: self.configuration.isLoopback
                    ? "reachable: on this machine only, as it was told (--listen)" : self.reachabilitySummary,
                clockWarning: self.clockWarning,
                discovery: self.dht?.status.map { status in
                    DiscoverySnapshot(
                        nodes: status.goodNodes,
                        externalAddresses: status.externalAddresses,
                        isReadOnly: status.isReadOnly,
                        datagramsSent: status.datagramsSent,
                        bytesSent: status.bytesSent,
                        datagramsReceived: status.datagramsReceived,
                        bytesReceived: status.bytesReceived
                    )
                }
            ),
            peers: sessions.map { session in
                PeerSnapshot(
                    peerID: "\(session.peer)",
                    address: "\(session.address)",
                    agent: self.peers[session.peer]?.agent ?? "",
                    threads: self.peers[session.peer]?.threads ?? 0,
                    direction: session.direction == .inbound ? .inbound : .outbound,
                    isRelayed: session.isRelayed,
                    connectedSeconds: session.age / .seconds(1),
                    roundTripMilliseconds: session.roundTrip.map { $0 / .milliseconds(1) }
                )
            },
            jobs: stewarded + self.worker.snapshots(now: now).filter { !own.contains($0.id) },
            stats: stats
        )
    }
}
