/// The work that a block took, as far as it is the same on every machine.
///
/// Rays are counted by kind; nodes and triangles visited depend on the acceleration structure and are not.
public struct WorkCounter: Hashable, Sendable {
    /// Rays from the camera.
    public var cameraRays: UInt64
    /// Rays that surfaces scattered.
    public var bounceRays: UInt64
    /// Rays towards lights.
    public var shadowRays: UInt64
    /// Surface points that were shaded.
    public var surfaceEvents: UInt64
    /// Steps of walks through media and layers.
    public var walkSteps: UInt64
    /// Samples that came out as not-a-number or infinite and count as black.
    public var zeroedSamples: UInt64

    /// The bytes of the encoded counter.
    static var encodedSize: Int { 48 }

    /// Creates a counter.
    public init(
        cameraRays: UInt64 = 0,
        bounceRays: UInt64 = 0,
        shadowRays: UInt64 = 0,
        surfaceEvents: UInt64 = 0,
        walkSteps: UInt64 = 0,
        zeroedSamples: UInt64 = 0
    ) {
        self.cameraRays = cameraRays
        self.bounceRays = bounceRays
        self.shadowRays = shadowRays
        self.surfaceEvents = surfaceEvents
        self.walkSteps = walkSteps
        self.zeroedSamples = zeroedSamples
    }

    /// One figure for credit: rays and shading weighted by what they cost on average, in quarters of a camera ray.
    public var weighted: UInt64 {
        self.cameraRays &* 4 &+ self.bounceRays &* 6 &+ self.shadowRays &* 3 &+ self.surfaceEvents &* 4
            &+ self.walkSteps
    }

    /// The rays of all kinds.
    public var rays: UInt64 { self.cameraRays &+ self.bounceRays &+ self.shadowRays }

    /// Adds the work of another block; sums wrap around at 2^64.
    public static func += (left: inout WorkCounter, right: WorkCounter) {
        left.cameraRays &+= right.cameraRays
        left.bounceRays &+= right.bounceRays
        left.shadowRays &+= right.shadowRays
        left.surfaceEvents &+= right.surfaceEvents
        left.walkSteps &+= right.walkSteps
        left.zeroedSamples &+= right.zeroedSamples
    }
}
