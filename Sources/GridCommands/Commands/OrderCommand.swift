import ArgumentParser
import FoundationEssentials
import GridNode
import GridWire
import Logging

/// `tessera order`.
struct OrderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Pause, resume or cancel a job that was submitted here, or change how much it matters.",
        discussion: """
            tessera order 5f1c... --pause
            tessera order 5f1c... --resume --priority 3 --deadline 8h
            tessera order 5f1c... --cancel --to 192.0.2.7:7877

            The order is signed with the key that submitted the job (see --data); any peer of the grid takes it. What is \
            rendering is finished when a job is paused; what was verified is kept. A cancelled job cannot be resumed.
            """
    )

    @Argument(help: ArgumentHelp("The job's name, as submit printed it.", valueName: "job"))
    var job: String

    @Flag(exclusivity: .exclusive)
    var state: Change?

    @OptionGroup var order: OrderOptions
    @OptionGroup var peer: PeerOptions
    @OptionGroup var data: DataOptions

    @Flag(help: "Print what holds from now on as JSON.")
    var json = false

    /// What becomes of the job.
    enum Change: String, EnumerableFlag {
        case pause
        case resume
        case cancel

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .pause: "Hand out no more work until it is resumed."
            case .resume: "Hand out work again."
            case .cancel: "End it for good."
            }
        }

        var state: JobOrder.State {
            switch self {
            case .pause: .paused
            case .resume: .running
            case .cancel: .cancelled
            }
        }
    }

    /// What holds, for programs.
    private struct Outcome: Codable {
        var job: String
        var state: String
        var priority: Int
        var deadline: Double?
    }

    private var wish: OrderWish {
        var wish = self.order.wish
        wish.state = self.state?.state
        return wish
    }

    func validate() throws {
        try JobName.check(self.job)
        guard !self.wish.isEmpty else {
            throw ValidationError("say what is wanted: --pause, --resume, --cancel, --priority or --deadline")
        }
    }

    func run() async throws {
        let request = FetchRequest(
            job: try await JobName.complete(self.job, data: self.data),
            address: try await self.peer.resolved(self.data),
            grid: self.peer.grid,
            dataDirectory: try self.data.submitterPath(),
            output: nil,
            waits: false
        )
        let (wish, json) = (self.wish, self.json)
        try await Interruption.cancellable {
            let order = try await GridClient.order(wish, request, logger: CommandLog.logger("tessera", level: .error))
            let deadline = order.deadline > 0 ? Double(order.deadline) / 1_000 : nil
            guard !json else {
                let outcome = Outcome(
                    job: request.job,
                    state: "\(order.state)",
                    priority: order.priority,
                    deadline: deadline
                )
                return Terminal.data(try JSONText.encode(outcome))
            }
            let until = deadline.map { ", wanted by " + Date(timeIntervalSince1970: $0).formatted(.iso8601) } ?? ""
            Terminal.note("job \(request.job.prefix(8)): \(order.state), priority \(order.priority)\(until)")
        }
    }
}
