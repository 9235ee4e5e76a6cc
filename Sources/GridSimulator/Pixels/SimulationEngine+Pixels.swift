import GridCore
import GridWire

// What becomes of real pixels, where they are rendered.
extension SimulationEngine {
    /// The most samples of a scenario with pixels, all copies together: some tens of seconds.
    static let pixelSamplesMax = 20_000_000

    /// What a node's render of a unit gives: anew for each copy, so that nothing but the renderer makes two alike.
    func rendered(_ unit: UnitID, job: Int) -> (leaves: [Digest], film: SimulatedFilm) {
        guard let pixels = self.jobs[job].truth.pixels else {
            let truth = self.jobs[job].truth.unit(unit)
            return (truth.leaves, SimulatedFilm(root: truth.root))
        }
        let rendered = pixels.render(unit)
        return (rendered.leaves, rendered.film)
    }

    /// The root that pixels which have arrived really have.
    func measuredRoot(_ film: SimulatedFilm, of unit: UnitID, job: Int) -> Digest? {
        guard let pixels = self.jobs[job].truth.pixels else { return film.root }
        return film.payloads.flatMap { pixels.root(of: $0, unit) }
    }

    /// The same pixels with one bit turned over, and the leaves that they have.
    func flipped(_ film: SimulatedFilm, _ unit: UnitID, job: Int) -> (leaves: [Digest], film: SimulatedFilm)? {
        guard let pixels = self.jobs[job].truth.pixels, var payloads = film.payloads else { return nil }
        payloads[self.random.below(payloads.count)] ^= 1 << UInt8(self.random.below(8))
        guard let root = pixels.root(of: payloads, unit) else { return nil }
        return (pixels.leaves(of: payloads, unit), SimulatedFilm(root: root, payloads: payloads))
    }

    /// Compares a final frame, put together from what lies on disks, with one that is rendered directly.
    func checkPixels(_ job: Int, frame: Int) {
        guard let pixels = self.jobs[job].truth.pixels else { return }
        let manifest = self.jobs[job].manifest
        var assembled = [Float](repeating: -1, count: 3 * manifest.width * manifest.height)
        for index in 0 ..< self.jobs[job].plan.unitCount {
            let unit = self.jobs[job].plan.unit(at: index)
            guard unit.frame == frame else { continue }
            let film = self.jobs[job].seats.keys.sorted().lazy.compactMap { self.jobs[job].seats[$0]?.films[unit] }
                .first
            guard let payloads = film?.payloads, pixels.place(payloads, of: unit, in: &assembled) else {
                return self.check("the pixels of \(unit) are on no disk", job, self.jobs[job].entryNode)
            }
        }
        guard zip(assembled, pixels.frame(frame)).allSatisfy({ $0.bitPattern == $1.bitPattern }) else {
            return self.check("frame \(frame) is not as a direct render", job, self.jobs[job].entryNode)
        }
        self.report.framesEqual = (self.report.framesEqual ?? 0) + 1
    }
}
