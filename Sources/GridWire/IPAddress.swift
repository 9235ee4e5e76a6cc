/// An IPv4 or IPv6 address, without a zone and without a port.
public enum IPAddress: Hashable, Sendable, Comparable {
    /// An IPv4 address as a number; the first byte of the dotted text is the highest.
    case v4(UInt32)
    /// An IPv6 address as two numbers in network order.
    case v6(high: UInt64, low: UInt64)

    /// The 127.0.0.1 of this machine.
    public static let loopback = Self.v4(0x7f00_0001)

    /// Creates an address from 4 or 16 bytes in network order, or nothing from any other number.
    public init?(bytes: some Collection<UInt8>) {
        let value = bytes.reduce(into: (UInt64(0), UInt64(0))) { value, byte in
            value.0 = value.0 << 8 | value.1 >> 56
            value.1 = value.1 << 8 | UInt64(byte)
        }
        switch bytes.count {
        case 4: self = .v4(UInt32(truncatingIfNeeded: value.1))
        case 16: self = .v6(high: value.0, low: value.1)
        default: return nil
        }
    }

    /// The 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let value):
            (0 ..< 4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
        case .v6(let high, let low):
            (0 ..< 16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
        }
    }

    /// Whether this is 127.0.0.0/8 or ::1 (also ::ffff:127.0.0.0/104).
    public var isLoopback: Bool {
        switch self.unmapped {
        case .v4(let value): value >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// Whether this is 0.0.0.0 or ::, which names no machine.
    public var isUnspecified: Bool {
        switch self {
        case .v4(let value): value == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }

    /// Whether this address means something on its own link only: 169.254.0.0/16, fe80::/10.
    public var isLinkLocal: Bool {
        switch self.unmapped {
        case .v4(let value): value >> 16 == 0xa9fe
        case .v6(let high, _): high >> 54 == 0x3fa
        }
    }

    /// Whether this address belongs to a private network: RFC 1918, 100.64.0.0/10, fc00::/7.
    public var isPrivate: Bool {
        switch self.unmapped {
        case .v4(let value):
            value >> 24 == 10 || value >> 20 == 0xac1 || value >> 16 == 0xc0a8 || value >> 22 == 0x191
        case .v6(let high, _): high >> 57 == 0x7e
        }
    }

    /// Whether packets to this address go to many machines: 224.0.0.0/4, ff00::/8.
    public var isMulticast: Bool {
        switch self.unmapped {
        case .v4(let value): value >> 28 == 14
        case .v6(let high, _): high >> 56 == 0xff
        }
    }

    /// The IPv4 address inside of ::ffff:0:0/96, or the address itself.
    public var unmapped: Self {
        if case .v6(0, let low) = self, low >> 32 == 0xffff { .v4(UInt32(truncatingIfNeeded: low)) } else { self }
    }

    /// Orders IPv4 before IPv6, then by number.
    public static func < (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.v4(let x), .v4(let y)): x < y
        case (.v4, .v6): true
        case (.v6, .v4): false
        case (.v6(let xh, let xl), .v6(let yh, let yl)): (xh, xl) < (yh, yl)
        }
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Parses dotted IPv4 (four decimal numbers without leading zeros) or IPv6 text without a zone (RFC 4291, 2.2).
    public init?(_ description: String) {
        guard description.utf8.count <= 45 else { return nil }
        if description.utf8.contains(UInt8(ascii: ":")) {
            guard let address = Self.parseIPv6(description) else { return nil }
            self = address
        } else {
            guard let value = Self.parseIPv4(description[...]) else { return nil }
            self = .v4(value)
        }
    }

    /// Dotted text for IPv4, the canonical text of RFC 5952 for IPv6.
    public var description: String {
        switch self {
        case .v4(let value):
            return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
        case .v6(let high, let low):
            if case .v4 = self.unmapped {
                return "::ffff:\(self.unmapped)"
            }
            let groups = (0 ..< 8).map {
                UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4)))
            }
            let zeros = Self.longestZeroRun(groups)
            let front = groups[..<zeros.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
            guard !zeros.isEmpty else { return front }
            return front + "::" + groups[zeros.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
        }
    }

    /// The first of the longest runs of at least two zero groups; empty at the end when there is none.
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = groups.count ..< groups.count
        var start = 0
        for i in 0 ... groups.count {
            if i < groups.count && groups[i] == 0 { continue }
            if i - start >= 2 && i - start > best.count {
                best = start ..< i
            }
            start = i + 1
        }
        return best
    }

    private static func parseIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard part.utf8.allSatisfy({ (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }),
                part.utf8.count == 1 || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    private static func parseIPv6(_ text: String) -> Self? {
        // With "::" there are two halves, each possibly empty.
        var halves: [Substring] = []
        var rest = text[...]
        if let gap = Self.indexOfDoubleColon(rest) {
            halves = [rest[..<gap], rest[rest.index(gap, offsetBy: 2)...]]
            guard Self.indexOfDoubleColon(halves[1]) == nil, !halves[1].hasPrefix(":") else { return nil }
        } else {
            halves = [rest]
        }
        rest = ""
        var groups: [[UInt16]] = []
        for (i, half) in halves.enumerated() {
            guard let parsed = Self.parseGroups(half, mayEndInIPv4: i == halves.count - 1) else { return nil }
            groups.append(parsed)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        guard halves.count == 2 ? count <= 7 : count == 8 else { return nil }
        var all = groups[0] + [UInt16](repeating: 0, count: 8 - count)
        if groups.count == 2 { all += groups[1] }
        return Self(bytes: all.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }

    private static func indexOfDoubleColon(_ text: Substring) -> Substring.Index? {
        var previous: Substring.Index?
        for i in text.indices {
            if text[i] != ":" {
                previous = nil
            } else if let previous {
                return previous
            } else {
                previous = i
            }
        }
        return nil
    }

    private static func parseGroups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (i, part) in parts.enumerated() {
            if mayEndInIPv4, i == parts.count - 1, part.contains(".") {
                guard let value = Self.parseIPv4(part) else { return nil }
                groups += [UInt16(value >> 16), UInt16(value & 0xffff)]
            } else {
                guard (1 ... 4).contains(part.utf8.count), !part.hasPrefix("+"), let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
