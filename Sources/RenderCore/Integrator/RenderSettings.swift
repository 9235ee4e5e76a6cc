/// What a picture shall be, beside its scene.
///
/// All of it shapes the bits.
public struct RenderSettings: Sendable, Hashable {
    /// The largest width and height in pixels.
    public static let edgeMax = 16_384
    /// The most samples a pixel.
    public static let samplesMax = 65_536
    /// The most scattering events a path.
    public static let depthMax = 64

    /// The width of the frame in pixels, 1...``edgeMax``.
    public let width: Int
    /// The height of the frame in pixels, 1...``edgeMax``.
    public let height: Int
    /// Samples a pixel, 1...``samplesMax``.
    public let samples: Int
    /// The most scattering events of a path, 0...``depthMax``; 0 shows only what shines by itself.
    public let maxDepth: Int
    /// Selects one of 2^32 patterns of noise.
    public let seed: UInt32

    /// Creates settings.
    ///
    /// Values outside their range are moved to its ends; ``isValid(width:height:samples:maxDepth:)`` tells beforehand.
    public init(width: Int, height: Int, samples: Int, maxDepth: Int = 8, seed: UInt32 = 0) {
        func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int { value < low ? low : value > high ? high : value }
        self.width = clamp(width, 1, Self.edgeMax)
        self.height = clamp(height, 1, Self.edgeMax)
        self.samples = clamp(samples, 1, Self.samplesMax)
        self.maxDepth = clamp(maxDepth, 0, Self.depthMax)
        self.seed = seed
    }

    /// Whether the values are used as they are.
    public static func isValid(width: Int, height: Int, samples: Int, maxDepth: Int) -> Bool {
        let settings = RenderSettings(width: width, height: height, samples: samples, maxDepth: maxDepth)
        return settings.width == width && settings.height == height && settings.samples == samples
            && settings.maxDepth == maxDepth
    }
}
