import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What Ctrl-C and `kill` do: the first one asks the command to end by itself, the second one ends the program at once.
enum Interruption {
    /// The exit code of a program that a signal ended, as shells count it (128 + SIGINT).
    static let exitCode: CInt = 130

    /// Runs a command and cancels it when SIGINT or SIGTERM arrives.
    ///
    /// - Parameter handlesSignals: Whether the command itself ends well at the first signal, so that only the second one is
    ///   for this function.
    static func cancellable(
        handlesSignals: Bool = false,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let task = Task { try await body() }
        let queue = DispatchQueue(label: "tessera.signals")
        let count = SignalCount()
        let sources = [SIGINT, SIGTERM].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                count.value += 1
                if count.value > 1 { _exit(Self.exitCode) }
                if !handlesSignals { task.cancel() }
                if Terminal.isInteractive { Terminal.note("\nstopping; once more to stop at once") }
            }
            source.activate()
            return source
        }
        // A reader that closed its end is an error of write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        defer { for source in sources { source.cancel() } }
        try await task.value
    }

    // @unchecked Sendable is sound: only the handlers touch the value, and they share one serial queue.
    private final class SignalCount: @unchecked Sendable {
        var value = 0
    }
}
