package import GridWire

/// Which scenes are in memory and which of them are in use, so that all together never take more than a person lends.
///
/// A scene that is in use stays; of the others the one that was used longest ago goes first. A scene counts with all that its
/// job's manifest declares, although frames of one job share their assets: that errs on the safe side.
package struct SceneMemory {
    /// What is in memory: the assets of a job alone, or the scene of one of its frames with them.
    package struct Part: Hashable {
        package let job: JobID
        /// Nothing for the assets alone.
        package let frame: Int?

        package init(job: JobID, frame: Int?) {
            self.job = job
            self.frame = frame
        }
    }

    private struct Entry {
        let part: Part
        let bytes: UInt64
        var users: Int
    }

    private let bytesMax: UInt64
    private let countMax: Int
    /// Least recently used first.
    private var entries: [Entry] = []

    /// - Parameters:
    ///   - bytesMax: what all parts may take together. One alone may take more: whoever takes a job checks its size.
    ///   - countMax: the most parts that are kept when nobody uses them.
    package init(bytesMax: UInt64, countMax: Int) {
        self.bytesMax = bytesMax
        self.countMax = countMax
    }

    /// Takes a part into use, in place of others that are not in use.
    ///
    /// - Returns: The parts that are to be dropped, or nothing while there is no room.
    package mutating func take(_ part: Part, bytes: UInt64) -> [Part]? {
        if let place = self.entries.firstIndex(where: { $0.part == part }) {
            var entry = self.entries.remove(at: place)
            entry.users += 1
            self.entries.append(entry)
            return []
        }
        let inUse = self.entries.filter { $0.users > 0 }
        guard inUse.isEmpty || Self.sum(inUse.map(\.bytes) + [bytes]) <= self.bytesMax else { return nil }
        var dropped: [Part] = []
        while self.entries.count >= self.countMax || Self.sum(self.entries.map(\.bytes) + [bytes]) > self.bytesMax,
            let place = self.entries.firstIndex(where: { $0.users == 0 })
        {
            dropped.append(self.entries.remove(at: place).part)
        }
        self.entries.append(Entry(part: part, bytes: bytes, users: 1))
        return dropped
    }

    /// Ends a use of a part; it stays until its room is needed.
    package mutating func release(_ part: Part) {
        guard let place = self.entries.firstIndex(where: { $0.part == part }) else { return }
        self.entries[place].users = max(0, self.entries[place].users - 1)
    }

    /// Forgets a part that could not be had, unless others wait for it.
    package mutating func removeUnused(_ part: Part) {
        self.entries.removeAll { $0.part == part && $0.users == 0 }
    }

    /// Forgets the parts of a job that nobody uses.
    package mutating func removeUnused(of job: JobID) {
        self.entries.removeAll { $0.part.job == job && $0.users == 0 }
    }

    /// Whether anything of a job is in memory.
    package func holds(_ job: JobID) -> Bool {
        self.entries.contains { $0.part.job == job }
    }

    private static func sum(_ bytes: [UInt64]) -> UInt64 {
        bytes.reduce(0) { sum, next in
            let (sum, isTooMuch) = sum.addingReportingOverflow(next)
            return isTooMuch ? .max : sum
        }
    }
}
