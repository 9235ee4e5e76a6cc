/// A built-in scene that uses every feature; its leaves name the version of the core.
public enum GoldenScene {
    /// The payloads of the golden blocks, in order.
    public static func leafPayloads(bvh: BVHSettings = .standard) -> [[UInt8]] { [] }
    /// BLAKE2b-256 of the golden leaf hashes one after the other, in hexadecimal.
    public static var expectedVersion: String { "" }
}
