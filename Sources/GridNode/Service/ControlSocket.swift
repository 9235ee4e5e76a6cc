import FoundationEssentials
import GridCore
import Logging
import NIOCore
import NIOPosix

/// The line protocol between a running node and the commands that its owner types.
///
/// A client connects to the socket in the data directory (mode 0600, so only the owner can), writes one word and a
/// newline, and reads one line of JSON. Nothing that arrives over the network can reach it.
enum ControlProtocol {
    /// What a client may ask.
    enum Command: String, Sendable, CaseIterable {
        /// A ``GridSnapshot``.
        case snapshot
        /// Stop taking work.
        case pause
        /// Take work again.
        case resume
    }

    /// What a node answers to a command that has no other answer.
    struct Acknowledgement: Codable {
        /// Whether the command was carried out.
        var ok: Bool
        /// Why not.
        var error: String?
    }

    /// The longest command in bytes.
    static let commandSizeMax = 64
    /// The longest answer in bytes.
    static let answerSizeMax = 64 << 20
    /// The most bytes of a socket's path (`sun_path` less its terminator).
    static let pathSizeMax = 107

    /// Where the socket of a data directory lies.
    static func path(in dataDirectory: String) -> String {
        dataDirectory + "/control.sock"
    }
}

/// Serves ``ControlProtocol`` on a Unix socket.
final class ControlSocket: Sendable {
    private let channel: any Channel
    private let path: String

    /// Binds the socket, replacing what an earlier node left behind.
    ///
    /// - Throws: ``NodeError`` when the path is too long or cannot be bound.
    static func start(
        dataDirectory: String,
        group: any EventLoopGroup,
        answer: @escaping @Sendable (ControlProtocol.Command) async -> [UInt8]
    ) async throws -> ControlSocket {
        let path = ControlProtocol.path(in: dataDirectory)
        guard path.utf8.count <= ControlProtocol.pathSizeMax else {
            throw NodeError(
                .storage,
                "the path \(path) is too long for a local socket (\(ControlProtocol.pathSizeMax) bytes at most)",
                hint: "choose a shorter --data directory"
            )
        }
        do {
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 16)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ControlHandler(answer: answer))
                    }
                }
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
                .get()
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            return ControlSocket(channel: channel, path: path)
        } catch {
            throw NodeError(.storage, "the local socket \(path) cannot be made: \(error)")
        }
    }

    private init(channel: any Channel, path: String) {
        self.channel = channel
        self.path = path
    }

    /// Closes the socket and removes it.
    func stop() async {
        try? await self.channel.close()
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

/// Reads one command, writes one answer, closes.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: @Sendable (ControlProtocol.Command) async -> [UInt8]
    private var received: [UInt8]? = []

    init(answer: @escaping @Sendable (ControlProtocol.Command) async -> [UInt8]) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard var line = self.received else { return }
        line += self.unwrapInboundIn(data).readableBytesView
        guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
            self.received = line
            if line.count > ControlProtocol.commandSizeMax { context.close(promise: nil) }
            return
        }
        self.received = nil
        let word = String(decoding: line[..<end], as: UTF8.self)
        let channel = context.channel
        let answer = self.answer
        Task {
            var bytes: [UInt8]
            if let command = ControlProtocol.Command(rawValue: word) {
                bytes = await answer(command)
            } else {
                let known = ControlProtocol.Command.allCases.map(\.rawValue).joined(separator: ", ")
                let refusal = ControlProtocol.Acknowledgement(ok: false, error: "unknown command; there are: \(known)")
                bytes = (try? JSONEncoder().encode(refusal)).map { [UInt8]($0) } ?? []
            }
            bytes.append(UInt8(ascii: "\n"))
            try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
            try? await channel.close()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
