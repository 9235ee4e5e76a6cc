import Synchronization

/// How far a piece of work has come, as one line on stderr.
///
/// On a terminal the line is redrawn up to ten times a second; elsewhere a plain line is written every ten seconds, so that
/// a log shows life without drowning in it. Safe to call from any thread.
package final class ProgressLine: Sendable {
    private struct State {
        var done = 0
        var total = 0
        var detail = ""
        var start: ContinuousClock.Instant?
        /// What was done when the clock started, as after an interruption.
        var doneAtStart = 0
        var lastDrawn: ContinuousClock.Instant?
        var isOnScreen = false
        /// A smoothed rate per second, so that the time left does not jump about.
        var rate = 0.0
        var lastSample: (instant: ContinuousClock.Instant, done: Int)?
    }

    private let state = Mutex(State())
    private let unit: String
    private let isQuiet: Bool

    /// Creates a line that counts in `unit`, such as "tiles"; a quiet one writes nothing.
    init(unit: String, isQuiet: Bool = false) {
        self.unit = unit
        self.isQuiet = isQuiet
    }

    /// Tells how far the work is; `detail` is appended.
    func update(done: Int, total: Int, detail: String = "") {
        guard !self.isQuiet else { return }
        let now = ContinuousClock.now
        self.state.withLock { state in
            if state.start == nil {
                state.start = now
                state.doneAtStart = done
                state.lastSample = (now, done)
            }
            (state.done, state.total, state.detail) = (done, total, detail)
            Self.sample(&state, now: now)
            let interval: Duration = Terminal.isInteractive ? .milliseconds(100) : .seconds(10)
            if let last = state.lastDrawn, now - last < interval { return }
            if state.lastDrawn == nil, !Terminal.isInteractive {
                state.lastDrawn = now
                return
            }
            state.lastDrawn = now
            self.draw(&state, now: now)
        }
    }

    /// Writes a line above the progress line.
    func note(_ line: String) {
        self.state.withLock { state in
            if state.isOnScreen { Terminal.draw("\r\u{1B}[K") }
            Terminal.note(line)
            if state.isOnScreen { self.draw(&state, now: .now) }
        }
    }

    /// Writes lines of data to stdout, with the progress line out of their way.
    func data(_ lines: [String]) {
        self.state.withLock { state in
            if state.isOnScreen { Terminal.draw("\r\u{1B}[K") }
            for line in lines { Terminal.data(line) }
            if state.isOnScreen { self.draw(&state, now: .now) }
        }
    }

    /// Removes the line; nothing more is drawn until the next update.
    func finish() {
        self.state.withLock { state in
            if state.isOnScreen { Terminal.draw("\r\u{1B}[K") }
            state.isOnScreen = false
            state.lastDrawn = .now
        }
    }

    private static func sample(_ state: inout State, now: ContinuousClock.Instant) {
        guard let last = state.lastSample else { return }
        let elapsed = Self.seconds(now - last.instant)
        guard elapsed >= 0.5 else { return }
        let rate = Double(state.done - last.done) / elapsed
        let weight = min(1, elapsed / 5)
        state.rate = state.rate == 0 ? rate : state.rate * (1 - weight) + rate * weight
        state.lastSample = (now, state.done)
    }

    private func draw(_ state: inout State, now: ContinuousClock.Instant) {
        let elapsed = state.start.map { Self.seconds(now - $0) } ?? 0
        let text = Self.text(
            done: state.done,
            total: state.total,
            unit: self.unit,
            rate: state.rate > 0 ? state.rate : (elapsed > 0 ? Double(state.done - state.doneAtStart) / elapsed : 0),
            detail: state.detail,
            columns: Terminal.isInteractive ? Terminal.columns : nil
        )
        if Terminal.isInteractive {
            Terminal.draw("\r" + text + "\u{1B}[K")
            state.isOnScreen = true
        } else {
            Terminal.note(text)
        }
    }

    /// The line: a bar when there are columns for one, then share, count, rate and the time left.
    package static func text(
        done: Int,
        total: Int,
        unit: String,
        rate: Double,
        detail: String,
        columns: Int?
    ) -> String {
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
        var text = "\(Self.padded("\(Int(share * 100))", 3))%  \(done)/\(total) \(unit)"
        if rate > 0 {
            text += "  \(Self.short(rate)) \(unit)/s"
            if total > done { text += "  \(Self.clock(Double(total - done) / rate)) left" }
        }
        if !detail.isEmpty { text += "  \(detail)" }
        guard let columns else { return text }
        let barWidth = min(30, columns - text.count - 3)
        if barWidth >= 8 {
            let filled = Int(share * Double(barWidth))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: barWidth - filled)
            text = bar + " " + text
        }
        return String(text.prefix(max(columns - 1, 1)))
    }

    /// A span of time for people: `12 s`, `3:05`, `2:03:05`.
    package static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "long" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        let tail = "\(Self.twoDigits(whole / 60 % 60)):\(Self.twoDigits(whole % 60))"
        if whole < 3_600 { return "\(whole / 60):\(Self.twoDigits(whole % 60))" }
        return "\(whole / 3_600):\(tail)"
    }

    /// A number with about three digits.
    package static func short(_ value: Double) -> String {
        if value >= 100 { return "\(Int(value.rounded()))" }
        let scale: Double = value >= 10 ? 10 : 100
        return "\((value * scale).rounded() / scale)"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
