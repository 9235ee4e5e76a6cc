import GridWire

/// Tokens that prove that an asker receives what is sent to its address, without a memory of the askers.
///
/// A token is a BLAKE2b of the address, keyed with a secret that changes every five minutes; the former secret holds too.
struct WriteTokens: Sendable {
    /// How long a secret makes tokens.
    static let period = Duration.seconds(300)
    /// The bytes of a token.
    static let size = 8

    private var secret: [UInt8]
    private var former: [UInt8]
    private var changedAt: Instant

    init(using generator: inout KeyedGenerator, now: Instant) {
        self.secret = generator.bytes(32)
        self.former = generator.bytes(32)
        self.changedAt = now
    }

    /// A token for an address.
    mutating func make(for ip: IPAddress, using generator: inout KeyedGenerator, now: Instant) -> [UInt8] {
        self.change(using: &generator, now: now)
        return Self.token(for: ip, self.secret)
    }

    /// Whether a token was made for the address, at most ten minutes ago.
    mutating func isValid(
        _ token: [UInt8],
        for ip: IPAddress,
        using generator: inout KeyedGenerator,
        now: Instant
    ) -> Bool {
        self.change(using: &generator, now: now)
        return Sodium.isEqual(token, Self.token(for: ip, self.secret))
            || Sodium.isEqual(token, Self.token(for: ip, self.former))
    }

    private mutating func change(using generator: inout KeyedGenerator, now: Instant) {
        let age = self.changedAt.duration(to: now)
        guard age >= Self.period else { return }
        // After a long silence both are too old.
        self.former = age < Self.period * 2 ? self.secret : generator.bytes(32)
        self.secret = generator.bytes(32)
        self.changedAt = now
    }

    private static func token(for ip: IPAddress, _ secret: [UInt8]) -> [UInt8] {
        Sodium.blake2b(ip.bytes, key: secret, size: Self.size)
    }
}
