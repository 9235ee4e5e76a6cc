import FoundationEssentials
public import GridCore
import NIOCore
import NIOPosix

/// Talks to the node that runs in a data directory, over its local socket.
public struct ControlClient: Sendable {
    private let dataDirectory: String

    /// Creates a client for the node of a data directory.
    public init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }

    /// What the node knows of itself, its peers and its jobs.
    ///
    /// - Throws: ``NodeError`` when no node runs there.
    public func snapshot() async throws -> GridSnapshot {
        let bytes = try await self.ask(.snapshot)
        do {
            return try JSONDecoder().decode(GridSnapshot.self, from: Data(bytes))
        } catch {
            throw NodeError(
                .network,
                "the running node answered something that this program does not understand",
                hint: "stop the node and start it again with this version"
            )
        }
    }

    /// The same as ``snapshot()``, as the node wrote it.
    ///
    /// - Throws: ``NodeError`` when no node runs there.
    public func snapshotJSON() async throws -> [UInt8] {
        try await self.ask(.snapshot)
    }

    /// Makes the node stop (`true`) or start (`false`) taking work.
    ///
    /// - Throws: ``NodeError`` when no node runs there.
    public func setPaused(_ isPaused: Bool) async throws {
        _ = try await self.ask(isPaused ? .pause : .resume)
    }

    private func ask(_ command: ControlProtocol.Command) async throws -> [UInt8] {
        let path = ControlProtocol.path(in: self.dataDirectory)
        let group = MultiThreadedEventLoopGroup.singleton
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(.seconds(5))
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw NodeError(
                .network,
                "no node is running with the data directory \(self.dataDirectory)",
                hint: "start one with: tessera node --data \(self.dataDirectory)"
            )
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: command.rawValue + "\n"))
            var answer: [UInt8] = []
            for try await part in inbound {
                answer += part.readableBytesView
                guard answer.count <= ControlProtocol.answerSizeMax else {
                    throw NodeError(.network, "the running node's answer is too long")
                }
            }
            return answer
        }
    }
}
