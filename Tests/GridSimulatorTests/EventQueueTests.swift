import GridSimulator
import Testing

struct EventQueueTests {
    @Test(arguments: 0 ..< 20 as Range<UInt64>)
    func `events come in the order of their time, and those of one time as they were added`(seed: UInt64) {
        // A linear congruential generator is random enough here.
        var state = 2 * seed + 1
        func below(_ bound: UInt64) -> UInt64 {
            state = state &* 0xda94_2042_e4dd_58b5 &+ 1
            return (state >> 40) % bound
        }
        var queue = EventQueue<Int>()
        var waiting: [(time: VirtualTime, event: Int)] = []
        for event in 0 ..< 500 {
            let time = VirtualTime(nanoseconds: Int64(below(40)))
            queue.add(event, at: time)
            waiting.append((time, event))
            // Taking some out in between uses their places again.
            if below(3) == 0 { self.expectNext(of: &queue, &waiting) }
        }
        while !waiting.isEmpty { self.expectNext(of: &queue, &waiting) }
        let last = queue.popFirst()
        #expect(last == nil)
    }

    private func expectNext(of queue: inout EventQueue<Int>, _ waiting: inout [(time: VirtualTime, event: Int)]) {
        let next = waiting.indices.min { (waiting[$0].time, waiting[$0].event) < (waiting[$1].time, waiting[$1].event) }
        let expected = next.map { waiting.remove(at: $0) }
        let found = queue.popFirst()
        #expect(found?.time == expected?.time && found?.event == expected?.event)
    }
}
