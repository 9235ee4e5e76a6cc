/// What a ray sees that leaves the scene.
public enum Environment: Sendable, Equatable {
    /// The same radiance from everywhere.
    case constant(SIMD3<Float>)
    /// A latitude-longitude map of radiance.
    case map(Map)

    /// A latitude-longitude map: row 0 is up (+Y), the centre column is seen along -Z, u grows towards +X.
    public struct Map: Sendable, Equatable {
        /// The width in texels.
        public var width: Int
        /// The height in texels.
        public var height: Int
        /// Linear RGB, three numbers a texel, row by row from the top, not negative.
        public var texels: [Float]
        /// Turns the map about +Y, in radians, counter-clockwise when seen from above.
        public var rotation: Float
        /// Multiplies the texels.
        public var intensity: Float

        /// Creates a map; nothing is checked before ``SceneAssets/encoded()``.
        public init(width: Int, height: Int, texels: [Float], rotation: Float = 0, intensity: Float = 1) {
            self.width = width
            self.height = height
            self.texels = texels
            self.rotation = rotation
            self.intensity = intensity
        }
    }

    /// A latitude-longitude map of radiance; see ``Map``.
    public static func map(
        width: Int,
        height: Int,
        texels: [Float],
        rotation: Float = 0,
        intensity: Float = 1
    ) -> Environment {
        .map(Map(width: width, height: height, texels: texels, rotation: rotation, intensity: intensity))
    }
}
