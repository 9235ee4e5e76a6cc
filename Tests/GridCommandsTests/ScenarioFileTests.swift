import GridCommands
import GridNode
import GridSimulator
import Testing

/// Scenarios of simulated grids as files.
struct ScenarioFileTests {
    private let base = SimulationScenario(seed: 7, nodes: 20)

    private func read(_ text: String) throws -> SimulationScenario {
        try ScenarioFile.decode(Array(text.utf8), named: "x.json", over: self.base)
    }

    @Test
    func `what a file does not name is as it was`() throws {
        #expect(try self.read("{}") == self.base)
        var changed = self.base
        changed.nodes = 3
        changed.speedSpread = 0
        changed.faults.lossRate = 0.25
        changed.jobs = [.init(frameCount: 2), .init(submittedAtSeconds: 9)]
        let text = """
            {"nodes": 3, "speedSpread": 0, "faults": {"lossRate": 0.25},
             "jobs": [{"frameCount": 2}, {"submittedAtSeconds": 9}]}
            """
        #expect(try self.read(text) == changed)
        #expect(try self.read("{\"seed\": 18446744073709551615}").seed == .max)
    }

    @Test(arguments: [
        ("", "x.json"), ("[]", "object"), ("{\"node\": 3}", "node is not known"), ("{\"nodes\": \"many\"}", "nodes"),
        ("{\"faults\": {\"lossrate\": 1}}", "faults.lossrate"), ("{\"faults\": 3}", "faults must be an object"),
        ("{\"jobs\": [{\"frames\": 1}]}", "jobs.frames"), ("{\"nodes\": 3", "x.json"), ("{\"nodes\": null}", "nodes"),
    ])
    func `a file that is no scenario is refused with what is wrong in it`(text: String, word: String) throws {
        let error = #expect(throws: NodeError.self) { try self.read(text) }
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }

    @Test
    func `bytes at random are read or refused`() {
        var state: UInt64 = 1
        for _ in 0 ..< 2_000 {
            var bytes = Array("{\"nodes\":3,\"jobs\":[{\"samples\":5}],\"faults\":{\"lossRate\":0.5}}".utf8)
            for _ in 0 ..< 3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 56)
            }
            _ = try? ScenarioFile.decode(bytes, named: "x.json", over: self.base)
        }
    }

    @Test
    func `what the options leave out may be named in parts`() throws {
        let text = """
            {"stewards": 20, "peering": {"entries": 2}, "line": {"lossRate": 0.01}, "sealAfterSeconds": 5,
             "incidents": [{"atSeconds": 60, "shareCutOff": 0.5, "cutOffSeconds": 30}]}
            """
        let scenario = try self.read(text)
        #expect(scenario.peering?.entries == 2)
        #expect(scenario.peering?.startSeconds == 10)
        #expect(scenario.line?.lossRate == 0.01)
        #expect(scenario.line?.name == NetworkProfile.ladder.first?.name)
        #expect(scenario.sealAfterSeconds == 5)
        #expect(scenario.incidents.map(\.cutOffSeconds) == [30])
        #expect(scenario.problem == nil)
    }
}
