import Dashboard
import GridCore
import Testing

/// What stands on a metrics page, read by the letter of the text format 0.0.4.
struct ParsedMetrics {
    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct ParseError: Error {
        let line: String
    }

    var types: [String: String] = [:]
    var helps: [String: String] = [:]
    var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw ParseError(line: "no line feed at the end") }
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let line = String(line)
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("#") {
                guard words.count == 4, words[0] == "#" else { throw ParseError(line: line) }
                switch words[1] {
                case "HELP":
                    guard self.helps[words[2]] == nil, !words[3].isEmpty else { throw ParseError(line: line) }
                    self.helps[words[2]] = words[3]
                case "TYPE":
                    guard self.types[words[2]] == nil, self.helps[words[2]] != nil,
                        ["counter", "gauge"].contains(words[3])
                    else { throw ParseError(line: line) }
                    self.types[words[2]] = words[3]
                    current = words[2]
                default:
                    throw ParseError(line: line)
                }
                continue
            }
            let sample = try Self.sample(line)
            // All samples of a metric stand together, under its type.
            guard sample.name == current else { throw ParseError(line: line) }
            guard !self.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
                throw ParseError(line: line)
            }
            self.samples.append(sample)
        }
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line)
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw ParseError(line: line) }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while true {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard let first = label.first, !first.isNumber, rest.hasPrefix("=\""), labels[String(label)] == nil
                else {
                    throw ParseError(line: line)
                }
                rest = rest.dropFirst(2)
                labels[String(label)] = try Self.quoted(&rest, line)
                if rest.first == "," {
                    rest = rest.dropFirst()
                    continue
                }
                guard rest.first == "}" else { throw ParseError(line: line) }
                rest = rest.dropFirst()
                break
            }
        }
        guard rest.first == " " else { throw ParseError(line: line) }
        let number = String(rest.dropFirst())
        let special: [String: Double] = ["NaN": .nan, "+Inf": .infinity, "-Inf": -.infinity]
        guard let value = special[number] ?? Double(number), special[number] != nil || value.isFinite else {
            throw ParseError(line: line)
        }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func quoted(_ rest: inout Substring, _ line: String) throws -> String {
        var value = ""
        while let character = rest.first {
            rest = rest.dropFirst()
            switch character {
            case "\"":
                return value
            case "\\":
                guard let escaped = rest.first, let meant = ["\\": "\\", "\"": "\"", "n": "\n"][escaped] else {
                    throw ParseError(line: line)
                }
                value += meant
                rest = rest.dropFirst()
            default:
                value.append(character)
            }
        }
        throw ParseError(line: line)
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        self.samples.first { $0.name == name && $0.labels == labels }?.value
    }
}

struct MetricsPageTests {
    @Test
    func `every line is by the format, and every metric has its help, type and prefix`() throws {
        let metrics = try ParsedMetrics(MetricsPage(Sample.snapshot(revision: 7), eventClients: 3).text)
        #expect(Set(metrics.types.keys) == Set(metrics.helps.keys))
        #expect(metrics.samples.allSatisfy { $0.name.hasPrefix("tessera_") })
        for (name, type) in metrics.types { #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)") }
        #expect(metrics.value("tessera_units_rendered_total") == 7)
        #expect(metrics.value("tessera_blocks_rendered_total") == 448)
        #expect(metrics.value("tessera_network_received_bytes_total") == Double(1 << 40))
        #expect(metrics.value("tessera_render_cpu_seconds_total") == 1.5)
        #expect(metrics.value("tessera_dashboard_event_clients") == 3)
        #expect(metrics.value("tessera_idle") == 1)
        #expect(metrics.value("tessera_peers", ["direction": "outbound"]) == 2)
        #expect(metrics.value("tessera_peer_round_trip_seconds", ["peer": "12D3KooWPeer1"]) == 0.00025)
        #expect(metrics.value("tessera_jobs", ["phase": "running"]) == 1)
        #expect(metrics.value("tessera_jobs", ["phase": "complete"]) == 0)
        #expect(metrics.value("tessera_job_units", ["job": "0a0b", "state": "verified"]) == 2)
        #expect(metrics.value("tessera_job_frames", ["job": "0a0b", "state": "final"]) == 1)
        #expect(metrics.value("tessera_job_worker_burned", ["job": "0a0b", "worker": "12D3KooWPeer0"]) == 1)
    }

    @Test
    func `hostile names are labels and nothing else`() throws {
        let metrics = try ParsedMetrics(MetricsPage(Sample.snapshot(), eventClients: 0).text)
        let titles = metrics.samples.compactMap { $0.labels["title"] }
        #expect(titles == ["shot \(Sample.hostileText)"])
        var snapshot = Sample.snapshot()
        snapshot.jobs[0].title = "a\u{0}\r\u{7F}b\u{2028}c🦑\\n"
        let escaped = try ParsedMetrics(MetricsPage(snapshot, eventClients: 0).text)
        #expect(escaped.samples.compactMap { $0.labels["title"] } == ["a   b\u{2028}c🦑\\n"])
    }

    @Test
    func `an idle node and strange numbers make a good page too`() throws {
        var snapshot = Sample.snapshot()
        snapshot.jobs = []
        snapshot.peers = []
        snapshot.node.uptimeSeconds = .nan
        snapshot.stats.cpuSeconds = -.infinity
        snapshot.stats.workCount = .max
        let metrics = try ParsedMetrics(MetricsPage(snapshot, eventClients: 0).text)
        #expect(metrics.value("tessera_uptime_seconds")?.isNaN == true)
        #expect(metrics.value("tessera_render_cpu_seconds_total") == -.infinity)
        #expect(metrics.value("tessera_work_total") == Double(UInt64.max))
        #expect(metrics.types["tessera_job_units"] == nil)
    }
}

struct ThroughputHistoryTests {
    @Test
    func `a point comes once a second and tells the rates since the last one`() {
        var history = ThroughputHistory()
        var snapshot = Sample.snapshot()
        var points: [ThroughputHistory.Point] = []
        for quarter in 0 ... 12 {
            snapshot.node.uptimeSeconds = 10 + Double(quarter) / 4
            snapshot.stats.blocksRendered = UInt64(quarter * 5)
            snapshot.stats.unitsVerified = UInt64(quarter)
            if let point = history.add(snapshot) { points.append(point) }
        }
        #expect(points.map(\.time) == [11, 12, 13])
        #expect(points.allSatisfy { $0.blocksPerSecond == 20 && $0.unitsPerSecond == 4 })
        #expect(history.points == points)
        #expect(points[0].json == "[11.0,20.0,4.0]")
    }

    @Test
    func `it is bounded, and a clock or a counter that goes back does no harm`() {
        var history = ThroughputHistory()
        var snapshot = Sample.snapshot()
        for second in 0 ..< 1000 {
            snapshot.node.uptimeSeconds = Double(second)
            snapshot.stats.blocksRendered = second % 2 == 0 ? 100 : 0
            _ = history.add(snapshot)
        }
        #expect(history.points.count == ThroughputHistory.countMax)
        #expect(history.points.allSatisfy { $0.blocksPerSecond == 0 || $0.blocksPerSecond == 100 })
        snapshot.node.uptimeSeconds = 5
        #expect(history.add(snapshot) == nil)
        snapshot.node.uptimeSeconds = .nan
        #expect(history.add(snapshot) == nil)
        snapshot.node.uptimeSeconds = 6.5
        #expect(history.add(snapshot)?.time == 6.5)
    }
}
