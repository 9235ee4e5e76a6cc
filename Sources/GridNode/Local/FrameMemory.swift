import GridWire

/// The memory that a node takes for a frame: what a manifest declares and a node holds itself to.
package struct FrameMemory {
    /// The program without any scene, its threads' stacks and what they compute with, and the pixels of finished units that
    /// are kept for others; `Tests/Benchmarks/memory` shows what that comes to.
    private static let program: UInt64 = 160 << 20
    /// What the blobs take, which are mapped from the disk.
    private let blobs: UInt64

    /// The memory for blobs of these sizes in bytes.
    package init(assets: Int, frame: Int) {
        // Sizes come from strangers, too: beyond what any job may ask for they are all the same.
        let sizes = [assets, frame].map { min(UInt64(max(0, $0)), WireLimits.memoryMax) }
        self.blobs = sizes.reduce(0, +)
    }

    /// All bytes together, where the scene takes `building` beside its blobs.
    package func total(building: Int) -> UInt64 {
        Self.program + self.blobs + UInt64(max(0, building))
    }

    /// The bytes that the scene may take beside its blobs, or nil when the blobs alone are more than was declared.
    package func building(ofTotal total: UInt64) -> Int? {
        let (rest, isTooMuch) = total.subtractingReportingOverflow(Self.program + self.blobs)
        return isTooMuch ? nil : Int(clamping: rest)
    }
}
