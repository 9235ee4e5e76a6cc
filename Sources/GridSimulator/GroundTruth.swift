import GridCore
import GridWire

/// What the units of a job really look like: without a renderer a leaf is a function of (job, unit, block).
final class GroundTruth {
    /// Samples a second of a thread of mean speed.
    static let samplesPerSecond = 500_000.0
    /// The spread of the cost of the parts of a picture, and of one part from frame to frame: together 0.5, and the cost in
    /// one frame tells that in another within 25 %.
    private static let placeSpread = 0.468
    private static let frameSpread = 0.177

    /// The result of a unit.
    struct Unit {
        let leaves: [Digest]
        let root: Digest
        let workCount: UInt64
        /// Seconds on a thread of mean speed.
        let seconds: Double
    }

    /// In a simulation with pixels a sample takes so many times as long as without, so that small units are worth a request.
    private static let pixelFactor = 64.0

    private let key: UInt64
    /// The renderer, where there is one.
    let pixels: PixelTruth?
    private let samples: Int
    /// Units that were asked for and are not final yet.
    private var cache: [UnitID: Unit] = [:]

    init(job: JobID, manifest: JobManifest, rendersPixels: Bool = false) {
        self.pixels = rendersPixels ? PixelTruth(manifest: manifest) : nil
        self.key = job.digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.samples = manifest.samples
    }

    /// The right result of a unit.
    func unit(_ id: UnitID) -> Unit {
        if let unit = self.cache[id] { return unit }
        if let rendered = self.pixels?.render(id) {
            let samples = Double(id.blockCount * FrameGeometry.blockEdge * FrameGeometry.blockEdge * self.samples)
            let unit = Unit(
                leaves: rendered.leaves,
                root: MerkleTree(rendered.leaves).root,
                workCount: rendered.workCount,
                seconds: samples * Self.pixelFactor / Self.samplesPerSecond
            )
            self.cache[id] = unit
            return unit
        }
        let leaves = (0 ..< id.blockCount).map { Self.leaf(self.seed(id), block: $0) }
        var random = SeededRandom(seed: self.seed(id))
        var place = SeededRandom(seed: self.seed(of: [id.tile, id.firstBlock]))
        let cost = place.logNormal(spread: Self.placeSpread) * random.logNormal(spread: Self.frameSpread)
        let samples = Double(id.blockCount * FrameGeometry.blockEdge * FrameGeometry.blockEdge * self.samples)
        let unit = Unit(
            leaves: leaves,
            root: MerkleTree(leaves).root,
            workCount: UInt64(samples * cost),
            seconds: samples * cost / Self.samplesPerSecond
        )
        self.cache[id] = unit
        return unit
    }

    /// The right leaf of a block.
    func leaf(_ id: UnitID, block: Int) -> Digest {
        self.pixels?.leaf(id, block: block) ?? Self.leaf(self.seed(id), block: block)
    }

    /// What a liar says of a block.
    func falseLeaf(_ id: UnitID, block: Int, liar: UInt64) -> Digest {
        Self.leaf(SeededRandom.mix(self.seed(id) ^ SeededRandom.mix(liar)), block: block)
    }

    private func seed(_ id: UnitID) -> UInt64 {
        self.seed(of: [id.frame, id.tile, id.firstBlock])
    }

    private func seed(of numbers: [Int]) -> UInt64 {
        var seed = self.key
        for number in numbers {
            seed = SeededRandom.mix(seed ^ UInt64(truncatingIfNeeded: number)) &+ 1
        }
        return seed
    }

    private static func leaf(_ seed: UInt64, block: Int) -> Digest {
        var random = SeededRandom(seed: seed ^ UInt64(block) &* 0x5851_f42d_4c95_7f2d)
        return Digest(littleEndianWords: SIMD4(random.next(), random.next(), random.next(), random.next()))
    }
}
