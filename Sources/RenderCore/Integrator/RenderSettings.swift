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
    /// Samples a pixel, 1...``samplesMax``; the most of them with a ``noiseTarget``.
    public let samples: Int
    /// The most scattering events of a path, 0...``depthMax``; 0 shows only what shines by itself.
    public let maxDepth: Int
    /// Selects one of 2^32 patterns of noise.
    public let seed: UInt32
    /// How samples are spread around the middle of their pixel.
    public let filter: PixelFilter
    /// What is delivered beside the light.
    public let channels: FilmChannels
    /// The standard error of a pixel, relative to its light, at which it gets no more samples; 0 gives all pixels the
    /// same number.
    ///
    /// Dark pixels are measured against an eighth of the light of their block. Decided every 64 samples from the block
    /// alone, so it is the same on every machine.
    public let noiseTarget: Float
    /// When the paths of a block end before their time.
    public let limits: WorkLimits

    /// Creates settings.
    ///
    /// Values outside their range are moved to its ends; ``isValid(width:height:samples:maxDepth:)`` tells beforehand.
    public init(
        width: Int,
        height: Int,
        samples: Int,
        maxDepth: Int = 8,
        seed: UInt32 = 0,
        filter: PixelFilter = .blackmanHarris,
        channels: FilmChannels = [],
        noiseTarget: Float = 0,
        limits: WorkLimits = .none
    ) {
        func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int { value < low ? low : value > high ? high : value }
        self.width = clamp(width, 1, Self.edgeMax)
        self.height = clamp(height, 1, Self.edgeMax)
        self.samples = clamp(samples, 1, Self.samplesMax)
        self.maxDepth = clamp(maxDepth, 0, Self.depthMax)
        self.seed = seed
        self.filter = filter
        self.channels = channels
        self.noiseTarget = clamped(noiseTarget, 0, 1)
        self.limits = limits
    }

    /// Whether the values are used as they are.
    public static func isValid(width: Int, height: Int, samples: Int, maxDepth: Int) -> Bool {
        let settings = RenderSettings(width: width, height: height, samples: samples, maxDepth: maxDepth)
        return settings.width == width && settings.height == height && settings.samples == samples
            && settings.maxDepth == maxDepth
    }
}

/// How samples are spread around the middle of their pixel.
///
/// A sample counts for its own pixel alone, wherever it is drawn: pixels and blocks never overlap.
public enum PixelFilter: UInt8, Sendable, Hashable {
    /// Evenly over the pixel.
    case box = 0
    /// A Blackman-Harris window of a pixel and a half to each side: sharp, without ringing.
    case blackmanHarris = 1
}

/// What a film delivers beside the light.
public struct FilmChannels: OptionSet, Sendable, Hashable {
    /// The mean colour of the surfaces seen first, three numbers of 0...1; black where there is none.
    public static let albedo = FilmChannels(rawValue: 1)
    /// The mean of the unit normals seen first, in the world, three numbers of -1...1; zero where there is none.
    public static let normal = FilmChannels(rawValue: 2)
    /// The mean distance of what is seen first, in metres along the ray; zero where there is nothing.
    public static let depth = FilmChannels(rawValue: 4)
    /// One more than the number of the instance that the first sample sees; zero where it sees none.
    public static let object = FilmChannels(rawValue: 8)
    /// The number of samples that the pixel got.
    public static let sampleCount = FilmChannels(rawValue: 16)
    /// What guides a denoiser, six numbers: the mean colour, 0...1, and the mean unit normal in the world, -1...1, of the
    /// surfaces that are seen first, or in the mirrors and through the clear glass that are.
    ///
    /// The sky's colour is its light, cut off at 1; particles of volumes are white and have no normal.
    public static let guides = FilmChannels(rawValue: 32)
    /// All of them.
    public static let all: FilmChannels = [.albedo, .normal, .depth, .object, .sampleCount, .guides]
    /// Those of what is seen first.
    static let firstHits: FilmChannels = [.albedo, .normal, .depth, .object]

    /// The channels as bits.
    public let rawValue: UInt8

    /// Creates a set from bits; unknown ones are left away.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 63
    }

    /// The 32-bit numbers a pixel.
    var words: Int {
        (self.contains(.albedo) ? 3 : 0) + (self.contains(.normal) ? 3 : 0) + (self.contains(.depth) ? 1 : 0)
            + (self.contains(.object) ? 1 : 0) + (self.contains(.sampleCount) ? 1 : 0)
            + (self.contains(.guides) ? 6 : 0)
    }
}

/// Work after which the paths of 8 x 8 pixels end: what they have found until then counts, and the samples that did not
/// begin are not missed.
///
/// Looked at after each step of all paths, so a little more may be done. A scene that exceeds a limit gives a darker
/// picture, the same on every machine, as long as blocks are rendered whole.
public struct WorkLimits: Sendable, Hashable {
    /// No limits but those of samples and depth.
    public static let none = WorkLimits()

    /// The most rays that surfaces scatter.
    public var bounceRays: UInt64
    /// The most rays towards lights.
    public var shadowRays: UInt64
    /// The most surface points that are shaded.
    public var surfaceEvents: UInt64
    /// The most steps of walks through media and layers.
    public var walkSteps: UInt64

    /// Creates limits.
    public init(
        bounceRays: UInt64 = .max,
        shadowRays: UInt64 = .max,
        surfaceEvents: UInt64 = .max,
        walkSteps: UInt64 = .max
    ) {
        self.bounceRays = bounceRays
        self.shadowRays = shadowRays
        self.surfaceEvents = surfaceEvents
        self.walkSteps = walkSteps
    }

    /// Whether work has reached one of them.
    func areReached(by work: WorkCounter) -> Bool {
        work.bounceRays >= self.bounceRays || work.shadowRays >= self.shadowRays
            || work.surfaceEvents >= self.surfaceEvents || work.walkSteps >= self.walkSteps
    }
}
