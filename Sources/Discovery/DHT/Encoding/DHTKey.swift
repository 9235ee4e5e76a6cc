import GridWire

/// A point of the DHT's space of 160-bit numbers: a node's id, an infohash, or the target of an item.
///
/// The distance of two points is their exclusive or, read as a number (BEP 5).
public struct DHTKey: Hashable, Sendable, Comparable {
    /// The number of bytes.
    public static let byteCount = 20
    /// The number of bits.
    package static let bitCount = 160

    /// The point of twenty zero bytes.
    package static let zero = Self(high: 0, middle: 0, low: 0)

    private var high: UInt64
    private var middle: UInt64
    private var low: UInt32

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Creates a point from exactly 20 bytes in network order, or nothing from any other number.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(high: 0, middle: 0, low: 0)
        for (i, byte) in bytes.enumerated() {
            switch i {
            case 0 ..< 8: self.high = self.high << 8 | UInt64(byte)
            case 8 ..< 16: self.middle = self.middle << 8 | UInt64(byte)
            default: self.low = self.low << 8 | UInt32(byte)
            }
        }
    }

    /// The 20 bytes in network order.
    public var bytes: [UInt8] {
        (0 ..< Self.byteCount).map { i in
            switch i {
            case 0 ..< 8: UInt8(truncatingIfNeeded: self.high >> UInt64(56 - 8 * i))
            case 8 ..< 16: UInt8(truncatingIfNeeded: self.middle >> UInt64(120 - 8 * i))
            default: UInt8(truncatingIfNeeded: self.low >> UInt32(152 - 8 * i))
            }
        }
    }

    /// The distance to another point, as a point.
    package func distance(to other: Self) -> Self {
        Self(high: self.high ^ other.high, middle: self.middle ^ other.middle, low: self.low ^ other.low)
    }

    /// The number of leading bits that two points have in common, 0...160.
    package func commonPrefixLength(with other: Self) -> Int {
        let distance = self.distance(to: other)
        if distance.high != 0 { return distance.high.leadingZeroBitCount }
        if distance.middle != 0 { return 64 + distance.middle.leadingZeroBitCount }
        return 128 + distance.low.leadingZeroBitCount
    }

    /// A point that has exactly `length` leading bits in common with this one (all further ones come from `random`).
    package func neighbour(commonPrefixLength length: Int, random: Self) -> Self {
        guard (0 ..< Self.bitCount).contains(length) else { return self }
        var bytes = random.bytes
        let own = self.bytes
        let whole = length / 8
        for i in 0 ..< whole { bytes[i] = own[i] }
        // The first bits as here, the next one turned, the rest random.
        let kept = length % 8
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        let turned = UInt8(0x80 >> kept)
        bytes[whole] = (own[whole] & mask) | (~own[whole] & turned) | (bytes[whole] & ~(mask | turned))
        return Self(bytes) ?? self
    }

    /// Orders points as numbers.
    public static func < (a: Self, b: Self) -> Bool {
        if a.high != b.high { return a.high < b.high }
        if a.middle != b.middle { return a.middle < b.middle }
        return a.low < b.low
    }
}

extension DHTKey: LosslessStringConvertible {
    /// Parses 40 hexadecimal digits.
    public init?(_ description: String) {
        guard let bytes = Hex.decode(description) else { return nil }
        self.init(bytes)
    }

    /// 40 lower-case hexadecimal digits.
    public var description: String {
        Hex.encode(self.bytes)
    }
}
