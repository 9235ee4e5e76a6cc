import ArgumentParser
import GridNode

/// What a failed command says: `error: ...`, then `hint: ...` where something can be done about it.
package struct ErrorReport: Equatable {
    /// What failed, on which value.
    package let message: String
    /// What to do next.
    package let hint: String?

    /// Words an error of any kind.
    package init(_ error: any Error) {
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
        let first = Self.line(self.message)
        guard let hint = self.hint else { return [first] }
        return [first, Terminal.styled("hint:", .cyan) + " " + hint]
    }

    /// A message as an error is begun.
    static func line(_ message: String) -> String {
        Terminal.styled("error:", .red) + " " + message
    }
}
