/// Consecutive parts of a section.
struct Slices<Element> {
    private let all: UnsafeBufferPointer<Element>
    private let what: String
    private var used = 0

    init(_ all: UnsafeBufferPointer<Element>, _ what: String) {
        self.all = all
        self.what = what
    }

    /// The next `count` groups of `times` elements.
    mutating func next(_ count: Int, times: Int) throws(SceneBlobError) -> UnsafeBufferPointer<Element> {
        guard UInt64(count) * UInt64(times) <= UInt64(self.all.count - self.used) else {
            throw SceneBlobError(.malformed, "the blob has fewer \(self.what) than its meshes claim")
        }
        let slice = UnsafeBufferPointer(rebasing: self.all[self.used ..< (self.used + count * times)])
        self.used += count * times
        return slice
    }

    /// Refuses what belongs to no mesh.
    func finish() throws(SceneBlobError) {
        guard self.used == self.all.count else {
            throw SceneBlobError(.malformed, "the blob has more \(self.what) than its meshes claim")
        }
    }
}
