import ArgumentParser
import FoundationEssentials
import GridNode
import GridSimulator

/// `tessera simulate`.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run a whole grid in virtual time, from one seed.",
        discussion: """
            tessera simulate
            tessera simulate --nodes 100 --saboteurs 5 --storm 300 --seed 7
            tessera simulate --seeds 100 --nodes 20 --storm 120
            tessera simulate --bars all
            tessera simulate --bars F1,F3 --work 0.1
            tessera simulate --film
            tessera simulate --nodes 50 --storm 60 --seeds 20 --chart storm.svg
            tessera simulate --discover --nodes 50 --storm 120
            tessera simulate --ladder
            tessera simulate --pixels --saboteurs 1
            tessera simulate --store --nodes 25 --storm 60 --frames 2 --size 480x270 --spp 256
            tessera simulate --storm 300 --print-scenario > storm.json
            tessera simulate --scenario storm.json --seeds 100 --csv > storm.csv

            The scheduling and verification are those of a real node; only pixels, network and time are made up, with --discover \
            also discovery and sessions are a real node's, with --pixels also pixels are rendered. With --store every node \
            has a real data directory, with the database and the chunk files of a real node, below /dev/shm or the \
            temporary directory; what a node knows after a crash is what it finds there. A kill leaves what was written; \
            when the power fails (a third of a storm's crashes), what was not forced to the disk is lost, or torn; disks run \
            full for some seconds. Without --pixels some hundred bytes that name the unit stand in for its pixels there; \
            scenes are not stored. Equal seeds give equal runs. The exit code is 1 when a job did not complete or something happened that must not; then the smallest \
            scenario that shows it is looked for and printed, for --scenario.
            """
    )

    @Option(help: ArgumentHelp("The number of nodes, 2 to 20000.", valueName: "count"))
    var nodes = 10

    @Option(help: ArgumentHelp("How many nodes can keep jobs (default: at most 8).", valueName: "count"))
    var stewards: Int?

    @Option(help: ArgumentHelp("How many nodes falsify results.", valueName: "count"))
    var saboteurs = 0

    @Option(help: ArgumentHelp("The share of its results that a saboteur falsifies, 0 to 1.", valueName: "share"))
    var falsify = 0.1

    @Option(help: ArgumentHelp("The number of jobs.", valueName: "count"))
    var jobs = 1

    @Option(help: ArgumentHelp("Frames of a job (default: 8, with --pixels 2).", valueName: "count"))
    var frames: Int?

    @Option(
        help: ArgumentHelp("The size of a frame in pixels (default: 640x360, with --pixels 160x96).", valueName: "WxH")
    )
    var size: PictureSize?

    @Option(help: ArgumentHelp("Samples of a pixel (default: 64, with --pixels 2).", valueName: "count"))
    var spp: Int?

    @Flag(help: "Render real pixels, and compare the frames at the end with a direct render.")
    var pixels = false

    @Flag(help: "Keep what nodes keep in real data directories, and crash these (up to 200 nodes; slower).")
    var store = false

    @Option(help: ArgumentHelp("Crashes, losses, delays and disconnections for so long.", valueName: "seconds"))
    var storm: Double?

    @Flag(
        help:
            "Nodes find each other by the DHT and keep sessions as real ones do; all can keep jobs (up to 1000 nodes)."
    )
    var discover = false

    @Option(
        help: ArgumentHelp(
            "The line of every node: \(NetworkProfile.ladder.map(\.name).joined(separator: ", ")).",
            valueName: "name"
        )
    )
    var line: String?

    @Option(help: ArgumentHelp("The seed of the run.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Run with so many seeds, from --seed on.", valueName: "count"))
    var seeds = 1

    @Option(
        help: ArgumentHelp("How many of the seeds run at once (default: one for each core).", valueName: "count")
    )
    var atOnce: Int?

    @Option(help: ArgumentHelp("Run these bars of the grid instead, or all.", valueName: "names"))
    var bars: String?

    @Flag(help: "Run on each line from a good one to a satellite, and print a table.")
    var ladder = false

    @Flag(help: "Do not look for the smallest scenario that shows what went wrong.")
    var noShrink = false

    @Flag(help: "Estimate what a film of 1,900 effect shots would need.")
    var film = false

    @Option(help: ArgumentHelp("The share of the full work of the bars or the film, 0.01 to 1.", valueName: "share"))
    var work = 1.0

    @Option(
        help: ArgumentHelp(
            "Take the scenario from a JSON file; what it does not name is as the other options say.",
            valueName: "file"
        )
    )
    var scenario: String?

    @Flag(help: "Print the scenario as JSON instead of running it.")
    var printScenario = false

    @Flag(help: "Print JSON, one report a line.")
    var json = false

    @Flag(help: "Print the figures as CSV, one report a line.")
    var csv = false

    @Option(help: ArgumentHelp("Draw how the runs went on, as an SVG picture.", valueName: "file"))
    var chart: String?

    func validate() throws {
        guard (1 ... 1_000).contains(self.jobs) else {
            throw ValidationError("--jobs must be 1 to 1000, got \(self.jobs)")
        }
        guard (1 ... 1_000_000).contains(self.seeds) else {
            throw ValidationError("--seeds must be 1 to 1000000, got \(self.seeds)")
        }
        if let atOnce = self.atOnce, !(1 ... 1_024).contains(atOnce) {
            throw ValidationError("--at-once must be 1 to 1024, got \(atOnce)")
        }
        if let storm = self.storm, !(storm.isFinite && (1 ... 1_000_000).contains(storm)) {
            throw ValidationError("--storm must be 1 to 1000000 seconds, got \(storm)")
        }
        if let bars = self.bars {
            var known: [String] = []
            for bar in SimulationBar.all() where !known.contains(bar.id) { known.append(bar.id) }
            for name in bars.split(separator: ",")
            where name.uppercased() != "ALL" && !known.contains(name.uppercased()) {
                throw ValidationError("--bars \(name) is not known; there are all, \(known.joined(separator: ", "))")
            }
        }
        if let line = self.line, NetworkProfile.named(line) == nil {
            let names = NetworkProfile.ladder.map(\.name).joined(separator: ", ")
            throw ValidationError("--line \(line) is not known; there are \(names)")
        }
        guard (0.01 ... 1).contains(self.work) else {
            throw ValidationError("--work must be 0.01 to 1, got \(self.work)")
        }
        guard !(self.json && self.csv) else { throw ValidationError("--json and --csv exclude each other") }
        if self.scenario == nil, let problem = self.optionsScenario(seed: self.seed).problem {
            throw ValidationError(problem)
        }
    }

    func run() async throws {
        let command = self
        try await Interruption.cancellable {
            if command.film { return try command.runFilm() }
            if let bars = command.bars { return try command.runBars(bars) }
            if command.ladder { return try command.runLadder() }
            var scenario = command.optionsScenario(seed: command.seed)
            if let path = command.scenario { scenario = try ScenarioFile.read(path, over: scenario) }
            if command.printScenario { return Terminal.data(try JSONText.encode(scenario)) }
            try await command.simulate(scenario)
        }
    }

    /// The most runs of a chart.
    private static let chartRunsMax = 200

    private func runBars(_ names: String) throws {
        let asked = Set(names.split(separator: ",").map { $0.uppercased() })
        let bars = SimulationBar.all(workShare: self.work).filter { asked.contains("ALL") || asked.contains($0.id) }
        var failed: [String] = []
        for bar in bars {
            try bar.run { figure in
                try Task.checkCancellation()
                if !figure.passes { failed.append(figure.bar) }
                guard !self.json else { return Terminal.data(try JSONText.encodeLine(figure)) }
                let value = Quantity.fixed(figure.value, 3)
                Terminal.data(
                    "\(figure.passes ? "ok  " : "FAIL") \(figure.bar) \(figure.run): \(figure.name) \(value) "
                        + "(\(figure.limit)), seed \(figure.seed), \(Quantity.fixed(figure.wallSeconds, 1)) s"
                )
            }
        }
        guard let first = failed.first else { return }
        throw NodeError(.verification, "\(failed.count) figures miss their bars, the first of \(first)")
    }

    private func runFilm() throws {
        let heads: [(String, TextTable.Alignment)] = [
            ("fleet", .left), ("busy", .right), ("days", .right), ("units/s", .right), ("ledger", .right),
            ("sealed", .right), ("messages", .right), ("pixels", .right), ("seed", .right),
        ]
        var table = TextTable(heads)
        try FilmEstimate.all(workShare: self.work) { row in
            try Task.checkCancellation()
            guard !self.json else { return Terminal.data(try JSONText.encodeLine(row)) }
            let isSimulated = row.seed != nil
            table.add(
                [
                    row.fleet, "\(Quantity.fixed(row.utilisation * 100, 1)) %", Quantity.fixed(row.days, 0),
                    isSimulated ? Quantity.fixed(row.unitsPerSecond, 0) : "-",
                ]
                    + [row.ledgerBytes, row.sealedLedgerBytes, row.messageBytes, row.pixelBytes].map {
                        isSimulated ? Quantity.bytes(UInt64($0)) : "-"
                    } + [row.seed.map { "\($0)" } ?? "-"]
            )
        }
        for line in table.lines where !self.json { Terminal.data(line) }
    }

    func optionsScenario(seed: UInt64) -> SimulationScenario {
        let size =
            self.size ?? (self.pixels ? PictureSize(width: 160, height: 96) : PictureSize(width: 640, height: 360))
        let jobs = (0 ..< self.jobs).map { _ in
            SimulationScenario.Job(
                frameCount: self.frames ?? (self.pixels ? 2 : 8),
                width: size.width,
                height: size.height,
                samples: self.spp ?? (self.pixels ? 2 : 64)
            )
        }
        var scenario = SimulationScenario(
            seed: seed,
            nodes: self.nodes,
            stewards: self.stewards ?? (self.discover ? self.nodes : min(8, max(1, self.nodes))),
            saboteurs: self.saboteurs,
            falsifyRate: self.falsify,
            jobs: jobs,
            faults: self.storm.map { .storm(untilSeconds: $0) } ?? .init()
        )
        scenario.rendersPixels = self.pixels
        scenario.usesStore = self.store
        scenario.line = self.line.flatMap(NetworkProfile.named)
        if self.discover {
            scenario.peering = SimulationScenario.Peering()
            // A person submits when the grid is there.
            for index in scenario.jobs.indices { scenario.jobs[index].submittedAtSeconds = 30 }
        }
        return scenario
    }

    private func simulate(_ first: SimulationScenario) async throws {
        var virtualSeconds = 0.0
        let begin = ContinuousClock.now
        var drawn: [SimulationReport] = []
        if self.csv { Terminal.data(SimulationTable.header) }
        let line = ProgressLine(unit: "seeds", isQuiet: self.seeds == 1)
        var failed: [UInt64] = []
        var firstFailure: (scenario: SimulationScenario, violation: SimulationReport.Violation)?
        var told = 0
        var atOnce = self.atOnce ?? ProcessInfo.processInfo.activeProcessorCount
        if first.usesStore {
            atOnce = min(atOnce, max(1, OpenFiles.raisedLimit() / (first.nodes * SimulationScenario.storeFilesPerNode)))
        }
        try await SeedRuns(first: first, count: self.seeds, atOnce: atOnce).run { scenario, report in
            virtualSeconds += report.virtualSeconds
            if !report.isGood { failed.append(scenario.seed) }
            if firstFailure == nil { firstFailure = report.violations.first.map { (scenario, $0) } }
            if self.chart != nil, drawn.count < Self.chartRunsMax { drawn.append(report) }
            if self.json {
                Terminal.data(try JSONText.encodeLine(report))
            } else if self.csv {
                Terminal.data(SimulationTable.row(report))
            } else if self.seeds == 1 || !report.isGood {
                line.finish()
                for text in Self.lines(report) { Terminal.data(text) }
            }
            told += 1
            line.update(done: told, total: self.seeds)
        }
        line.finish()
        if let chart = self.chart {
            do {
                try SimulationChart.svg(drawn).write(toFile: chart, atomically: true, encoding: .utf8)
            } catch {
                throw NodeError(.storage, "the chart \(chart) cannot be written", hint: "is its directory there?")
            }
        }
        if !self.json, !self.csv, self.seeds > 1 {
            let seconds = max(begin.duration(to: .now) / .seconds(1), 1e-6)
            Terminal.data(
                "\(self.seeds - failed.count) of \(self.seeds) seeds are good, "
                    + "\(ProgressLine.short(virtualSeconds / seconds)) times real time all together"
            )
        }
        if let firstFailure, !self.noShrink { try self.shrink(firstFailure.scenario, firstFailure.violation) }
        guard let first = failed.first else { return }
        throw NodeError(
            .verification,
            "\(failed.count) of \(self.seeds) runs failed, the first with seed \(first)",
            hint: "the same run again: --seeds 1 --seed \(first)"
        )
    }

    /// Looks for the smallest scenario that breaks the same rule, and prints it with what led to it.
    private func shrink(_ scenario: SimulationScenario, _ violation: SimulationReport.Violation) throws {
        let failure = try SimulationShrinker().shrink(scenario, violation)
        if self.json { return Terminal.data(try JSONText.encodeLine(failure)) }
        // A table of figures stays one.
        let write = self.csv ? Terminal.note : Terminal.data
        write("the smallest scenario that was found to break this rule, after \(failure.runs) runs (for --scenario):")
        write(try JSONText.encode(failure.scenario))
        write("VIOLATION at \(Quantity.fixed(failure.violation.seconds, 3)) s: \(failure.violation.what)")
        for event in failure.violation.lastEvents { write("    \(event)") }
    }

    static func lines(_ report: SimulationReport) -> [String] {
        var table = TextTable([("", .left), ("", .left)])
        table.add(["seed", "\(report.seed)"])
        table.add(["nodes", "\(report.nodes)"])
        let complete = report.jobs.filter { $0.makespanSeconds != nil }.count
        table.add(["jobs complete", "\(complete) of \(report.jobs.count)"])
        table.add(["time of the grid", ProgressLine.clock(report.makespanSeconds)])
        table.add(["useful core-seconds", "\(Quantity.fixed(report.usefulShare * 100, 1)) %"])
        table.add(["units", "\(report.finishedUnits), rendered once more than needed: \(report.duplicateUnits)"])
        table.add(["falsified units", "\(report.falsifiedUnits)"])
        table.add(["leaves recomputed", "\(report.audits)"])
        table.add(["nodes proved wrong", report.burned.map(Quantity.peer).joined(separator: " ")])
        table.add(["crashes", "\(report.crashes)"])
        if let store = report.store {
            table.add([
                "of the stores",
                "\(store.powerCuts) power cuts, \(store.fullDisks) full disks, \(store.calls) calls, of what was written "
                    + "\(store.lost) were lost",
            ])
        }
        table.add([
            "messages", "\(report.messages) (\(Quantity.bytes(report.messageBytes))), lost: \(report.lostMessages)",
        ])
        if let frames = report.framesEqual {
            table.add(["frames as a direct render", "\(frames)"])
        }
        if let peering = report.peering {
            table.add(["found each other in", peering.secondsUntilMeshed.map(ProgressLine.clock) ?? "never"])
            table.add(["sessions of a node", "\(peering.sessionsLeast) to \(peering.sessionsMost)"])
            table.add(["nodes that worked", "\(peering.nodesThatWorked)"])
            table.add([
                "of discovery and sessions",
                "\(peering.datagrams) datagrams (\(Quantity.bytes(UInt64(peering.datagramBytes)))), "
                    + "\(peering.dials) dials, \(peering.sessions) sessions "
                    + "(\(Quantity.bytes(UInt64(peering.streamBytes))))",
            ])
        }
        table.add([
            "simulated in",
            "\(Quantity.fixed(report.wallSeconds, 2)) s, \(ProgressLine.short(report.speedup)) times real time",
        ])
        var lines = Array(table.lines.dropFirst())
        for violation in report.violations {
            lines.append("VIOLATION at \(Quantity.fixed(violation.seconds, 3)) s: \(violation.what)")
            lines += violation.lastActions.map { "    \($0)" }
        }
        return lines
    }
}
