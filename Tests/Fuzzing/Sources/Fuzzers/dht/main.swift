import Discovery
import FuzzDriver
import GridWire

// A node is sent datagrams, each with its length before it, from a few addresses; after them it answers a ping.
fuzz { bytes in
    var rest = bytes[...]
    var now = Instant(sinceEpoch: .seconds(100))
    var node = DHTNode(
        configuration: DHTConfiguration(scope: .internet, families: [.v4, .v6], isReadOnly: false),
        saved: nil,
        seed: [UInt8](repeating: 1, count: 32),
        now: now
    )
    _ = node.handleTimeout(now: now)
    while rest.count >= 3 {
        let size = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
        let source = UDPEndpoint(ip: .v4(0x0B00_0000 | UInt32(rest.removeFirst())), port: 6_881)
        _ = node.handleDatagram([UInt8](rest.prefix(size)), from: source, now: now)
        rest = rest.dropFirst(size)
        now = now.advanced(by: .milliseconds(300))
        if node.nextDeadline <= now { _ = node.handleTimeout(now: now) }
    }
    let ping = KRPCMessage(transaction: [1], body: .query(.ping, from: .zero), isReadOnly: true)
    let asker = UDPEndpoint(ip: .v4(0x0C00_0001), port: 6_881)
    precondition(!node.handleDatagram(ping.encoded(), from: asker, now: now).isEmpty, "a ping was not answered")
    precondition(node.memoryCount < 4_096 + bytes.count, "memory grows")
}
