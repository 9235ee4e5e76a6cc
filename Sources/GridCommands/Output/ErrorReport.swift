import ArgumentParser
import GridNode

/// What a failed command says: `error: ...`, then `hint: ...` where something can be done about it.
struct ErrorReport: Equatable {
    /// What failed, on which value.
    let message: String
    /// What to do next.
    let hint: String?

    /// Words an error of any kind.
    init(_ error: any Error) {
        switch error {
        case let error as NodeError:
            (self.message, self.hint) = (error.message, error.hint)
        case let error as NetworkError:
            (self.message, self.hint) = (error.message, nil)
        case is CancellationError:
            (self.message, self.hint) = ("stopped", nil)
        default:
            (self.message, self.hint) = ("\(error)", nil)
        }
    }

    /// The lines for stderr.
    var lines: [String] {
        let first = Terminal.styled("error:", .red) + " " + self.message
        guard let hint = self.hint else { return [first] }
        return [first, Terminal.styled("hint:", .cyan) + " " + hint]
    }
}
