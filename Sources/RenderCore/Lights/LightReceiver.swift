/// A place that wants light: what decides how likely each light is to be drawn for it.
///
/// Drawing a light at a surface and asking later for the density with which a scattered ray's light would have been drawn
/// need the same receiver; paths carry it from one surface to the next.
struct LightReceiver: BitwiseCopyable {
    /// Where the light is wanted.
    var point: Vector3
    /// The geometric normal of unit length on the lit side; zero where light from all around counts, as in glass or air.
    var normal: Vector3

    @inline(__always) init(point: Vector3, normal: Vector3) {
        self.point = point
        self.normal = normal
    }

    /// The receiver that a surface is.
    @inline(__always) init(_ surface: borrowing SurfaceInteraction) {
        self.point = surface.point
        self.normal = surface.transmission > 0 ? .zero : surface.geometricNormal
    }
}
