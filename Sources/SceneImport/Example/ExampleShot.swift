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
}
