import Discovery
import GridWire
import NIOCore
import Synchronization

/// Whom a ``DiscoveryShell`` tells what its machine says; called on the sockets' event loop.
protocol DiscoveryShellDelegate: AnyObject, Sendable {
    /// Somebody of the grid may answer at these addresses.
    func tryReaching(_ addresses: [Multiaddr])
    /// Nobody is known to ask.
    func resolveHosts()
    /// How it stands.
    func note(_ status: DHTStatus)
}

/// The shell of one ``Discovery/GridDiscovery``; all of it happens on the sockets' event loop.
final class DiscoveryShell {
    private(set) var discovery: GridDiscovery
    let channels: [AddressFamily: any Channel]
    var saving: RepeatedTask?
    private let loop: any EventLoop
    private let traffic: DatagramTraffic
    private let delegate: any DiscoveryShellDelegate
    private var timer: (deadline: Instant, task: Scheduled<Void>)?

    init(
        discovery: GridDiscovery,
        channels: [AddressFamily: any Channel],
        loop: any EventLoop,
        traffic: DatagramTraffic,
        delegate: any DiscoveryShellDelegate
    ) {
        self.discovery = discovery
        self.channels = channels
        self.loop = loop
        self.traffic = traffic
        self.delegate = delegate
    }

    func stop() {
        self.saving?.cancel()
        self.timer?.task.cancel()
        self.timer = nil
    }

    /// Calls the machine, does what it says, and sets the timer.
    func act(_ body: (inout GridDiscovery, Instant) -> [GridDiscovery.Action]) {
        var written: Set<AddressFamily> = []
        for action in body(&self.discovery, SessionHandler.now) {
            switch action {
            case .send(let bytes, let endpoint):
                if self.send(bytes, to: endpoint) { written.insert(endpoint.family) }
            case .tryReaching(let addresses): self.delegate.tryReaching(addresses)
            case .hostsWanted: self.delegate.resolveHosts()
            case .statusChanged: self.delegate.note(self.discovery.status(now: SessionHandler.now))
            }
        }
        for family in written { self.channels[family]?.flush() }
        self.arm()
    }

    /// Writes a datagram, unless the socket is behind: what is not sent at once is asked again later.
    private func send(_ bytes: [UInt8], to endpoint: UDPEndpoint) -> Bool {
        guard let channel = self.channels[endpoint.family], channel.isWritable,
            let address = try? SocketAddress(ipAddress: "\(endpoint.ip)", port: Int(endpoint.port))
        else { return false }
        self.traffic.datagramsOut.add(1, ordering: .relaxed)
        self.traffic.bytesOut.add(bytes.count, ordering: .relaxed)
        channel.write(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes)), promise: nil)
        return true
    }

    private func arm() {
        let deadline = self.discovery.nextDeadline
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(.zero, SessionHandler.now.duration(to: deadline))
        let task = self.loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, self.timer != nil else { return }
            self.timer = nil
            self.act { $0.handleTimeout(now: $1) }
            self.delegate.note(self.discovery.status(now: SessionHandler.now))
        }
        self.timer = (deadline, task)
    }
}

/// What has passed the sockets of discovery.
final class DatagramTraffic: Sendable {
    let datagramsIn = Atomic<Int>(0)
    let bytesIn = Atomic<Int>(0)
    let datagramsOut = Atomic<Int>(0)
    let bytesOut = Atomic<Int>(0)
}

/// Hands datagrams to the shell, and not more than it can well look at: a flood fills the system's buffer and is lost there.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    /// The datagrams that are read in one ``window``; a node of the DHT gets some tens in a second.
    private static let windowSize = 256
    private static let window = TimeAmount.milliseconds(100)

    private let shell: NIOLoopBoundBox<DiscoveryShell?>
    private let traffic: DatagramTraffic
    private var windowEnd = NIODeadline.uptimeNanoseconds(0)
    private var count = 0
    private var isPaused = false

    init(shell: NIOLoopBoundBox<DiscoveryShell?>, traffic: DatagramTraffic) {
        self.shell = shell
        self.traffic = traffic
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What was read together with the last welcome one is lost as well.
        guard !self.isPaused, self.isWelcome(context) else { return }
        let envelope = self.unwrapInboundIn(data)
        self.traffic.datagramsIn.add(1, ordering: .relaxed)
        self.traffic.bytesIn.add(envelope.data.readableBytes, ordering: .relaxed)
        guard let text = envelope.remoteAddress.ipAddress, let ip = IPAddress(String(text.prefix { $0 != "%" })),
            let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
        else { return }
        let bytes = Array(envelope.data.readableBytesView)
        self.shell.value?.act { $0.handleDatagram(bytes, from: UDPEndpoint(ip: ip, port: port), now: $1) }
    }

    private func isWelcome(_ context: ChannelHandlerContext) -> Bool {
        let now = NIODeadline.now()
        if now >= self.windowEnd {
            self.windowEnd = now + Self.window
            self.count = 0
        }
        self.count += 1
        guard self.count > Self.windowSize else { return true }
        self.isPaused = true
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let channel = context.channel
        context.eventLoop.assumeIsolated().scheduleTask(deadline: self.windowEnd) { [weak self] in
            self?.isPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
        return false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A datagram that could not be sent or received is lost; UDP promises no more.
    }
}
