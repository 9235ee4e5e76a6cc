/// Under which point of the DHT the peers of a grid meet.
public enum GridInfohash {
    /// The fewest bytes of a grid's secret.
    public static let secretSizeMin = 16
    /// How long a private grid meets under one infohash.
    static let day: Int64 = 86_400
    /// How long before and after midnight (UTC) a private grid meets under two.
    static let overlap: Int64 = 3_600

    private static let publicLabel = "tessera-grid-v1:"
    private static let privateLabel = "tessera-private-grid-v1:"

    /// The infohashes of a grid at a time.
    ///
    /// That of a public grid is a BLAKE2b of its name and always the same. A private grid's is keyed with its secret, so that
    /// nobody can compute it from the name, and changes each day (UTC), so that nobody who learned one can watch the grid for
    /// long; around midnight there are two.
    ///
    /// - Parameters:
    ///   - secret: At least ``secretSizeMin`` bytes, or nil for a public grid.
    ///   - unixSeconds: The time since 1970.
    public static func infohashes(name: String, secret: [UInt8]?, unixSeconds: Int64) -> [DHTKey] {
        guard let secret else { return [Self.key([UInt8]((Self.publicLabel + name).utf8), [])] }
        precondition(secret.count >= Self.secretSizeMin, "a grid's secret has at least \(Self.secretSizeMin) bytes")
        // BLAKE2b takes keys of up to 64 bytes.
        let key = secret.count <= 64 ? secret : Sodium.blake2b(secret, size: 32)
        let days = Set(
            [unixSeconds - Self.overlap, unixSeconds, unixSeconds + Self.overlap].map { Self.dayNumber($0) }
        )
        let today = Self.dayNumber(unixSeconds)
        // Today's comes first.
        return days.sorted { ($0 == today ? 0 : 1, $0) < ($1 == today ? 0 : 1, $1) }.map { day in
            Self.key([UInt8]((Self.privateLabel + "\(day):" + name).utf8), key)
        }
    }

    private static func dayNumber(_ unixSeconds: Int64) -> Int64 {
        let quotient = unixSeconds / Self.day
        return unixSeconds % Self.day < 0 ? quotient - 1 : quotient
    }

    private static func key(_ message: [UInt8], _ key: [UInt8]) -> DHTKey {
        DHTKey(Sodium.blake2b(message, key: key, size: DHTKey.byteCount)) ?? .zero
    }
}
