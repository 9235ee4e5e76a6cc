import GridCore
import GridWire
import RenderCore

// What packets and streams take over the lines of two nodes. Without lines, all nodes have latencies alone.
extension SimulationEngine {
    /// From one node to another in seconds, without jitter.
    func latencySeconds(from a: Int, to b: Int) -> Double {
        guard a != b else { return 0.000_1 }
        guard !self.lines.isEmpty else { return self.nodes[a].latencySeconds + self.nodes[b].latencySeconds + 0.000_2 }
        return self.lines[a].latencySeconds + self.lines[b].latencySeconds
    }

    /// When a part of a stream that is sent now has arrived.
    func streamArrival(bytes: Int, from a: Int, to b: Int) -> VirtualTime {
        let latency = self.latencySeconds(from: a, to: b)
        guard a != b, !self.lines.isEmpty else {
            return self.now + latency + self.random.exponential(mean: latency / 10)
        }
        var time = self.lines[a].upload(bytes, now: self.now)
        time = time + self.lines[a].packetSeconds(using: &self.random)
        time = time + self.lines[b].packetSeconds(using: &self.random)
        for node in [a, b] {
            let seconds = self.lines[node].retransmissionSeconds(
                bytes: bytes,
                roundTripSeconds: 2 * latency,
                now: self.now,
                using: &self.random
            )
            if seconds > 0 { self.report.lostMessages += 1 }
            time = time + seconds
        }
        return self.lines[b].download(bytes, arriving: time)
    }

    /// When a datagram that is sent now arrives, if it does; several times when it is doubled.
    func datagramArrivals(bytes: Int, from a: Int, to b: Int) -> [VirtualTime] {
        let latency = self.latencySeconds(from: a, to: b)
        var (loss, duplicates, reordered) = (0.0, 0.0, 0.0)
        if self.isFaulty {
            let faults = self.scenario.faults
            (loss, duplicates, reordered) = (faults.lossRate, faults.duplicateRate, faults.delayRate)
        }
        var time = self.now
        if self.lines.isEmpty {
            time = time + latency + self.random.exponential(mean: latency / 10)
        } else {
            time = self.lines[a].upload(bytes, now: time)
            for node in [a, b] {
                let profile = self.lines[node].profile
                (duplicates, reordered) = (duplicates + profile.duplicateRate, reordered + profile.reorderRate)
                if self.lines[node].losesPacket(now: self.now, using: &self.random) { return [] }
                time = time + self.lines[node].packetSeconds(using: &self.random)
            }
        }
        if self.random.happens(loss) { return [] }
        if self.random.happens(reordered) { time = time + self.random.within(0, 0.1) }
        return self.random.happens(duplicates) ? [time, time + self.random.within(0, 0.5)] : [time]
    }

    /// The bytes that the pixels of a unit have on the wire.
    func pixelBytes(_ unit: UnitID) -> Int {
        let edge = FrameGeometry.blockEdge
        return UnitPixelsAddress.byteCount + unit.blockCount * FilmBlock.payloadSize(width: edge, height: edge)
    }
}
