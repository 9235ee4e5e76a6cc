/// The looks that effect shots are made of, each as a shot of one frame.
public enum ExampleLook: String, CaseIterable, Sendable {
    /// The flank of a dragon, close by: three thousand scales under twelve layers of lacquer, flakes and metal.
    case dragonScales = "dragon-scales"
    /// Three candles whose wax glows by the light that goes through it.
    case candles
    /// A river of lava between crusts of rock at night, under its own glowing haze.
    case lava
    /// A shore in the evening: clear water that deepens, a wave that breaks on a rock, a bottle adrift.
    case water
    /// A waterspout: a grid of spray that scatters light, a million drops around it.
    case tornado
    /// A serpent of the deep made of two million particles.
    case monster

    /// The bytes of a `.glb` file, the same on every machine; made for pictures of 16:9.
    public func file(_ detail: LookDetail = .full) -> [UInt8] {
        switch self {
        case .dragonScales: DragonScales().glb.finish()
        case .candles: Candles(detail).glb.finish()
        case .lava: Lava(detail).stage.glb.finish()
        case .water: Water(detail).stage.glb.finish()
        case .tornado: Tornado(detail).stage.glb.finish()
        case .monster: Monster(detail).stage.glb.finish()
        }
    }
}

/// How finely a look is made.
public enum LookDetail: Sendable {
    /// For people.
    case full
    /// Of the same kinds of things, but so few that it loads in an instant: for tests.
    case small

    /// How many there are of what is strewn.
    func count(_ full: Int) -> Int {
        switch self {
        case .full: full
        case .small: max(full / 200, min(full, 64))
        }
    }

    /// How many cells there are along an edge.
    func edge(_ full: Int) -> Int {
        switch self {
        case .full: full
        case .small: max(full / 6, 3)
        }
    }

    /// The radius of a particle: few are large, to be seen at all.
    func radius(_ full: Double) -> Double {
        switch self {
        case .full: full
        case .small: 4 * full
        }
    }
}
