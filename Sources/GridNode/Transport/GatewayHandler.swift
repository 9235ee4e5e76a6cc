import GridWire
import NIOCore
import NIOPosix
import PeerSession

/// The shell of one ``PeerSession/PortMapper``; all of it happens on the socket's event loop.
final class GatewayHandler: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// Asks the handler to remove the mapping.
    struct Stop {}

    private var mapper: PortMapper
    private let gateway: SocketAddress
    private let changed: @Sendable (ForwardedPort?) async -> Void
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    init(
        mapper: PortMapper,
        gateway: SocketAddress,
        changed: @escaping @Sendable (ForwardedPort?) async -> Void
    ) {
        self.mapper = mapper
        self.gateway = gateway
        self.changed = changed
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        self.perform(self.mapper.start(now: SessionHandler.now))
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        // A link-local address carries its zone.
        guard let text = envelope.remoteAddress.ipAddress, let source = IPAddress(String(text.prefix { $0 != "%" })),
            envelope.remoteAddress.port == self.gateway.port, envelope.data.readableBytes <= 1100
        else { return }
        self.perform(self.mapper.receive(Array(envelope.data.readableBytesView), from: source, now: SessionHandler.now))
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is Stop { self.perform(self.mapper.stop(now: SessionHandler.now)) }
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A gateway that refuses datagrams forwards nothing; the repetitions run out by themselves.
    }

    private func perform(_ actions: [PortMapper.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes):
                let envelope = AddressedEnvelope(remoteAddress: self.gateway, data: ByteBuffer(bytes: bytes))
                self.context?.writeAndFlush(self.wrapOutboundOut(envelope), promise: nil)
            case .mapped(let ip, let port, let method):
                let (changed, forwarded) = (self.changed, ForwardedPort(ip: ip, port: port, method: method.rawValue))
                Task { await changed(forwarded) }
            case .unmapped:
                let changed = self.changed
                Task { await changed(nil) }
            }
        }
        self.timer?.cancel()
        guard let loop = self.context?.eventLoop, let deadline = self.mapper.nextDeadline else { return }
        let delay = max(.zero, SessionHandler.now.duration(to: deadline))
        self.timer = loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, self.context != nil else { return }
            self.perform(self.mapper.handleTimeout(now: SessionHandler.now))
        }
    }
}
