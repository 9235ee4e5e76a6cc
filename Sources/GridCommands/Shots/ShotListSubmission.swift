import ArgumentParser
import GridNode
import Logging

/// `tessera submit --shots`: many shots at a time.
struct ShotListSubmission: Sendable {
    let list: ShotList
    /// What holds where the list says nothing.
    let shot: ShotOptions
    let output: OutputOptions
    let order: OrderOptions
    let title: String?

    /// The shots as the node's library takes them.
    var shots: [ShotListRequest.Shot] {
        self.list.entries.map { entry in
            ShotListRequest.Shot(
                name: entry.shot,
                title: self.title.map { "\($0) \(entry.shot)" } ?? entry.shot,
                shot: self.request(entry),
                output: self.output(entry),
                order: OrderWish(
                    priority: entry.priority ?? self.order.priority,
                    deadline: entry.deadline ?? self.order.deadline?.milliseconds
                )
            )
        }
    }

    private func request(_ entry: ShotList.Entry) -> ShotRequest {
        var request = self.shot.request(entry.file)
        request.layers = self.output.carried
        request.frames = entry.frames ?? request.frames
        request.camera = entry.camera ?? request.camera
        request.scene = entry.scene ?? request.scene
        request.variant = entry.variant ?? request.variant
        request.width = entry.width ?? request.width
        request.height = entry.height ?? request.height
        request.samples = entry.samples ?? request.samples
        request.framesPerSecond = entry.framesPerSecond ?? request.framesPerSecond
        request.seed = entry.seed ?? request.seed
        if let environment = entry.environment {
            request.environment = environment
            request.sky = nil
        }
        return request
    }

    /// Each shot has a directory of its own.
    private func output(_ entry: ShotList.Entry) -> FrameOutput? {
        guard let output = self.output.request else { return nil }
        let directory = (output.path.hasSuffix("/") ? output.path : output.path + "/") + entry.shot
        return output.at(entry.output.map { "\(directory)/\($0)" } ?? directory)
    }

    /// Submits, and tells of it.
    func run(
        address: String,
        grid: String,
        dataDirectory: String,
        fetchHint: String,
        json: Bool,
        quiet: Bool
    ) async throws {
        let shots = self.shots
        let delivers = self.output.output != nil
        let view = ShotListView(shotCount: shots.count, isQuiet: quiet, printsPaths: !json)
        let request = ShotListRequest(shots: shots, address: address, grid: grid, dataDirectory: dataDirectory)
        do {
            try await Interruption.cancellable {
                defer { view.finish() }
                let logger = CommandLog.logger("tessera", level: .error)
                let summary = try await GridClient.submit(request, logger: logger) { view.show($0) }
                view.finish()
                try Self.report(summary, delivers: delivers, json: json, quiet: quiet)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            guard !view.jobs.isEmpty else { throw error }
            let report = ErrorReport(error)
            throw NodeError(
                .cancelled,
                (error is CancellationError ? "stopped" : report.message)
                    + "; the grid goes on with \(view.jobs.count) of \(shots.count) shots:\n"
                    + view.jobs.map { "  \($0.shot) \($0.job)" }.joined(separator: "\n"),
                hint: "the rest of a shot comes with: tessera fetch JOB \(fetchHint)"
            )
        }
    }

    private static func report(_ summary: ShotListSummary, delivers: Bool, json: Bool, quiet: Bool) throws {
        if json {
            Terminal.data(try JSONText.encode(summary))
        } else if !delivers {
            for shot in summary.shots { Terminal.data("\(shot.shot) \(shot.job)") }
        }
        let failed = summary.shots.filter { $0.error != nil }
        for shot in failed { Terminal.note(ErrorReport.line("shot \(shot.shot): \(shot.error ?? "")")) }
        if !quiet, delivers {
            let frames = summary.shots.reduce(0) { $0 + $1.frames.count }
            Terminal.note(
                "\(frames) frame\(frames == 1 ? "" : "s") of \(summary.shots.count - failed.count) shots, verified, in "
                    + ProgressLine.clock(summary.seconds)
            )
        }
        if !failed.isEmpty { throw ExitCode.failure }
    }
}
