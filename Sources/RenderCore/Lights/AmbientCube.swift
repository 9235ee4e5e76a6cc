/// The irradiance of surfaces that face along the six axes, all colours added; in between it is interpolated.
///
/// After J. McTaggart, "Half-Life 2 / Valve Source Shading", 2004. Only the choice among kinds of light depends on it.
struct AmbientCube: BitwiseCopyable {
    /// Along +X, -X, +Y, -Y, +Z, -Z of the world.
    var faces: (Float, Float, Float, Float, Float, Float)

    /// The irradiance of a receiver; that of all sides together where it has no normal.
    @inline(__always) func toward(_ receiver: LightReceiver) -> Float {
        let f = self.faces
        // Under an even sky of radiance L every face has pi L, and what passes through a point is 4 pi L.
        guard receiver.hasNormal else { return (((f.0 + f.1) + (f.2 + f.3)) + (f.4 + f.5)) * 0x1.555556p-1 }
        let n = receiver.normal
        let x = n.x * n.x * (n.x < 0 ? f.1 : f.0)
        let y = n.y * n.y * (n.y < 0 ? f.3 : f.2)
        let z = n.z * n.z * (n.z < 0 ? f.5 : f.4)
        return (x + y) + z
    }
}
