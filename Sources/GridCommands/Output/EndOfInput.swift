@preconcurrency import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The end of stdin: whoever started this process is gone.
enum EndOfInput {
    /// Returns when stdin is closed, or the task is cancelled.
    static func wait() async {
        let ended = AsyncStream<Void> { continuation in
            let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
            source.setEventHandler {
                var buffer: [UInt8] = [0]
                if read(STDIN_FILENO, &buffer, 1) <= 0 { continuation.finish() }
            }
            continuation.onTermination = { _ in source.cancel() }
            source.activate()
        }
        for await _ in ended {}
    }
}
