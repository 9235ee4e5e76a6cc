/// Shots that the program makes by itself.
public enum ExampleShot {
    /// A sea dragon of scales and embers that rises from a dark sea before a shore of lava: 48 frames at 24 per second.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine; `Examples/leviathan.glb` holds them. Made for
    /// pictures of 16:9. Takes part of a second.
    public static func leviathan() -> [UInt8] {
        var shot = Leviathan()
        shot.addSea()
        shot.addShore()
        shot.addBody()
        shot.addHead()
        shot.addSpray()
        shot.addEmbers()
        shot.addBackground()
        shot.addLightsAndCamera()
        return shot.glb.finish()
    }

    /// The flank of a dragon, close by: three thousand scales under twelve layers of lacquer, flakes and metal; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func dragonScales() -> [UInt8] { DragonScales().glb.finish() }

    /// Three candles whose wax glows by the light that goes through it; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func candles() -> [UInt8] { Candles().glb.finish() }

    /// A river of lava between crusts of rock at night, under its own glowing haze; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func lava() -> [UInt8] { Lava().stage.glb.finish() }

    /// A shore in the evening: clear water that deepens, a wave that breaks on a rock, a bottle adrift; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func water() -> [UInt8] { Water().stage.glb.finish() }

    /// A waterspout: a grid of spray that scatters light, a million drops around it; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func tornado() -> [UInt8] { Tornado().stage.glb.finish() }

    /// A serpent of the deep made of two million particles; one frame.
    ///
    /// Returns the bytes of a `.glb` file, the same on every machine. Made for pictures of 16:9.
    public static func monster() -> [UInt8] { Monster().stage.glb.finish() }
}
