/// How the acceleration structure is built.
///
/// It changes the speed, never a bit of the picture.
public struct BVHSettings: Sendable, Hashable {
    /// The number of bins an axis is cut into when a node is split, 2...32.
    public var bins: Int
    /// The most triangles of a leaf, 1...4.
    public var leafSize: Int

    /// Creates settings; values outside their range are moved to its ends.
    public init(bins: Int = 32, leafSize: Int = 4) {
        self.bins = bins < 2 ? 2 : bins > 32 ? 32 : bins
        self.leafSize = leafSize < 1 ? 1 : leafSize > 4 ? 4 : leafSize
    }

    /// What a node uses unless told otherwise.
    public static var standard: BVHSettings { BVHSettings() }
}
