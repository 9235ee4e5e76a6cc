/// Where a light or a group of lights is, which way it shines and how strongly; what a light tree knows of it.
struct LightBounds {
    /// The lower corner of a box around it.
    var low: Vector3
    /// The upper corner.
    var high: Vector3
    /// The centre of a ball around it.
    var center: Vector3
    /// The radius of the ball.
    var radius: Float
    /// The axis of a cone that holds all normals.
    var axis: Vector3
    /// The cosine of the cone's angle; -1 where there is no axis.
    var cosCone: Float
    /// The cosine of the angle from a normal up to which light leaves.
    var cosReach: Float
    /// Radiance times area, or intensity, all colours added; their sum is what a receiver can compare.
    var power: Float

    /// The light when it shines so many times as brightly; nothing where that is no light.
    func brightened(by factor: Float) -> LightBounds? {
        var result = self
        result.power = smaller(self.power * factor, Self.powerMax)
        return result.power > 0 ? result : nil
    }

    /// What the power of one light is limited to, so that sums stay finite.
    static var powerMax: Float { 0x1p60 }

    /// The mean of the box.
    var middle: Vector3 { (self.low + self.high) * 0.5 }

    /// The light along a normal that all directions of the light share as far as they do.
    private var shared: Vector3 { self.cosCone > -1 ? self.axis * self.power : .zero }

    /// A triangle that emits `radiance`, all colours added; nothing where no light can come from it.
    init?(corners a: Vector3, _ b: Vector3, _ c: Vector3, radiance: Float, isDoubleSided: Bool) {
        let perpendicular = cross(b - a, c - a)
        let area = perpendicular.lengthSquared.squareRoot() * 0.5
        let power = area * radiance
        guard power > 0 else { return nil }
        self.low = Vector3(
            smaller(smaller(a.x, b.x), c.x),
            smaller(smaller(a.y, b.y), c.y),
            smaller(smaller(a.z, b.z), c.z)
        )
        self.high = Vector3(
            larger(larger(a.x, b.x), c.x),
            larger(larger(a.y, b.y), c.y),
            larger(larger(a.z, b.z), c.z)
        )
        self.center = (self.low + self.high) * 0.5
        let farthest = larger(
            larger((a - self.center).lengthSquared, (b - self.center).lengthSquared),
            (c - self.center).lengthSquared
        )
        self.radius = farthest.squareRoot() * 0x1.0001p0
        self.axis = perpendicular.normalized(or: Vector3(0, 0, 1))
        self.cosCone = isDoubleSided ? -1 : 1
        self.cosReach = 0
        self.power = smaller(power, Self.powerMax)
    }

    /// A ball that emits `radiance`, all colours added, wherever it is between two places; nothing where it does not shine.
    init?(ball center: Vector3, closing: Vector3, radius: Float, radiance: Float) {
        // What a place far away sees of it is a disk.
        let power = Pi.one * (radius * radius) * radiance
        guard power > 0 else { return nil }
        self.low = center.smaller(closing) - Vector3(radius)
        self.high = center.larger(closing) + Vector3(radius)
        self.center = (center + closing) * 0.5
        self.radius = (radius + (closing - center).lengthSquared.squareRoot() * 0.5) * 0x1.0001p0
        self.axis = Vector3(0, 0, 1)
        self.cosCone = -1
        self.cosReach = 0
        self.power = smaller(power, Self.powerMax)
    }

    /// A box of glowing gas, of which `power` is the integral of its radiance per metre, all colours added; nothing where it
    /// does not glow.
    init?(glowingFrom low: Vector3, to high: Vector3, power: Float) {
        guard power > 0 else { return nil }
        self.low = low
        self.high = high
        self.center = (low + high) * 0.5
        self.radius = smaller((high - low).lengthSquared.squareRoot() * 0x1.0001p-1, 0x1p32)
        self.axis = Vector3(0, 0, 1)
        self.cosCone = -1
        self.cosReach = 0
        self.power = smaller(power, Self.powerMax)
    }

    /// A light without extent that shines up to `cosReach` beyond a cone.
    init?(position: Vector3, axis: Vector3, cosCone: Float, cosReach: Float, power: Float) {
        guard power > 0 else { return nil }
        self.low = position
        self.high = position
        self.center = position
        self.radius = 0
        self.axis = axis
        self.cosCone = cosCone
        self.cosReach = cosReach
        self.power = smaller(power, Self.powerMax)
    }

    /// All of several lights; nothing when there are none.
    init?(_ lights: [LightBounds?]) {
        var all: LightBounds?
        var sum = Vector3.zero
        var power = 0.0
        for case .some(let light) in lights {
            power += Double(light.power)
            sum += light.shared
            guard let others = all else {
                all = light
                continue
            }
            all?.low = Vector3(
                smaller(others.low.x, light.low.x),
                smaller(others.low.y, light.low.y),
                smaller(others.low.z, light.low.z)
            )
            all?.high = Vector3(
                larger(others.high.x, light.high.x),
                larger(others.high.y, light.high.y),
                larger(others.high.z, light.high.z)
            )
            // Only for a single light without extent is a narrower reach than 90 degrees exact.
            all?.cosReach = 0
        }
        guard var result = all else { return nil }
        result.center = (result.low + result.high) * 0.5
        result.power = Float(power)
        result.axis = sum.normalized(or: Vector3(0, 0, 1))
        result.radius = 0
        result.cosCone = 1
        for case .some(let light) in lights {
            let reach = (light.center - result.center).lengthSquared.squareRoot() + light.radius
            result.radius = larger(result.radius, reach * 0x1.0001p0)
            result.cosCone = smaller(result.cosCone, cosineOfSum(dot(result.axis, light.axis), light.cosCone))
        }
        // The balls of boxes and of lights both hold everything; the smaller one will do.
        let diagonal = (result.high - result.low).lengthSquared.squareRoot() * 0x1.0001p-1
        result.radius = smaller(result.radius, diagonal)
        self = result
    }

    /// A light that moves while the shutter is open, from what it is at the beginning and at the end; normals in between
    /// may be any.
    init?(from opening: LightBounds?, to closing: LightBounds?) {
        guard var all = LightBounds([opening, closing]) else { return nil }
        all.power *= 0.5
        all.cosCone = -1
        self = all
    }

    /// The same where an instance is, from the opening of the shutter to its closing.
    func placed(by instance: Instance) -> LightBounds? {
        let opening = self.placed(by: Affine(instance.transform))
        guard let transform = instance.closingTransform, transform != instance.transform else { return opening }
        return LightBounds(from: opening, to: self.placed(by: Affine(transform)))
    }

    /// The same in the world.
    ///
    /// Exact for maps that keep angles; others are bounded.
    func placed(by map: Affine) -> LightBounds? {
        let columns = (
            Vector3(map.x.x, map.y.x, map.z.x), Vector3(map.x.y, map.y.y, map.z.y), Vector3(map.x.z, map.y.z, map.z.z)
        )
        let squares = (columns.0.lengthSquared, columns.1.lengthSquared, columns.2.lengthSquared)
        let longest = larger(larger(squares.0, squares.1), squares.2)
        let skew = larger(
            larger(dot(columns.0, columns.1).magnitude, dot(columns.1, columns.2).magnitude),
            dot(columns.2, columns.0).magnitude
        )
        let isOrthogonal = skew <= longest * 0x1p-10
        let keepsAngles =
            isOrthogonal && smaller(smaller(squares.0, squares.1), squares.2) >= longest * (1 - 0x1p-10)
        // The largest factor by which lengths grow, or the Frobenius norm, which is not smaller.
        let stretch = (isOrthogonal ? longest : (squares.0 + squares.1) + squares.2).squareRoot()
        let normals = map.normalRows
        let turned = Vector3(dot(normals.0, self.axis), dot(normals.1, self.axis), dot(normals.2, self.axis))
        let areas = (normals.0.lengthSquared + normals.1.lengthSquared) + normals.2.lengthSquared
        let isFlat = self.cosCone > 0x1.ffp-1
        let areaScale = isFlat ? turned.lengthSquared.squareRoot() : (areas * 0x1.555556p-2).squareRoot()
        let power = self.power * areaScale
        guard power > 0 else { return nil }
        var result = self
        result.center = map.point(self.center)
        result.radius = smaller(self.radius * stretch * 0x1.0001p0, 0x1p32)
        result.low = result.center - Vector3(result.radius)
        result.high = result.center + Vector3(result.radius)
        result.axis = turned.normalized(or: Vector3(0, 0, 1))
        result.cosCone = keepsAngles || isFlat ? self.cosCone : -1
        result.power = smaller(power, Self.powerMax)
        return result
    }
}

/// The cosine of the sum of two angles of 0...pi, or of pi where it is larger, and a little less for rounding.
private func cosineOfSum(_ a: Float, _ b: Float) -> Float {
    let a = clamped(a, -1, 1)
    guard a + b > 0 else { return -1 }
    let sines = larger(0, 1 - a * a).squareRoot() * larger(0, 1 - b * b).squareRoot()
    return clamped((a * b - sines) - 0x1p-14, -1, 1)
}
