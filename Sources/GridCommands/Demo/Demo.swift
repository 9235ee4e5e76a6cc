import FoundationEssentials
import GridCore
import GridNode
import Logging

/// Renders a shot on a grid of three local nodes, checks it against this machine alone, and tells how it went.
struct Demo {
    let shot: ShotRequest
    let directory: String
    let dashboardPort: Int?

    /// The nodes of the demo's grid.
    private static let nodeCount = 3
    /// How many of the frames are rendered again without the grid.
    private static let comparedFrames = 2
    /// The columns of the contact sheet.
    private static let sheetColumns = 4

    func run() async throws {
        let start = ContinuousClock.now
        let frameDirectory = self.directory + "/frames"
        let output = FrameOutput(path: frameDirectory)
        // Frames of an earlier demo would be taken as delivered.
        try? FileManager.default.removeItem(atPath: frameDirectory)
        try output.prepare()
        Terminal.note(
            "Starting \(Self.nodeCount) nodes on the loopback interface; they find each other by multicast DNS."
        )
        let grid = try LocalGrid(
            count: Self.nodeCount,
            threads: 1,
            logDirectory: self.directory,
            dashboardPort: self.dashboardPort
        )
        let result: Result<Delivery, any Error>
        do {
            result = .success(try await self.deliver(on: grid, output: output))
        } catch {
            result = .failure(error)
        }
        await grid.stop()
        let delivery = try result.get()

        let pictures = delivery.summary.frames.compactMap { frame in
            output.files(ofFrame: frame).first { $0.hasSuffix(".png") }
        }
        let sheet = self.directory + "/contact-sheet.png"
        try FrameSheet.write(pictures, columns: Self.sheetColumns, look: output, to: sheet)
        let comparison = try await self.compare(delivery.summary.frames, with: output)
        self.report(delivery, comparison: comparison, sheet: sheet, seconds: start.duration(to: .now) / .seconds(1))
        guard comparison.differing.isEmpty else {
            throw NodeError(
                .verification,
                "frames from the grid differ from this machine's own: \(comparison.differing.joined(separator: ", "))"
            )
        }
    }

    // MARK: - The grid

    private struct Delivery {
        var summary: JobSummary
        var snapshot: GridSnapshot
        var gridSeconds: Double
        var cpuSeconds: Double
    }

    private func deliver(on grid: LocalGrid, output: FrameOutput) async throws -> Delivery {
        try await grid.waitUntilAllMet()
        let first = grid.nodes[0]
        let before = try await ControlClient(dataDirectory: first.dataDirectory).snapshot()
        guard let address = before.node.listenAddresses.first else {
            throw NodeError(.network, "the first node does not say where it listens")
        }
        Terminal.note("They have met. The shot goes to \(address)")
        if let dashboard = before.node.dashboard { Terminal.note("Watch it at \(dashboard)") }
        let cpuBefore = grid.cpuSeconds
        let start = ContinuousClock.now
        let line = ProgressLine(unit: "units")
        let summary = try await GridClient.submit(
            SubmitRequest(
                shot: self.shot,
                address: address,
                grid: grid.name,
                dataDirectory: first.dataDirectory + "-submitter",
                title: "demo",
                output: output
            ),
            logger: Logger(label: "tessera.demo") { _ in SwiftLogNoOpLogHandler() }
        ) { progress in
            switch progress {
            case .note(let note): line.note(note)
            case .sending, .submitted: break
            case .status(let status):
                line.update(
                    done: status.unitsVerified,
                    total: status.unitsTotal,
                    detail: status.waitingFor.isEmpty ? "\(status.finalFrames.count) frames" : status.waitingFor
                )
            case .frameWritten(let frame, let files):
                line.note("frame \(frame) verified: \(files.joined(separator: " "))")
            }
        }
        line.finish()
        return Delivery(
            summary: summary,
            snapshot: try await ControlClient(dataDirectory: first.dataDirectory).snapshot(),
            gridSeconds: start.duration(to: .now) / .seconds(1),
            cpuSeconds: grid.cpuSeconds - cpuBefore
        )
    }

    // MARK: - The comparison

    private struct Comparison {
        var frames: [Int] = []
        var differing: [String] = []
        var coreSeconds = 0.0
    }

    /// Renders some frames without the grid and compares the files byte by byte.
    private func compare(_ frames: [Int], with output: FrameOutput) async throws -> Comparison {
        var comparison = Comparison()
        guard let first = frames.first, let last = frames.last else { return comparison }
        let directory = self.directory + "/compared"
        try? FileManager.default.removeItem(atPath: directory)
        for frame in Set([first, last]).sorted().prefix(Self.comparedFrames) {
            Terminal.note("Rendering frame \(frame) without the grid, to compare.")
            var shot = self.shot
            shot.frames = frame ... frame
            let own = FrameOutput(path: directory)
            let summary = try await LocalRender(shot: shot, output: own, threads: 2).run { _ in }
            comparison.frames.append(frame)
            comparison.coreSeconds += summary.renderCoreSeconds + summary.buildSeconds
            for (theirs, ours) in zip(output.files(ofFrame: frame), own.files(ofFrame: frame)) {
                let manager = FileManager.default
                guard let a = manager.contents(atPath: theirs), let b = manager.contents(atPath: ours), a == b else {
                    comparison.differing.append(theirs)
                    continue
                }
            }
        }
        try? FileManager.default.removeItem(atPath: directory)
        return comparison
    }

    // MARK: - The summary

    private func report(_ delivery: Delivery, comparison: Comparison, sheet: String, seconds: Double) {
        let job = delivery.snapshot.jobs.first { $0.id == delivery.summary.job }
        Terminal.data("")
        Terminal.data(
            "\(delivery.summary.frames.count) frames of \(self.shot.width)x\(self.shot.height) pixels, "
                + "\(self.shot.samples) samples each, rendered and verified in \(Self.rounded(delivery.gridSeconds)) s"
        )
        if let job {
            let tiles = job.tilesAcross * job.tilesDown * job.frameCount
            Terminal.data(
                "\(tiles) tiles in \(job.unitsTotal) units, each computed by two nodes: "
                    + "\(job.unitsVerified) agreed, \(job.burned.count) nodes were proved wrong"
            )
            var table = TextTable([("node", .left), ("verified units", .right), ("share of work", .right)])
            let total = job.workers.reduce(0.0) { $0 + Double($1.workCount) }
            for worker in job.workers {
                let share = total > 0 ? Double(worker.workCount) / total * 100 : 0
                table.add([worker.peerID, "\(worker.verifiedUnits)", "\(Self.rounded(share)) %"])
            }
            for line in table.lines { Terminal.data("  " + line) }
        }
        let compared = comparison.frames.map(String.init).joined(separator: " and ")
        Terminal.data(
            comparison.differing.isEmpty
                ? "Frames \(compared) are the same, byte for byte, as rendered without the grid."
                : "Frames \(compared) DIFFER from those rendered without the grid."
        )
        if !comparison.frames.isEmpty, !delivery.summary.frames.isEmpty, delivery.cpuSeconds > 0 {
            let alone = comparison.coreSeconds / Double(comparison.frames.count)
            let onGrid = delivery.cpuSeconds / Double(delivery.summary.frames.count)
            Terminal.data(
                "Core-seconds a frame: \(Self.rounded(alone)) alone, \(Self.rounded(onGrid)) on the grid. "
                    + "Efficiency \(Self.rounded(alone / onGrid * 100)) %; every unit is computed twice, so 50 % is the "
                    + "most: \(Self.rounded(2 * alone / onGrid * 100)) % without the planned second copy."
            )
        }
        Terminal.data("Frames: \(self.directory)/frames   Contact sheet: \(sheet)   Total: \(Self.rounded(seconds)) s")
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
