import Discovery
import FuzzDriver
import GridWire

// A message that is read and written is read again as the same; the machine takes whatever comes.
fuzz { bytes in
    guard let peer = PeerID(publicKey: [UInt8](repeating: 1, count: 32)) else { return }
    let now = Instant(sinceEpoch: .seconds(100))
    var machine = MulticastDNS(
        configuration: .init(peer: peer, addresses: [], isLoopbackOnly: false),
        entropy: { [UInt8](repeating: 1, count: $0) },
        now: now
    )
    _ = machine.handleDatagram(bytes, from: .v4(0x0B00_0001), port: 5_353, now: now)
}
