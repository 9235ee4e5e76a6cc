import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes a stream through a relay look like a connection of its own.
///
/// A session expects a channel of the event loop. A pair of local sockets gives it one, and two tasks carry bytes between its far
/// end and the stream, so that the flow control of both works unchanged.
enum CircuitChannel {
    /// Installs a session on the near end and carries its bytes until either side ends.
    ///
    /// - Parameters:
    ///   - rest: What has come on the stream already.
    ///   - enqueue: Runs the carrying.
    static func open(
        over stream: PeerStream,
        rest: [UInt8],
        group: any EventLoopGroup,
        enqueue: (@escaping @Sendable () async -> Void) -> Void,
        initializer: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        var ends: [CInt] = [0, 0]
        #if os(Linux)
        let kind = CInt(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw NetworkError(.unavailable, "no local sockets can be had for a relayed connection", peer: stream.peer)
        }
        let (near, far) = (ends[0], ends[1])
        let carrier: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            carrier = try await NIOPipeBootstrap(group: group).takingOwnershipOfDescriptor(inputOutput: far) {
                channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
        } catch {
            close(near)
            close(far)
            throw error
        }
        enqueue { await Self.carry(carrier, stream, rest: rest) }
        do {
            return try await NIOPipeBootstrap(group: group)
                .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try initializer(channel) } }
                .takingOwnershipOfDescriptor(inputOutput: near)
                .get()
        } catch {
            stream.reset()
            throw error
        }
    }

    private static func carry(
        _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>,
        _ stream: PeerStream,
        rest: [UInt8]
    ) async {
        try? await channel.executeThenClose { inbound, outbound in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        if !rest.isEmpty { try await outbound.write(ByteBuffer(bytes: rest)) }
                        while let bytes = try await stream.read() { try await outbound.write(ByteBuffer(bytes: bytes)) }
                    } catch {
                        // Whichever way it ends, both directions are over.
                    }
                }
                group.addTask {
                    do {
                        for try await buffer in inbound { try await stream.write(Array(buffer.readableBytesView)) }
                    } catch {
                        // As above.
                    }
                    stream.finish()
                }
                await group.next()
                group.cancelAll()
            }
        }
        stream.reset()
    }
}
