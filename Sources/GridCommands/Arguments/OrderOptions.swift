import ArgumentParser
import FoundationEssentials
import GridNode
import GridWire

/// How much a job matters, and until when.
struct OrderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How much the job matters, 0 to 3; each step doubles its share of a node beside other jobs.",
            valueName: "number"
        )
    )
    var priority: Int?

    @Option(
        help: ArgumentHelp(
            "When it shall be done: 90m, 8h, 2d from now, or 2026-12-01T18:00:00Z; 'none' takes it back.",
            valueName: "time"
        )
    )
    var deadline: DeadlineText?

    func validate() throws {
        if let priority = self.priority, !(0 ... JobOrder.priorityMax).contains(priority) {
            throw ValidationError("--priority must be 0 to \(JobOrder.priorityMax), got \(priority)")
        }
    }

    /// The wish that the options make.
    var wish: OrderWish {
        OrderWish(priority: self.priority, deadline: self.deadline?.milliseconds)
    }
}

/// An instant as a person writes it.
struct DeadlineText: ExpressibleByArgument, Equatable {
    /// Milliseconds since 1970; 0 for none.
    let milliseconds: UInt64

    /// The longest time from now that is taken: a hundred years.
    static let secondsMax = 100 * 366 * 86_400.0

    init?(argument: String) {
        self.init(argument, now: Date())
    }

    init?(_ text: String, now: Date) {
        if text == "none" {
            self.milliseconds = 0
            return
        }
        let seconds: Double
        if let date = try? Date(text, strategy: .iso8601) {
            seconds = date.timeIntervalSince(now)
        } else {
            let scales: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
            guard let unit = text.last, let scale = scales[unit], let count = Double(text.dropLast()), count > 0 else {
                return nil
            }
            seconds = count * scale
        }
        guard seconds > 0, seconds <= Self.secondsMax else { return nil }
        self.milliseconds = UInt64((now.timeIntervalSince1970 + seconds) * 1_000)
    }
}
