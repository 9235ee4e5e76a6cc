import Foundation
import GridWire
import PeerSession

/// Numbers from a seed (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0 ..< count).map { _ in UInt8(truncatingIfNeeded: self.next()) }
    }
}

/// The bytes of hexadecimal text, which the tests write correctly.
func bytes(_ hex: String) -> [UInt8] {
    Hex.decode(hex) ?? []
}

/// Bytes from a seed, as an entropy source.
func entropy(_ seed: UInt64) -> Entropy {
    var generator = SeededGenerator(seed: seed)
    return { generator.bytes($0) }
}

/// Consecutive bytes, as in the reference vector.
func entropy(_ ranges: [ClosedRange<UInt8>]) -> Entropy {
    var rest = ranges
    return { _ in [UInt8](rest.removeFirst()) }
}

/// The key of a one-byte seed.
func identity(_ number: UInt8) throws -> IdentityKey {
    try IdentityKey(seed: [UInt8](repeating: number, count: 32))
}

let start = Instant(sinceEpoch: .seconds(1000))

func after(_ duration: Duration) -> Instant {
    start.advanced(by: duration)
}

/// Two machines and the bytes between them.
struct Pair {
    let dialer: SessionConnection
    let listener: SessionConnection
    var dialerEvents: [SessionEvent] = []
    var listenerEvents: [SessionEvent] = []
    var now = start
    /// The most bytes handed over at once.
    var pieceSize = Int.max

    init(
        expecting expected: PeerID? = nil,
        protocols: [String] = ["/echo/1"],
        dialerSettings: SessionSettings = SessionSettings(),
        listenerSettings: SessionSettings = SessionSettings()
    ) throws {
        let listenerKey = try identity(2)
        self.dialer = SessionConnection(
            role: .dialer,
            identity: try identity(1),
            expectedPeer: expected ?? listenerKey.peerID,
            entropy: entropy(11),
            inboundProtocols: protocols,
            settings: dialerSettings,
            now: start
        )
        self.listener = SessionConnection(
            role: .listener,
            identity: listenerKey,
            expectedPeer: nil,
            entropy: entropy(22),
            inboundProtocols: protocols,
            settings: listenerSettings,
            now: start
        )
    }

    /// An established pair, with the events of the handshake forgotten.
    static func established(
        protocols: [String] = ["/echo/1"],
        dialerSettings: SessionSettings = SessionSettings(),
        listenerSettings: SessionSettings = SessionSettings()
    ) throws -> Pair {
        var pair = try Pair(
            protocols: protocols,
            dialerSettings: dialerSettings,
            listenerSettings: listenerSettings
        )
        pair.run()
        pair.dialerEvents = []
        pair.listenerEvents = []
        return pair
    }

    /// Carries bytes both ways until nothing moves.
    mutating func run() {
        while self.step() {}
    }

    /// Carries what waits, once in each direction; whether anything moved.
    mutating func step() -> Bool {
        let toListener = Self.drain(self.dialer)
        for piece in self.pieces(toListener) {
            self.listenerEvents += self.listener.receive(piece, now: self.now)
        }
        let toDialer = Self.drain(self.listener)
        for piece in self.pieces(toDialer) {
            self.dialerEvents += self.dialer.receive(piece, now: self.now)
        }
        return !toListener.isEmpty || !toDialer.isEmpty
    }

    static func drain(_ session: SessionConnection) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = session.takeOutput()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    private func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: bytes.count, by: min(self.pieceSize, max(1, bytes.count))).map {
            bytes[$0 ..< min($0 + min(self.pieceSize, bytes.count), bytes.count)]
        }
    }
}

extension [SessionEvent] {
    /// All data of a stream.
    func data(on stream: StreamID) -> [UInt8] {
        self.reduce(into: []) { bytes, event in
            if case .data(stream, let more) = event { bytes += more }
        }
    }

    /// The streams that the peer opened.
    var opened: [StreamID] {
        self.compactMap { if case .streamOpened(let stream, _) = $0 { stream } else { nil } }
    }

    /// The reason of the end.
    var closeReason: SessionCloseReason? {
        self.lazy.compactMap { if case .closed(let reason) = $0 { reason } else { nil } }.first
    }

    /// Whether the peer was ever taken as authenticated.
    var hasEstablished: Bool {
        self.contains { if case .established = $0 { true } else { false } }
    }
}
