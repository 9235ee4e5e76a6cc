import GridNode
import Synchronization

/// Shows what a command that submits several shots learns: one line for all of them.
final class ShotListView: Sendable {
    private struct State {
        var packed = 0
        var size = 0
        var newSize = 0
        var jobs: [(shot: String, job: String)] = []
        var status: [String: JobProgress] = [:]
        var told: Set<String> = []
    }

    private let line: ProgressLine
    private let sending: ProgressLine
    private let packing: ProgressLine
    private let state = Mutex(State())
    private let shotCount: Int
    private let isQuiet: Bool
    private let printsPaths: Bool

    init(shotCount: Int, isQuiet: Bool, printsPaths: Bool) {
        self.line = ProgressLine(unit: "units", isQuiet: isQuiet)
        self.sending = ProgressLine(unit: "kB", isQuiet: isQuiet)
        self.packing = ProgressLine(unit: "shots", isQuiet: isQuiet)
        self.shotCount = shotCount
        self.isQuiet = isQuiet
        self.printsPaths = printsPaths
    }

    /// The jobs that the peer has whole, in the order of the list.
    var jobs: [(shot: String, job: String)] {
        self.state.withLock { $0.jobs }
    }

    func show(_ progress: ShotListProgress) {
        switch progress {
        case .packed(let shot, let size, let newSize): self.packed(shot, size: size, newSize: newSize)
        case .shot(let shot, .note(let note)): self.noteOnce("note: \(shot): \(note)")
        case .shot(let shot, .sending(let sent, let total)):
            self.sending.update(done: sent / 1_000, total: total / 1_000, detail: "sending \(shot)")
        case .shot(let shot, .submitted(let job)):
            self.sending.finish()
            self.state.withLock { $0.jobs.append((shot, job)) }
            if !self.isQuiet { self.line.note("\(shot): job \(job)") }
        case .shot(let shot, .status(let status)): self.show(status, of: shot)
        case .shot(_, .frameWritten(_, let files)): if self.printsPaths { self.line.data(files) }
        }
    }

    func finish() {
        self.packing.finish()
        self.sending.finish()
        self.line.finish()
    }

    private func packed(_ shot: String, size: Int, newSize: Int) {
        let (done, all, new) = self.state.withLock { state in
            state.packed += 1
            state.size += size
            state.newSize += newSize
            return (state.packed, state.size, state.newSize)
        }
        self.packing.update(done: done, total: self.shotCount, detail: "imported \(shot)")
        guard done == self.shotCount else { return }
        self.packing.finish()
        guard !self.isQuiet else { return }
        self.line.note(
            "\(done) shot\(done == 1 ? "" : "s") of \(Quantity.bytes(UInt64(all))), which share all but "
                + Quantity.bytes(UInt64(new))
        )
    }

    private func show(_ status: JobProgress, of shot: String) {
        for peer in status.burned { self.noteOnce("peer \(peer) was proved wrong; its unfinished work is done again") }
        let all = self.state.withLock { state in
            state.status[shot] = status
            return Array(state.status.values)
        }
        let complete = all.count { $0.phase == "complete" }
        let frames = all.reduce(0) { $0 + $1.finalFrames.count }
        var detail = "\(complete) of \(self.shotCount) shots, \(frames) frames final"
        // The same nodes work for several jobs.
        if let workers = all.map(\.activeWorkers).max(), workers > 0 { detail += ", \(workers) nodes" }
        if !status.waitingFor.isEmpty { detail += ", \(shot) waits: \(status.waitingFor)" }
        self.line.update(
            done: all.reduce(0) { $0 + $1.unitsVerified },
            total: all.reduce(0) { $0 + $1.unitsTotal },
            detail: detail
        )
    }

    private func noteOnce(_ text: String) {
        guard !self.isQuiet, self.state.withLock({ $0.told.insert(text).inserted }) else { return }
        self.line.note(text)
    }
}
