/// A light without extent, as in `KHR_lights_punctual`.
public enum Light: Sendable, Equatable {
    /// Shines from a point in all directions. Intensity in candela per colour; a range of zero means without limit.
    case point(position: SIMD3<Float>, intensity: SIMD3<Float>, range: Float)
    /// Shines from a point in a cone around `direction` that fades from the inner to the outer angle (radians from the
    /// axis). Intensity in candela per colour; a range of zero means without limit.
    case spot(
        position: SIMD3<Float>,
        direction: SIMD3<Float>,
        intensity: SIMD3<Float>,
        range: Float,
        innerConeAngle: Float,
        outerConeAngle: Float
    )
    /// Shines from infinity along `direction`. Illuminance in lux per colour.
    case directional(direction: SIMD3<Float>, illuminance: SIMD3<Float>)
}
