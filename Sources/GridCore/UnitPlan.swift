public import GridWire

/// How the frames of a job are cut into units: a function of the manifest alone, so that every party cuts alike.
///
/// A unit is a run of blocks of one tile. Cheap tiles are one unit; expensive ones are split so that a unit takes one
/// core about two seconds at 0.5 million samples a second, less when the whole job is small, and up to half a minute when
/// it is so large that its records and messages would weigh. Units are numbered frame by frame, tile by tile, block by block; that order is the one in which they are leased.
public struct UnitPlan: Hashable, Sendable {
    /// The most units of a job; a steward keeps some state for each.
    public static let unitsMax = 1 << 20
    /// The most samples of a unit that has more than one block (about two seconds of one core).
    static let samplesMax = 1 << 20
    /// The same in a job of more than ``unitsPlenty`` such units (about half a minute).
    static let samplesOfLargeJobMax = 1 << 24
    /// A job is not cut into many more units than this for the sake of short ones.
    static let unitsPlenty = 1 << 18
    /// A unit is not made smaller than this for the sake of an even spread (about a quarter of a second).
    static let samplesMin = 1 << 17
    /// A job is cut into at least this many units where ``samplesMin`` allows it.
    static let unitsWanted = 256

    /// The geometry of each frame.
    public let geometry: FrameGeometry
    /// The most blocks of a unit: a power of two, 1...64.
    public let blocksPerUnit: Int
    /// The number of the first frame.
    public let firstFrame: Int
    /// The number of frames.
    public let frameCount: Int
    /// The number of units of each frame.
    public let unitsPerFrame: Int

    /// Plans a job.
    ///
    /// - Throws: ``JobError`` when an edge, the samples or the number of frames is out of range, or when the job would
    ///   have more than ``unitsMax`` units.
    public init(manifest: JobManifest) throws(JobError) {
        guard let geometry = FrameGeometry(width: manifest.width, height: manifest.height) else {
            throw JobError(
                .badGeometry,
                "a frame of \(manifest.width)x\(manifest.height) pixels; edges are 1...\(FrameGeometry.frameEdgeMax)"
            )
        }
        guard (1 ... JobManifest.frameCountMax).contains(manifest.frameCount),
            WireLimits.frameNumbers.contains(manifest.firstFrame)
        else {
            throw JobError(
                .badGeometry,
                "\(manifest.frameCount) frames from number \(manifest.firstFrame); a job has 1..."
                    + "\(JobManifest.frameCountMax) frames, numbered within \(WireLimits.frameNumbers)"
            )
        }
        guard (1 ... JobManifest.samplesMax).contains(manifest.samples) else {
            throw JobError(
                .badGeometry,
                "\(manifest.samples) samples a pixel; allowed are 1...\(JobManifest.samplesMax)"
            )
        }
        // At most 2^28 pixels, 2^16 samples and 2^17 frames: below 2^61.
        let samplesOfJob = manifest.width * manifest.height * manifest.samples * manifest.frameCount
        let limit = max(
            min(Self.samplesMax, max(Self.samplesMin, samplesOfJob / Self.unitsWanted)),
            min(Self.samplesOfLargeJobMax, samplesOfJob / Self.unitsPlenty)
        )
        let samplesOfBlock = FrameGeometry.blockEdge * FrameGeometry.blockEdge * manifest.samples
        var blocks = 64
        while blocks > 1, blocks * samplesOfBlock > limit {
            blocks /= 2
        }
        self.geometry = geometry
        self.blocksPerUnit = blocks
        self.firstFrame = manifest.firstFrame
        self.frameCount = manifest.frameCount

        let layout = Layout(geometry: geometry, blocksPerUnit: blocks)
        self.layout = layout
        self.unitsPerFrame = layout.rowUnits * (geometry.tilesDown - 1) + layout.lastRowUnits
        guard self.unitsPerFrame <= Self.unitsMax / manifest.frameCount else {
            throw JobError(
                .badGeometry,
                "\(manifest.frameCount) frames of \(self.unitsPerFrame) units are more than \(Self.unitsMax) units; "
                    + "submit fewer frames at a time"
            )
        }
    }

    /// The number of all units.
    public var unitCount: Int {
        self.unitsPerFrame * self.frameCount
    }

    /// The frame numbers.
    public var frames: Range<Int> {
        self.firstFrame ..< (self.firstFrame + self.frameCount)
    }

    /// The unit with a number, which must be in 0..<``unitCount``.
    public func unit(at index: Int) -> UnitID {
        let frame = index / self.unitsPerFrame
        var rest = index % self.unitsPerFrame
        let row = min(rest / self.layout.rowUnits, self.geometry.tilesDown - 1)
        rest -= row * self.layout.rowUnits
        let isLastRow = row == self.geometry.tilesDown - 1
        let inner = isLastRow ? self.layout.lastRowInnerTileUnits : self.layout.innerTileUnits
        let column = min(rest / inner, self.geometry.tilesAcross - 1)
        rest -= column * inner
        let tile = row * self.geometry.tilesAcross + column
        let first = rest * self.blocksPerUnit
        return UnitID(
            frame: self.firstFrame + frame,
            tile: tile,
            firstBlock: first,
            blockCount: min(self.blocksPerUnit, self.geometry.blockCount(ofTile: tile) - first)
        )
    }

    /// The number of a unit, or nothing when the job has no such unit.
    public func index(of unit: UnitID) -> Int? {
        guard self.frames.contains(unit.frame), (0 ..< self.geometry.tileCount).contains(unit.tile),
            (0 ..< 64).contains(unit.firstBlock), unit.firstBlock % self.blocksPerUnit == 0
        else { return nil }
        let index =
            (unit.frame - self.firstFrame) * self.unitsPerFrame + self.firstUnit(ofTile: unit.tile)
            + unit.firstBlock / self.blocksPerUnit
        guard index < self.unitCount, self.unit(at: index) == unit else { return nil }
        return index
    }

    /// The numbers of the units of a frame, which must be one of ``frames``.
    public func units(ofFrame frame: Int) -> Range<Int> {
        let first = (frame - self.firstFrame) * self.unitsPerFrame
        return first ..< (first + self.unitsPerFrame)
    }

    /// The numbers of the units of a tile, which must exist.
    public func units(ofTile tile: Int, inFrame frame: Int) -> Range<Int> {
        let first = (frame - self.firstFrame) * self.unitsPerFrame + self.firstUnit(ofTile: tile)
        let blocks = self.geometry.blockCount(ofTile: tile)
        return first ..< (first + (blocks + self.blocksPerUnit - 1) / self.blocksPerUnit)
    }

    private let layout: Layout

    /// How many units come before a tile: all tiles have the same number but those of the last row and column.
    private struct Layout: Hashable, Sendable {
        let innerTileUnits: Int
        let lastRowInnerTileUnits: Int
        let rowUnits: Int
        let lastRowUnits: Int

        init(geometry: FrameGeometry, blocksPerUnit: Int) {
            func units(ofTile tile: Int) -> Int {
                (geometry.blockCount(ofTile: tile) + blocksPerUnit - 1) / blocksPerUnit
            }
            let across = geometry.tilesAcross
            let lastRow = (geometry.tilesDown - 1) * across
            self.innerTileUnits = units(ofTile: 0)
            self.lastRowInnerTileUnits = units(ofTile: lastRow)
            self.rowUnits = units(ofTile: 0) * (across - 1) + units(ofTile: across - 1)
            self.lastRowUnits = units(ofTile: lastRow) * (across - 1) + units(ofTile: lastRow + across - 1)
        }
    }

    private func firstUnit(ofTile tile: Int) -> Int {
        let row = tile / self.geometry.tilesAcross
        let column = tile % self.geometry.tilesAcross
        let isLastRow = row == self.geometry.tilesDown - 1
        return row * self.layout.rowUnits
            + column * (isLastRow ? self.layout.lastRowInnerTileUnits : self.layout.innerTileUnits)
    }
}
