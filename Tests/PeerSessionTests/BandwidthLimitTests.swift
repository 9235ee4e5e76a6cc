import GridWire
import PeerSession
import Testing

@Suite
struct BandwidthLimitTests {
    @Test(arguments: [50_000, 1_000_000, 250_000_000])
    func `a cap holds over time, whoever moves how much at once`(_ cap: Int) {
        var limit = BandwidthLimit(bytesPerSecond: cap)
        var generator = SeededGenerator(seed: 91)
        var (now, moved) = (start, 0)
        for _ in 0 ..< 3_000 {
            let count = 1 + Int(generator.next() % 65_536)
            limit.spend(count, now: now)
            moved += count
            now = now.advanced(by: limit.wait(now: now))
        }
        let seconds = start.duration(to: now) / .seconds(1)
        #expect(Double(moved) <= Double(cap) * (seconds + 0.001))
        #expect(Double(moved) >= Double(cap) * seconds * 0.99)
    }

    @Test
    func `what is saved up in a pause is a quarter of a second, and a debt is paid whole`() {
        var limit = BandwidthLimit(bytesPerSecond: 100_000)
        limit.spend(0, now: start)
        let later = after(.seconds(3_600))
        limit.spend(25_000, now: later)
        let rested = limit.wait(now: later)
        limit.spend(300_000, now: later)
        // A clock that stands still or is read out of order changes nothing.
        let times = [later, later.advanced(by: .seconds(1)), start, later.advanced(by: .seconds(3))]
        let waits = times.map { limit.wait(now: $0) }
        #expect(rested == .zero && waits == [.seconds(3), .seconds(2), .seconds(2), .zero])
    }

    @Test
    func `a cap that would silence a node is raised`() {
        #expect(BandwidthLimit(bytesPerSecond: 1).bytesPerSecond == BandwidthLimit.bytesPerSecondMin)
    }
}
