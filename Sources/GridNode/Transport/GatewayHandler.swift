import GridWire
import NIOCore
import NIOPosix
import PeerSession

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The router towards the rest of the world.
struct Gateway {
    /// Its address on the local network.
    var address: IPAddress
    /// This machine's address towards it.
    var own: IPAddress

    /// The default gateway of IPv4, by Linux's routing table.
    static func find() -> Gateway? {
        guard let file = fopen("/proc/net/route", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = text.split(whereSeparator: \.isWhitespace)
            guard fields.count > 3, fields[1] == "00000000", let gateway = UInt32(fields[2], radix: 16), gateway != 0
            else {
                continue
            }
            let devices = (try? System.enumerateDevices()) ?? []
            let own = devices.lazy.filter { $0.name == fields[0] }.compactMap { device -> IPAddress? in
                guard let text = device.address?.ipAddress, let ip = IPAddress(text), case .v4 = ip else { return nil }
                return ip
            }.first
            return own.map { Gateway(address: .v4(gateway.byteSwapped), own: $0) }
        }
        return nil
    }
}

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
        guard let source = envelope.remoteAddress.ipAddress.flatMap({ IPAddress($0) }),
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
