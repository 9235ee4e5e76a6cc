import GridWire

/// Which final records of frames count.
extension Ledger {
    /// Lets those final records of a frame take effect that the results bear out; of several the one with the lowest id.
    mutating func weighFinals(ofFrame frame: Int) {
        guard let waiting = self.unsupportedFinals[frame], self.seals[frame] == nil,
            self.pairedUnits[frame - self.plan.firstFrame] == self.plan.unitsPerFrame
        else { return }
        for (id, final) in waiting {
            let isWhole = final.work.count < WireLimits.frameWorkersMax
            let workers = isWhole ? Set(final.work.map(\.worker)) : nil
            guard let roots = self.roots(ofFrame: frame, by: workers, hashingTo: final.framePixels) else { continue }
            self.unsupportedFinals[frame]?[id] = nil
            if let known = self.finals[frame], known.id < id { continue }
            self.finals[frame] = Final(id: id, workers: workers, roots: roots)
        }
        if self.unsupportedFinals[frame]?.isEmpty ?? false {
            self.unsupportedFinals[frame] = nil
        }
    }

    /// The roots of a frame's units that hash to its pixels, each signed by at least two of these workers; nothing when the
    /// records do not show them.
    ///
    /// More records never take this back, so that it does not matter in which order they come.
    private func roots(ofFrame frame: Int, by workers: Set<PeerID>?, hashingTo pixels: Digest) -> [Digest]? {
        var choices: [[Digest]] = []
        var ways = 1
        for index in self.plan.units(ofFrame: frame) {
            var signers: [Digest: Set<PeerID>] = [:]
            for claim in self.claims[index] where workers?.contains(claim.worker) ?? true {
                signers[claim.root, default: []].insert(claim.worker)
            }
            let candidates = signers.filter { $0.value.count > 1 }.keys.sorted()
            ways = ways.multipliedReportingOverflow(by: candidates.count).partialValue
            guard (1 ... Self.finalWaysMax).contains(ways) else { return nil }
            choices.append(candidates)
        }
        for way in 0 ..< ways {
            var rest = way
            let roots = choices.map { candidates in
                defer { rest /= candidates.count }
                return candidates[rest % candidates.count]
            }
            if Digest(hashing: roots.flatMap(\.bytes)) == pixels { return roots }
        }
        return nil
    }

    /// The most combinations of roots that are tried for a final frame; more than one takes workers that collude.
    private static let finalWaysMax = 256
}
