import Discovery
import Foundation
import GridNode
import GridWire
import PeerSession

#if canImport(Glibc)
import Glibc
#endif

/// What lookups cost a node of ours in a DHT on the loopback interface, whoever runs that DHT.
///
/// It joins through an entrance, waits until its table is settled, looks for the peers of the infohashes that come on stdin, one at a
/// time, and prints what each took as a line of JSON.
struct Lookups {
    private struct Line: Encodable {
        var found: Int
        var queries: Int
        var hops: Int
    }

    /// How long a node has to get to know the others.
    private static let settlingTime = Duration.seconds(20)
    private static let lookupTime = Duration.seconds(30)

    private let descriptor: CInt
    private var node: DHTNode
    private var told: [DHTNode.Action] = []

    init(entrance: UInt16) throws {
        self.descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        self.node = DHTNode(
            configuration: DHTConfiguration(scope: .loopback, families: [.v4], isReadOnly: false),
            saved: nil,
            seed: SystemEntropy.bytes(32),
            now: Self.now
        )
        let isBound = Self.with(UDPEndpoint(ip: .v4(0x7F00_0001), port: 0)) { bind(self.descriptor, $0, $1) == 0 }
        guard self.descriptor >= 0, isBound else {
            throw NetworkError(.cannotListen, "no UDP socket on the loopback interface")
        }
        self.call { $0.bootstrap(from: [UDPEndpoint(ip: .v4(0x7F00_0001), port: entrance)], now: $1) }
    }

    mutating func run() throws {
        self.serve(for: Self.settlingTime) { _ in false }
        while let text = readLine() {
            let digits = Array(text.utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0 ... $0 + 1], as: UTF8.self), radix: 16)
            }
            guard let infohash = DHTKey(bytes) else { continue }
            self.told = []
            var lookup: DHTLookupID?
            self.call { node, now in
                let (id, actions) = node.findPeers(of: infohash, announcing: nil, now: now)
                lookup = id
                return actions
            }
            guard let lookup else { continue }
            var report: DHTLookupReport?
            self.serve(for: Self.lookupTime) { told in
                for case .lookupEnded(lookup, let ended) in told { report = ended }
                return report != nil
            }
            var peers: Set<UDPEndpoint> = []
            for case .foundPeers(lookup, let found) in self.told { peers.formUnion(found) }
            let line = Line(found: peers.count, queries: report?.queries ?? 0, hops: report?.hops ?? 0)
            FileHandle.standardOutput.write(try JSONEncoder().encode(line) + Data("\n".utf8))
        }
        close(self.descriptor)
    }

    private mutating func serve(for duration: Duration, until isDone: ([DHTNode.Action]) -> Bool) {
        let end = Self.now.advanced(by: duration)
        while !isDone(self.told), Self.now < end {
            let wait = min(Duration.milliseconds(50), max(.zero, Self.now.duration(to: self.node.nextDeadline)))
            self.receive(milliseconds: CInt(wait / .milliseconds(1)) + 1)
            if self.node.nextDeadline <= Self.now { self.call { $0.handleTimeout(now: $1) } }
        }
    }

    private mutating func call(_ body: (inout DHTNode, Instant) -> [DHTNode.Action]) {
        for action in body(&self.node, Self.now) {
            guard case .send(let bytes, let endpoint) = action else {
                self.told.append(action)
                continue
            }
            _ = Self.with(endpoint) { sendto(self.descriptor, bytes, bytes.count, 0, $0, $1) }
        }
    }

    private mutating func receive(milliseconds: CInt) {
        var request = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, milliseconds) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 2_048)
        var source = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &source) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(self.descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT), $0, &size)
            }
        }
        guard count > 0 else { return }
        let endpoint = UDPEndpoint(
            ip: .v4(UInt32(bigEndian: source.sin_addr.s_addr)),
            port: UInt16(bigEndian: source.sin_port)
        )
        self.call { $0.handleDatagram(Array(buffer.prefix(count)), from: endpoint, now: $1) }
    }

    private static func with<Result>(
        _ endpoint: UDPEndpoint,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        if case .v4(let value) = endpoint.ip { address.sin_addr.s_addr = value.bigEndian }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static let epoch = ContinuousClock.now

    private static var now: Instant {
        Instant(sinceEpoch: Self.epoch.duration(to: .now))
    }
}
