import Discovery
import GridWire
import Testing

@Suite
struct ClockComparisonTests {
    private static let now: UInt64 = 1_800_000_000_000
    private static let hour: UInt64 = 3_600_000

    private static func peer(_ number: UInt8) throws -> PeerID {
        try #require(PeerID(publicKey: SigningKey(seed: number).publicKey))
    }

    private static func at(_ seconds: Double) -> Instant {
        Instant(sinceEpoch: .seconds(seconds))
    }

    @Test
    func `a right clock agrees with records that peers signed within the hour, and goes on to agree`() throws {
        var comparison = ClockComparison()
        #expect(comparison.difference(unixMilliseconds: Self.now, now: Self.at(0)) == nil)
        for (number, age) in [0, 1_800_000, Self.hour].enumerated() {
            comparison.heard(try Self.peer(UInt8(number)), signedAt: Self.now - age, now: Self.at(0))
        }
        for hours: UInt64 in [0, 1, 48] {
            let later = Self.at(Double(hours) * 3_600)
            #expect(comparison.difference(unixMilliseconds: Self.now + hours * Self.hour, now: later) == nil)
        }
    }

    @Test
    func `a clock that jumps differs at once, and agrees again when it is cured`() throws {
        var comparison = ClockComparison()
        for number in 0 ..< 3 {
            comparison.heard(try Self.peer(UInt8(number)), signedAt: Self.now - 60_000, now: Self.at(0))
        }
        let ahead = try #require(comparison.difference(unixMilliseconds: Self.now + 24 * Self.hour, now: Self.at(10)))
        #expect((22 * 60 ... 24 * 60).contains(ahead.minutesAhead) && ahead.peers == 3)
        #expect("\(ahead)".contains("at least 23 hours ahead of that of most of 3 peers: set it"))
        let behind = try #require(comparison.difference(unixMilliseconds: Self.now - 24 * Self.hour, now: Self.at(10)))
        #expect((-24 * 60 ... -22 * 60).contains(behind.minutesAhead))
        #expect("\(behind)".contains("hours behind that of"))
        #expect(comparison.difference(unixMilliseconds: Self.now + 10_000, now: Self.at(10)) == nil)
    }

    @Test
    func `peers whose own clocks are wrong say nothing while they are the fewer`() throws {
        var comparison = ClockComparison()
        for number in 0 ..< 4 {
            let isWrong = number < 2
            let time = isWrong ? Self.now + 50 * Self.hour : Self.now
            comparison.heard(try Self.peer(UInt8(number)), signedAt: time, now: Self.at(0))
        }
        #expect(comparison.difference(unixMilliseconds: Self.now, now: Self.at(0)) == nil)
        comparison.heard(try Self.peer(2), signedAt: Self.now + 20 * Self.hour, now: Self.at(0))
        let difference = try #require(comparison.difference(unixMilliseconds: Self.now, now: Self.at(0)))
        #expect(difference.minutesAhead == -20 * 60)
    }

    @Test
    func `only so many peers are kept, whatever they say`() throws {
        var comparison = ClockComparison()
        for number in 0 ..< 200 {
            comparison.heard(
                try Self.peer(UInt8(number)),
                signedAt: number % 2 == 0 ? 0 : .max,
                now: Self.at(Double(number))
            )
        }
        #expect(comparison.difference(unixMilliseconds: .max, now: Self.at(1e6))?.peers ?? 64 == 64)
        #expect(comparison.difference(unixMilliseconds: 0, now: Self.at(0))?.peers ?? 64 == 64)
    }
}
