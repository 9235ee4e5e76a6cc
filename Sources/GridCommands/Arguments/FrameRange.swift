import ArgumentParser

/// Frame numbers as the animator counts them, from 1, written `1-48` or `7`.
struct FrameRange: ExpressibleByArgument, Hashable, Sendable {
    /// The most frames of one shot.
    static let countMax = 100_000
    /// The largest frame number.
    static let numberMax = 1_000_000

    let frames: ClosedRange<Int>

    init?(argument: String) {
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard (1 ... 2).contains(parts.count), let first = Int(parts[0]), let last = Int(parts[parts.count - 1]),
            first >= 1, last <= Self.numberMax, first <= last, last - first < Self.countMax
        else { return nil }
        self.frames = first ... last
    }

    var defaultValueDescription: String {
        self.frames.count == 1 ? "\(self.frames.lowerBound)" : "\(self.frames.lowerBound)-\(self.frames.upperBound)"
    }
}
