import ArgumentParser
import GridNode

/// `tessera golden`.
struct GoldenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "golden",
        abstract: "Render the golden blocks and print the version of the core.",
        discussion: """
            tessera golden

            The version is the hash of what this machine renders. It must be the release's own: only then do this \
            machine's pictures equal everybody's. Every node checks this when it starts.
            """
    )

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        var measured: String
        var expected: String
        var isEqual: Bool
    }

    func run() async throws {
        let version = await CoreVersion.measure()
        if self.json {
            let report = Report(measured: version.measured, expected: version.expected, isEqual: version.isEqual)
            Terminal.data(try JSONText.encode(report))
        } else {
            Terminal.data(version.measured)
        }
        guard !version.isEqual else { return }
        throw NodeError(
            .coreMismatch,
            "this machine renders the golden blocks differently from this release, which expects \(version.expected)",
            hint: "memory or processor may be faulty, or the program was changed: build it again with ./bootstrap"
        )
    }
}
