/// The ranges of the numbers of a scene.
///
/// Within them no intermediate result of the core overflows.
enum SceneRange {
    /// Coordinates in metres, in objects and in the world.
    static var coordinate: ClosedRange<Float> { -1e9 ... 1e9 }
    /// Entries of matrices and of texture transforms.
    static var factor: ClosedRange<Float> { -1e9 ... 1e9 }
    /// What entries of inverse matrices stay below in magnitude; the others belong to what has no extent.
    static var inverseFactor: Float { 1e18 }
    /// What the offsets of inverse matrices stay below in magnitude: three products of the above.
    static var inverseOffset: Float { 1e28 }
    /// Colours that reflect.
    static var fraction: ClosedRange<Float> { 0 ... 1 }
    /// Radiance, intensity.
    static var radiance: ClosedRange<Float> { 0 ... 1e12 }
    /// Index of refraction.
    static var ior: ClosedRange<Float> { 1 ... 4 }
    /// 20 over an Abbe number.
    static var dispersion: ClosedRange<Float> { 0 ... 64 }
    /// The mean cosine of scattering.
    static var anisotropy: ClosedRange<Float> { -0x1.e66666p-1 ... 0x1.e66666p-1 }
    /// The thickness of a thin film in nanometres.
    static var film: ClosedRange<Float> { 0 ... 1e5 }
    /// The corners of an aperture that is not round.
    static var lensBlades: ClosedRange<Int> { 3 ... 32 }
    /// Angles in radians.
    static var angle: ClosedRange<Float> { -1e4 ... 1e4 }
    /// The field of view in radians: 0.0001 to 3.14.
    static var fieldOfView: ClosedRange<Float> { 0x1.a36e2ep-14 ... 0x1.91eb86p1 }
    /// The magnification of an orthographic camera, the distance in focus.
    static var length: ClosedRange<Float> { 0x1.12e0bep-30 ... 1e9 }
    /// The radius of a lens, the range of a light.
    static var optionalLength: ClosedRange<Float> { 0 ... 1e9 }
    /// The coefficients of volumes per metre, the largest density.
    static var coefficient: ClosedRange<Float> { 0 ... 1e6 }
    /// The points of a volume along an axis.
    static var volumeEdge: ClosedRange<Int> { 2 ... 2_048 }
    /// The most colours of an emission.
    static var emissionColorsMax: Int { 256 }
    /// The most placed volumes: each ray asks all of them.
    static var volumeInstancesMax: Int { 64 }
    /// The edge of a picture in texels.
    static var imageEdge: ClosedRange<Int> { 1 ... 32_768 }
    /// The most meshes, materials or pictures each.
    static var countMax: Int { 1 << 24 }
    /// What the vertices and the triangles of one mesh stay below.
    static var meshCountMax: Int { 1 << 28 }
    /// The most emitting triangles.
    static var emittersMax: Int { 1 << 24 }
}

/// `value` moved into a range; an error when it is not a number or infinite.
func encodable(
    _ value: Float,
    _ range: ClosedRange<Float>,
    _ what: @autoclosure () -> String
) throws(SceneBlobError) -> Float {
    guard value.isFinite else { throw SceneBlobError(.invalidValue, "\(what()) is not a finite number") }
    return value < range.lowerBound ? range.lowerBound : value > range.upperBound ? range.upperBound : value
}

/// Refuses numbers outside a range.
func check(
    _ values: [Float],
    _ range: ClosedRange<Float>,
    _ what: @autoclosure () -> String
) throws(SceneBlobError) {
    for (i, value) in values.enumerated() where !(value >= range.lowerBound && value <= range.upperBound) {
        throw SceneBlobError(.invalidValue, "number \(i) of \(what()) is not finite or out of range")
    }
}
