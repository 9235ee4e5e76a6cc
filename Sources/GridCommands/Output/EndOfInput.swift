import Dispatch

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
            // A thread that blocks works for pipes, files and terminals alike; the end of the process ends it.
            DispatchQueue(label: "tessera.stdin").async {
                var buffer = [UInt8](repeating: 0, count: 256)
                while true {
                    let count = read(STDIN_FILENO, &buffer, buffer.count)
                    guard count > 0 || (count < 0 && errno == EINTR) else { break }
                }
                continuation.finish()
            }
        }
        for await _ in ended {}
    }
}
