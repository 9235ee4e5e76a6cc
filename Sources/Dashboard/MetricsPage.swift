package import GridCore

/// A snapshot in the Prometheus text exposition format, version 0.0.4.
///
/// Each metric has its `HELP` and `TYPE` once, before its samples. Label values are escaped, numbers written so that
/// Prometheus reads them back exactly.
package struct MetricsPage: Sendable {
    /// The value of `Content-Type`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The page's text.
    package private(set) var text = ""

    /// Writes the metrics of a snapshot.
    ///
    /// - Parameter eventClients: The number of browsers that follow live events.
    package init(_ snapshot: GridSnapshot, eventClients: Int) {
        self.writeNode(snapshot.node, eventClients: eventClients)
        self.writePeers(snapshot.peers)
        self.writeStats(snapshot.stats)
        self.writeJobs(snapshot.jobs)
    }

    private enum Kind: String {
        case counter
        case gauge
    }

    private struct Sample {
        var labels: [(String, String)] = []
        var value: Double
    }

    private mutating func write(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        if samples.isEmpty { return }
        self.text += "# HELP tessera_\(name) \(help)\n# TYPE tessera_\(name) \(kind.rawValue)\n"
        // Prometheus refuses the whole page when two samples have equal labels, as of a peer that is connected twice.
        var seen: Set<String> = []
        for sample in samples {
            let labels = sample.labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            guard seen.insert(labels).inserted else { continue }
            self.text += "tessera_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(sample.value))\n"
        }
    }

    private mutating func write(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.write(name, kind, help, [Sample(value: value)])
    }

    private mutating func writeNode(_ node: NodeSnapshot, eventClients: Int) {
        self.write(
            "build_info",
            .gauge,
            "Always 1; its labels say what runs here.",
            [
                Sample(
                    labels: [
                        ("agent", node.agent), ("core_version", node.coreVersion), ("grid", node.grid),
                        ("peer", node.peerID),
                    ],
                    value: 1
                )
            ]
        )
        self.write("uptime_seconds", .gauge, "Seconds since the node started.", node.uptimeSeconds)
        self.write("render_threads", .gauge, "Threads that render.", Double(node.threads))
        self.write("paused", .gauge, "1 while a person has paused the node.", node.isPaused ? 1 : 0)
        self.write("idle", .gauge, "1 while the node renders nothing.", node.idleReason.isEmpty ? 0 : 1)
        self.write(
            "dashboard_event_clients",
            .gauge,
            "Browsers that follow the live events of this page.",
            Double(eventClients)
        )
    }

    private mutating func writePeers(_ peers: [PeerSnapshot]) {
        self.write(
            "peers",
            .gauge,
            "Connected peers by who dialed.",
            [PeerSnapshot.Direction.inbound, .outbound].map { direction in
                Sample(
                    labels: [("direction", direction.rawValue)],
                    value: Double(peers.count { $0.direction == direction })
                )
            }
        )
        self.write(
            "peer_round_trip_seconds",
            .gauge,
            "The last measured round trip to a peer.",
            peers.compactMap { peer in
                peer.roundTripMilliseconds.map { Sample(labels: [("peer", peer.peerID)], value: $0 / 1000) }
            }
        )
    }

    private mutating func writeStats(_ stats: StatsSnapshot) {
        let counters: [(String, String, Double)] = [
            ("units_rendered_total", "Units rendered here.", Double(stats.unitsRendered)),
            ("blocks_rendered_total", "Blocks rendered here, audits included.", Double(stats.blocksRendered)),
            ("work_total", "The work counters of blocks rendered here, in weighted rays.", Double(stats.workCount)),
            (
                "render_cpu_seconds_total", "Processor time spent on rendering here, in seconds.", stats.cpuSeconds
            ),
            ("units_verified_total", "Units verified in jobs stewarded here.", Double(stats.unitsVerified)),
            ("mismatches_total", "Results proved wrong in jobs stewarded here.", Double(stats.mismatches)),
            ("network_received_bytes_total", "Bytes received from peers.", Double(stats.bytesIn)),
            ("network_sent_bytes_total", "Bytes sent to peers.", Double(stats.bytesOut)),
        ]
        for (name, help, value) in counters { self.write(name, .counter, help, value) }
        self.write("chunk_store_bytes", .gauge, "Bytes in the chunk store.", Double(stats.chunkBytes))
    }

    private mutating func writeJobs(_ jobs: [JobSnapshot]) {
        let phases = ["receiving", "running", "complete", "cancelled"]
        self.write(
            "jobs",
            .gauge,
            "Jobs that this node stewards or works for, by phase.",
            phases.map { phase in
                Sample(labels: [("phase", phase)], value: Double(jobs.count { $0.phase == phase }))
            }
        )
        func perJob(_ values: (JobSnapshot) -> [(String, String, Double)]) -> [Sample] {
            jobs.flatMap { job in
                values(job).map { Sample(labels: [("job", job.id), ($0, $1)], value: $2) }
            }
        }
        self.write(
            "job_info",
            .gauge,
            "Always 1; its labels name a job.",
            jobs.map { job in
                Sample(
                    labels: [
                        ("job", job.id), ("title", job.title), ("phase", job.phase), ("role", job.role.rawValue),
                        ("steward", job.steward),
                    ],
                    value: 1
                )
            }
        )
        self.write(
            "job_units",
            .gauge,
            "Units of a job: all, those with a result, those verified.",
            perJob {
                [
                    ("state", "total", Double($0.unitsTotal)), ("state", "rendered", Double($0.unitsRendered)),
                    ("state", "verified", Double($0.unitsVerified)),
                ]
            }
        )
        self.write(
            "job_frames",
            .gauge,
            "Frames of a job: all, and those that are final.",
            perJob {
                [("state", "total", Double($0.frameCount)), ("state", "final", Double($0.finalFrames.count))]
            }
        )
        self.write(
            "job_units_per_second",
            .gauge,
            "Units of a job verified in a second, over the last 30 seconds.",
            jobs.map { Sample(labels: [("job", $0.id)], value: $0.unitsPerSecond) }
        )
        self.write(
            "job_worker_units",
            .gauge,
            "Units of a job whose result by a worker was verified.",
            perJob { job in job.workers.map { ("worker", $0.peerID, Double($0.verifiedUnits)) } }
        )
        self.write(
            "job_worker_burned",
            .gauge,
            "1 for a worker that was proved wrong in a job.",
            perJob { job in job.workers.map { ("worker", $0.peerID, $0.isBurned ? 1 : 0) } }
        )
    }

    /// A label's value with backslash, quote and line feed escaped, and no other control character.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            case let scalar where scalar.value < 0x20 || scalar.value == 0x7F: text += " "
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
