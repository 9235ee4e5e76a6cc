import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// HTTP/1.1 connections that may come at any moment, that of the server's end included.
///
/// NIO stops the process when a `NIOAsyncChannel` goes away that nobody ever handled ("Deinited NIOAsyncWriter without
/// calling finish()"). That is what becomes of a connection that is accepted while the server's own sequence of
/// connections is cancelled: nobody takes it any more. Here each connection is wrapped, and one that nobody took is
/// handled in its last moment, by closing it.
struct GuardedHTTPChannel: ServerChildChannel {
    /// An accepted connection.
    final class Value: ServerChildChannelValue {
        fileprivate let base: HTTP1Channel.Value
        private let isTaken = Atomic(false)

        fileprivate init(_ base: HTTP1Channel.Value) {
            self.base = base
        }

        var channel: any Channel {
            self.base.channel
        }

        fileprivate func take() -> HTTP1Channel.Value {
            self.isTaken.store(true, ordering: .sequentiallyConsistent)
            return self.base
        }

        deinit {
            guard !self.isTaken.load(ordering: .sequentiallyConsistent) else { return }
            let base = self.base
            Task { try? await base.executeThenClose { _, _ in } }
        }
    }

    private let base: HTTP1Channel

    init(_ base: HTTP1Channel) {
        self.base = base
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        self.base.setup(channel: channel, logger: logger).map { Value($0) }
    }

    func handle(value: Value, logger: Logger) async {
        await self.base.handle(value: value.take(), logger: logger)
    }
}
