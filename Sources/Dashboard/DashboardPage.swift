import GridCore
import Mustache

/// The page as the server writes it: the frame that the script fills, and what is true now for browsers without one.
struct DashboardPage: Sendable {
    private let template: MustacheTemplate

    /// Reads the template that is built into the program.
    init() {
        do {
            self.template = try MustacheTemplate(
                string: String(decoding: PackageResources.dashboard_mustache, as: UTF8.self)
            )
        } catch {
            preconditionFailure("the built-in page is no template: \(error)")
        }
    }

    /// The HTML for a snapshot; everything in it that comes from outside is escaped by the template.
    func render(_ snapshot: GridSnapshot, hasControls: Bool) -> String {
        let node = snapshot.node
        let values: [String: Any] = [
            "shortID": Self.short(node.peerID),
            "peerID": node.peerID,
            "grid": node.grid,
            "agent": node.agent,
            "threads": node.threads,
            "coreVersion": Self.shortVersion(node.coreVersion),
            "state": Self.state(of: node),
            "hasControls": hasControls,
            "peers": snapshot.peers.map { peer in
                [
                    "id": Self.short(peer.peerID), "agent": peer.agent, "address": peer.address,
                    "threads": "\(peer.threads)",
                ]
            },
            "jobs": snapshot.jobs.map { job in
                [
                    "title": job.title, "phase": job.phase, "unitsTotal": "\(job.unitsTotal)",
                    "unitsVerified": "\(job.unitsVerified)", "framesFinal": "\(job.finalFrames.count)",
                    "frameCount": "\(job.frameCount)", "burned": job.burned.map(Self.short).joined(separator: ", "),
                ]
            },
        ]
        return self.template.render(values)
    }

    /// The last eight characters of a peer id; the first eight are equal for all peers.
    private static func short(_ peerID: String) -> String {
        String(peerID.suffix(8))
    }

    private static func shortVersion(_ version: String) -> String {
        String(version.prefix(12))
    }

    private static func state(of node: NodeSnapshot) -> String {
        if node.isPaused { return "Paused" }
        return node.idleReason.isEmpty ? "Rendering" : "Idle: \(node.idleReason)"
    }
}
