/// How a frame is cut into 64x64-pixel tiles and 8x8-pixel blocks.
///
/// Tiles are counted row by row from the top left, blocks likewise within their tile. At the right and the bottom edge
/// tiles hold fewer blocks and blocks fewer pixels; no pixel belongs to two blocks.
public struct FrameGeometry: Hashable, Sendable {
    /// The edge of a tile in pixels.
    public static let tileEdge = 64
    /// The edge of a block in pixels.
    public static let blockEdge = 8
    /// The longest edge of a frame in pixels.
    public static let frameEdgeMax = 16_384

    /// The width of the frame in pixels.
    public let width: Int
    /// The height of the frame in pixels.
    public let height: Int

    /// A rectangle of pixels.
    public struct PixelBounds: Hashable, Sendable {
        /// The leftmost column.
        public let x: Int
        /// The topmost row.
        public let y: Int
        /// The number of columns.
        public let width: Int
        /// The number of rows.
        public let height: Int
    }

    /// Creates the geometry of a frame, or nothing when an edge is outside 1...``frameEdgeMax``.
    public init?(width: Int, height: Int) {
        guard (1 ... Self.frameEdgeMax).contains(width), (1 ... Self.frameEdgeMax).contains(height) else { return nil }
        self.width = width
        self.height = height
    }

    /// The number of tiles in a row.
    public var tilesAcross: Int {
        (self.width + Self.tileEdge - 1) / Self.tileEdge
    }

    /// The number of rows of tiles.
    public var tilesDown: Int {
        (self.height + Self.tileEdge - 1) / Self.tileEdge
    }

    /// The number of tiles of a frame.
    public var tileCount: Int {
        self.tilesAcross * self.tilesDown
    }

    /// The pixels of a tile, whose index must be below ``tileCount``.
    public func pixels(ofTile tile: Int) -> PixelBounds {
        let x = tile % self.tilesAcross * Self.tileEdge
        let y = tile / self.tilesAcross * Self.tileEdge
        return PixelBounds(
            x: x,
            y: y,
            width: min(Self.tileEdge, self.width - x),
            height: min(Self.tileEdge, self.height - y)
        )
    }

    /// The number of blocks of a tile, 1...64.
    public func blockCount(ofTile tile: Int) -> Int {
        let bounds = self.pixels(ofTile: tile)
        return Self.blocks(along: bounds.width) * Self.blocks(along: bounds.height)
    }

    /// The pixels of a block, whose index must be below the tile's ``blockCount(ofTile:)``.
    public func pixels(ofBlock block: Int, inTile tile: Int) -> PixelBounds {
        let bounds = self.pixels(ofTile: tile)
        let across = Self.blocks(along: bounds.width)
        let x = block % across * Self.blockEdge
        let y = block / across * Self.blockEdge
        return PixelBounds(
            x: bounds.x + x,
            y: bounds.y + y,
            width: min(Self.blockEdge, bounds.width - x),
            height: min(Self.blockEdge, bounds.height - y)
        )
    }

    private static func blocks(along length: Int) -> Int {
        (length + Self.blockEdge - 1) / Self.blockEdge
    }
}
