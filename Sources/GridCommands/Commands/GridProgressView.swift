import GridNode
import Synchronization

/// Shows what a submitting or fetching command learns.
final class GridProgressView: Sendable {
    private let line: ProgressLine
    private let sending: ProgressLine
    private let printsPaths: Bool
    private let isQuiet: Bool
    private let told = Mutex(Set<String>())
    private let submitted = Mutex<String?>(nil)

    init(isQuiet: Bool, printsPaths: Bool) {
        self.line = ProgressLine(unit: "units", isQuiet: isQuiet)
        self.sending = ProgressLine(unit: "kB", isQuiet: isQuiet)
        self.isQuiet = isQuiet
        self.printsPaths = printsPaths
    }

    /// The job's name, once the peer has the whole shot.
    var job: String? {
        self.submitted.withLock { $0 }
    }

    func show(_ progress: GridProgress) {
        switch progress {
        case .note(let note): self.note("note: \(note)")
        case .sending(let sent, let total):
            self.sending.update(done: sent / 1_000, total: total / 1_000, detail: "sending the scene")
        case .submitted(let job):
            self.sending.finish()
            self.submitted.withLock { $0 = job }
            self.note("job \(job)")
        case .status(let status): self.show(status)
        case .frameWritten(_, let files): if self.printsPaths { self.line.data(files) }
        }
    }

    func finish() {
        self.sending.finish()
        self.line.finish()
    }

    private func show(_ status: JobProgress) {
        for peer in status.burned { self.noteOnce("peer \(peer) was proved wrong; its unfinished work is done again") }
        var detail = "\(status.finalFrames.count) frame\(status.finalFrames.count == 1 ? "" : "s") final"
        if status.activeWorkers > 0 { detail += ", \(status.activeWorkers) nodes" }
        if !status.waitingFor.isEmpty { detail += ", waiting: \(status.waitingFor)" }
        self.line.update(done: status.unitsVerified, total: status.unitsTotal, detail: detail)
    }

    private func noteOnce(_ text: String) {
        guard self.told.withLock({ $0.insert(text).inserted }) else { return }
        self.note(text)
    }

    private func note(_ text: String) {
        if !self.isQuiet { self.line.note(text) }
    }
}
