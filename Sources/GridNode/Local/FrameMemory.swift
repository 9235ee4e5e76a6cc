import GridWire

/// The memory that a node takes for a frame: what a manifest declares and a node holds itself to.
package struct FrameMemory {
    /// The program without any scene, its threads' stacks and what they compute with: 60 MiB as a rule, and more while pages of
    /// its file happen to be in memory.
    private static let program: UInt64 = 128 << 20
    /// The bytes of a pixel that is kept for others: three floats, and what it takes to hand them over.
    ///
    /// `Tests/Benchmarks/memory` shows whether this and ``program`` are enough.
    private static let pixelSize: UInt64 = 16
    /// What the blobs take, which are mapped from the disk.
    private let blobs: UInt64
    /// What the picture takes.
    private let picture: UInt64

    /// The memory for blobs of these sizes in bytes, and for a picture of so many pixels.
    package init(assets: Int, frame: Int, pixels: Int) {
        self.picture = min(UInt64(max(0, pixels)), WireLimits.memoryMax) * Self.pixelSize
        // Sizes come from strangers, too: beyond what any job may ask for they are all the same.
        let sizes = [assets, frame].map { min(UInt64(max(0, $0)), WireLimits.memoryMax) }
        self.blobs = sizes.reduce(0, +)
    }

    /// All bytes together, where the scene takes `building` beside its blobs.
    package func total(building: Int) -> UInt64 {
        Self.program + self.picture + self.blobs + UInt64(max(0, building))
    }

    /// The bytes that the scene may take beside its blobs, or nil when the blobs alone are more than was declared.
    package func building(ofTotal total: UInt64) -> Int? {
        let (rest, isTooMuch) = total.subtractingReportingOverflow(Self.program + self.picture + self.blobs)
        return isTooMuch ? nil : Int(clamping: rest)
    }
}
