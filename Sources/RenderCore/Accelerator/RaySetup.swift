import CVector

/// A half-line; the direction need not have unit length.
struct Ray: BitwiseCopyable {
    var origin: Vector3
    var direction: Vector3
}

/// What a ray needs for triangle and box tests, computed once.
///
/// The axes are renamed so that the direction's largest component is the third (S. Woop et al., "Watertight Ray/Triangle
/// Intersection", JCGT 2(1), 2013).
struct RaySetup: BitwiseCopyable {
    /// The renamed axes: 0 for x, 1 for y, 2 for z.
    let kx: Int
    let ky: Int
    let kz: Int
    let sx: Float
    let sy: Float
    let sz: Float
    let origin: Vector3
    /// The direction's reciprocals, never infinite.
    let reciprocal: Vector3
    /// ``origin`` and ``reciprocal`` with renamed axes.
    let renamedOrigin: Vector3
    let renamedReciprocal: Vector3

    @inline(__always) init(_ ray: Ray) {
        let d = ray.direction
        let ax = d.x.magnitude
        let ay = d.y.magnitude
        let az = d.z.magnitude
        let kz = ax > ay ? (ax > az ? 0 : 2) : (ay > az ? 1 : 2)
        // 0 -> 1, 2; 1 -> 2, 0; 2 -> 0, 1
        var kx = (0b00_10_01 &>> (2 &* kz)) & 3
        var ky = (0b01_00_10 &>> (2 &* kz)) & 3
        let dz = RaySetup.component(d, kz)
        if dz < 0 { swap(&kx, &ky) }
        self.kx = kx
        self.ky = ky
        self.kz = kz
        self.sz = 1 / dz
        self.sx = RaySetup.component(d, kx) * self.sz
        self.sy = RaySetup.component(d, ky) * self.sz
        self.origin = ray.origin
        let r = Vector3(RaySetup.reciprocal(d.x), RaySetup.reciprocal(d.y), RaySetup.reciprocal(d.z))
        self.reciprocal = r
        self.renamedOrigin = RaySetup.renamed(ray.origin, kx, ky, kz)
        self.renamedReciprocal = RaySetup.renamed(r, kx, ky, kz)
    }

    @inline(__always) static func component(_ v: Vector3, _ axis: Int) -> Float {
        cvector_component(v.x, v.y, v.z, axis)
    }

    @inline(__always) static func renamed(_ v: Vector3, _ kx: Int, _ ky: Int, _ kz: Int) -> Vector3 {
        Vector3(self.component(v, kx), self.component(v, ky), self.component(v, kz))
    }

    /// A point with renamed axes.
    @inline(__always) func renamed(_ v: Vector3) -> Vector3 {
        RaySetup.renamed(v, self.kx, self.ky, self.kz)
    }

    /// Never infinite, so that box tests never meet a product that is not a number.
    @inline(__always) private static func reciprocal(_ d: Float) -> Float {
        d.magnitude < 0x1.2725dep-60 ? (d < 0 ? -0x1.bc16d6p59 : 0x1.bc16d6p59) : 1 / d
    }
}
