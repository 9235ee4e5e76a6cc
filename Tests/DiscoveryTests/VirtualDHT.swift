import Discovery
import GridWire

/// A network of DHT nodes in virtual time, with latency and loss from a seed.
struct VirtualDHT {
    struct Event {
        var at: Instant
        var number: Int
        var bytes: [UInt8]
        var from: UDPEndpoint
        var to: UDPEndpoint
    }

    var now = Instant(sinceEpoch: .seconds(1_000))
    var nodes: [UDPEndpoint: DHTNode] = [:]
    private var deadlines: [UDPEndpoint: Instant] = [:]
    /// What nodes told their shells, without datagrams.
    var told: [UDPEndpoint: [DHTNode.Action]] = [:]
    var datagramCount = 0
    var byteCount = 0
    var lossPercent = 0
    private var generator: SeededGenerator
    private var queue: [Event] = []
    private var eventCount = 0

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    /// An address of the Internet in a block of its own.
    static func endpoint(_ number: Int) -> UDPEndpoint {
        UDPEndpoint(ip: .v4(0x0B00_0000 | UInt32(number) << 8 | 7), port: 6_881)
    }

    /// An IPv6 address of the Internet in a block of its own.
    static func endpoint6(_ number: Int) -> UDPEndpoint {
        UDPEndpoint(ip: .v6(high: 0x2A00_0000_0000_0000 | UInt64(number) << 16, low: 7), port: 6_881)
    }

    @discardableResult
    mutating func add(
        _ endpoint: UDPEndpoint,
        scope: DHTScope = .internet,
        isReadOnly: Bool = false,
        hosts: [UDPEndpoint] = [],
        saved: [UInt8]? = nil
    ) -> UDPEndpoint {
        self.nodes[endpoint] = DHTNode(
            configuration: DHTConfiguration(scope: scope, families: [endpoint.family], isReadOnly: isReadOnly),
            saved: saved,
            seed: self.generator.bytes(32),
            now: self.now
        )
        self.call(endpoint) { node, now in node.bootstrap(from: hosts, now: now) }
        return endpoint
    }

    /// Calls a node and does what it says.
    mutating func call(_ endpoint: UDPEndpoint, _ body: (inout DHTNode, Instant) -> [DHTNode.Action]) {
        guard var node = self.nodes[endpoint] else { return }
        self.nodes[endpoint] = nil
        let actions = body(&node, self.now)
        self.nodes[endpoint] = node
        self.deadlines[endpoint] = node.nextDeadline
        for action in actions {
            if case .send(let bytes, let to) = action {
                self.datagramCount += 1
                self.byteCount += bytes.count
                self.post(bytes, from: endpoint, to: to)
            } else {
                self.told[endpoint, default: []].append(action)
            }
        }
    }

    /// Puts a datagram on its way.
    mutating func post(_ bytes: [UInt8], from: UDPEndpoint, to: UDPEndpoint) {
        guard Int.random(in: 0 ..< 100, using: &self.generator) >= self.lossPercent else { return }
        let latency = Duration.microseconds(Int.random(in: 5_000 ..< 120_000, using: &self.generator))
        self.eventCount += 1
        self.queue.append(
            Event(at: self.now.advanced(by: latency), number: self.eventCount, bytes: bytes, from: from, to: to)
        )
    }

    /// Lets time pass, until `isDone` says so.
    mutating func run(for duration: Duration, until isDone: (VirtualDHT) -> Bool = { _ in false }) {
        let end = self.now.advanced(by: duration)
        while !isDone(self) {
            let timer = self.deadlines.filter { self.nodes[$0.key] != nil }
                .map { (at: $0.value, endpoint: $0.key) }
                .min { ($0.at, $0.endpoint) < ($1.at, $1.endpoint) }
            let datagram = self.queue.indices.min {
                (self.queue[$0].at, self.queue[$0].number) < (self.queue[$1].at, self.queue[$1].number)
            }
            if let datagram, self.queue[datagram].at <= min(end, timer?.at ?? end) {
                let event = self.queue.remove(at: datagram)
                self.now = max(self.now, event.at)
                self.call(event.to) { node, now in node.handleDatagram(event.bytes, from: event.from, now: now) }
            } else if let timer, timer.at <= end {
                self.now = max(self.now, timer.at)
                self.call(timer.endpoint) { node, now in node.handleTimeout(now: now) }
            } else {
                self.now = end
                return
            }
        }
    }

    /// The peers that were found by a lookup.
    func peers(_ lookup: DHTLookupID, at endpoint: UDPEndpoint) -> Set<UDPEndpoint> {
        var found: Set<UDPEndpoint> = []
        for case .foundPeers(lookup, let peers) in self.told[endpoint] ?? [] { found.formUnion(peers) }
        return found
    }

    /// The items that were found by a lookup, in order.
    func items(_ lookup: DHTLookupID, at endpoint: UDPEndpoint) -> [DHTItem] {
        (self.told[endpoint] ?? []).compactMap { if case .foundItem(lookup, let item) = $0 { item } else { nil } }
    }

    /// How a lookup ended, if it did.
    func report(_ lookup: DHTLookupID, at endpoint: UDPEndpoint) -> DHTLookupReport? {
        for case .lookupEnded(lookup, let report) in self.told[endpoint] ?? [] { return report }
        return nil
    }

    /// Runs a question to its end.
    mutating func ask(
        _ endpoint: UDPEndpoint,
        _ question: (inout DHTNode, Instant) -> (lookup: DHTLookupID, actions: [DHTNode.Action])
    ) -> (id: DHTLookupID, report: DHTLookupReport)? {
        var id: DHTLookupID?
        self.call(endpoint) { node, now in
            let (lookup, actions) = question(&node, now)
            id = lookup
            return actions
        }
        guard let id else { return nil }
        self.run(for: .seconds(60)) { $0.report(id, at: endpoint) != nil }
        return self.report(id, at: endpoint).map { (id, $0) }
    }
}
