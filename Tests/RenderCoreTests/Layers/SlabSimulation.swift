import RenderCore

/// Photons through a stack of layers, one at a time and in double precision: slow, plain, and unlike the walks of
/// `RenderCore` wherever that is possible.
///
/// Facet normals come from a table of all tilts, photons die in media instead of fading, and each follows one colour.
struct SlabSimulation {
    private struct Interface {
        var layer: Layer
        /// The indices of refraction above and below.
        var above: Double
        var below: Double
        /// The width of its facets, and the distribution of their tilts.
        var alpha: Double
        var angles: [Double]
    }

    typealias Direction = (x: Double, y: Double, z: Double)

    private var interfaces: [Interface] = []
    /// The medium above each interface.
    private var media: [(absorption: Double, scattering: Double, albedo: Double, g: Double)?] = []
    private let channel: Int
    private var generator: SeededGenerator

    init(_ stack: LayerStack, channel: Int, seed: UInt64) {
        self.channel = channel
        self.generator = SeededGenerator(seed: seed)
        var index = 1.0
        var medium: (absorption: Double, scattering: Double, albedo: Double, g: Double)?
        for layer in stack.layers {
            if case .medium(let absorption, let scattering, let albedo, let g) = layer {
                medium = (Double(absorption[channel]), Double(scattering), Double(albedo[channel]), Double(g))
                continue
            }
            var below = index
            var roughness: Float = 0
            switch layer {
            case .dielectric(let ior, let rough, _):
                below = Double(ior)
                roughness = rough
            case .flakes(_, let rough, _), .metal(_, let rough, _):
                roughness = rough
            case .medium, .diffuse:
                break
            }
            let alpha = roughness > 0x1p-5 ? Double(roughness) * Double(roughness) : 0
            self.interfaces.append(
                Interface(
                    layer: layer,
                    above: index,
                    below: below,
                    alpha: alpha,
                    angles: alpha > 0 ? Self.angles(alpha) : []
                )
            )
            self.media.append(medium)
            medium = nil
            index = below
        }
    }

    private mutating func random() -> Double { Double.random(in: 0 ..< 1, using: &self.generator) }

    /// Where a photon that came from `wo` leaves, and with what weight.
    mutating func photon(from wo: Direction) -> (direction: Direction, weight: Double)? {
        var w: Direction = (-wo.x, -wo.y, -wo.z)
        var weight = 1.0
        // The slab above this interface, and how deep in it.
        var slab = 0
        var z = 0.0
        for _ in 0 ..< 100_000 {
            if let medium = self.media[slab] {
                let total = medium.absorption + medium.scattering
                let step = total > 0 ? Double(-logarithm(1 - self.random())) / total : .infinity
                let next = z - w.z * step
                if next > 0, next < 1 {
                    z = next
                    guard self.random() * total < medium.scattering * medium.albedo else { return nil }
                    w = self.turned(w, medium.g)
                    continue
                }
            }
            let isDown = w.z < 0
            if !isDown, slab == 0 { return (w, weight) }
            let interface = self.interfaces[isDown ? slab : slab - 1]
            guard let event = self.crossing(interface, w) else { return nil }
            weight *= event.weight
            let wasUp = w.z > 0
            w = event.direction
            if isDown, w.z < 0 {
                slab += 1
                z = 0
            } else if isDown {
                z = 1
            } else if wasUp, w.z > 0 {
                slab -= 1
                z = 1
            } else {
                z = 0
            }
        }
        return nil
    }

    private mutating func turned(_ w: Direction, _ g: Double) -> Direction {
        // By rejection from the phase function's shape, which is largest forwards or backwards.
        let most = 1 / ((1 - abs(g)) * (1 - abs(g)) * (1 - abs(g)))
        while true {
            let d = self.uniformDirection()
            let cosine = d.x * w.x + d.y * w.y + d.z * w.z
            let q = 1 + g * g - 2 * g * cosine
            if self.random() * most < 1 / (q * q.squareRoot()) { return d }
        }
    }

    private mutating func uniformDirection() -> Direction {
        while true {
            let p = (2 * self.random() - 1, 2 * self.random() - 1, 2 * self.random() - 1)
            let length = (p.0 * p.0 + p.1 * p.1 + p.2 * p.2).squareRoot()
            if length > 0.01, length < 1 { return (p.0 / length, p.1 / length, p.2 / length) }
        }
    }

    private mutating func crossing(_ interface: Interface, _ w: Direction) -> (direction: Direction, weight: Double)? {
        switch interface.layer {
        case .medium:
            return nil
        case .diffuse(let color):
            guard self.random() < Double(color[self.channel]) else { return nil }
            // A point of the unit ball on top of the surface's is distributed by the cosine.
            let d = self.uniformDirection()
            let up = (x: d.x, y: d.y, z: d.z + 1)
            let length = (up.x * up.x + up.y * up.y + up.z * up.z).squareRoot()
            return ((up.x / length, up.y / length, up.z / length), 1)
        case .flakes(let color, _, let coverage):
            guard self.random() < Double(coverage) else { return (w, 1) }
            return self.mirrored(w, Double(color[self.channel]), interface)
        case .metal(let color, _, _):
            return self.mirrored(w, Double(color[self.channel]), interface)
        case .dielectric:
            return self.refracted(w, interface)
        }
    }

    /// A facet normal as the photon sees it: one of all normals, taken as often as its facet shows.
    private mutating func facet(_ w: Direction, _ interface: Interface) -> Direction {
        let side: Double = w.z < 0 ? 1 : -1
        guard interface.alpha > 0 else { return (0, 0, side) }
        let angles = interface.angles
        while true {
            let u = self.random()
            var low = 0
            var high = angles.count - 1
            while high - low > 1 {
                let middle = (low + high) / 2
                if angles[middle] <= u { low = middle } else { high = middle }
            }
            let within = (u - angles[low]) / (angles[high] - angles[low])
            let t = (Double(low) + within) / Double(angles.count - 1)
            let tilt = sinCos(turns: Float(t * t / 4))
            let turn = sinCos(turns: Float(self.random()))
            let n: Direction = (Double(tilt.sin * turn.cos), Double(tilt.sin * turn.sin), side * Double(tilt.cos))
            if self.random() < -(w.x * n.x + w.y * n.y + w.z * n.z) { return n }
        }
    }

    /// The share of directions up to an angle, whose root is the place in the table, under D alone.
    private static func angles(_ alpha: Double) -> [Double] {
        let count = 4_000
        var sums = [0.0]
        for i in 0 ..< count {
            let t = (Double(i) + 0.5) / Double(count)
            let tilt = sinCos(turns: Float(t * t / 4))
            let z2 = Double(tilt.cos) * Double(tilt.cos)
            let q = alpha * alpha * z2 + Double(tilt.sin) * Double(tilt.sin)
            sums.append(sums[i] + Double(tilt.sin) * t / (q * q))
        }
        return sums.map { $0 / sums[count] }
    }

    /// How much of what a visible facet sends `out` gets away.
    private func weight(_ w: Direction, _ out: Direction, _ alpha: Double) -> Double {
        guard alpha > 0 else { return 1 }
        func lambda(_ d: Direction) -> Double {
            let tan2 = (1 - d.z * d.z) / (d.z * d.z)
            return ((1 + alpha * alpha * tan2).squareRoot() - 1) / 2
        }
        return (1 + lambda(w)) / (1 + lambda(w) + lambda(out))
    }

    private mutating func mirrored(
        _ w: Direction,
        _ color: Double,
        _ interface: Interface
    ) -> (direction: Direction, weight: Double)? {
        let n = self.facet(w, interface)
        let cosine = -(w.x * n.x + w.y * n.y + w.z * n.z)
        guard cosine > 0 else { return nil }
        let out: Direction = (w.x + 2 * cosine * n.x, w.y + 2 * cosine * n.y, w.z + 2 * cosine * n.z)
        guard out.z * w.z < 0 else { return nil }
        let m = 1 - cosine
        let fresnel = color + (1 - color) * m * m * m * m * m
        return (out, fresnel * self.weight(w, out, interface.alpha))
    }

    private mutating func refracted(
        _ w: Direction,
        _ interface: Interface
    ) -> (direction: Direction, weight: Double)? {
        let n = self.facet(w, interface)
        let from = w.z < 0 ? interface.above : interface.below
        let to = w.z < 0 ? interface.below : interface.above
        let cosine = -(w.x * n.x + w.y * n.y + w.z * n.z)
        guard cosine > 0 else { return nil }
        let ratio = from / to
        let sine2 = ratio * ratio * (1 - cosine * cosine)
        var reflectance = 1.0
        var other = 0.0
        if sine2 < 1 {
            other = (1 - sine2).squareRoot()
            let s = (from * cosine - to * other) / (from * cosine + to * other)
            let p = (from * other - to * cosine) / (from * other + to * cosine)
            reflectance = (s * s + p * p) / 2
        }
        let out: Direction
        if self.random() < reflectance {
            out = (w.x + 2 * cosine * n.x, w.y + 2 * cosine * n.y, w.z + 2 * cosine * n.z)
            guard out.z * w.z < 0 else { return nil }
        } else {
            let k = ratio * cosine - other
            out = (ratio * w.x + k * n.x, ratio * w.y + k * n.y, ratio * w.z + k * n.z)
            guard out.z * w.z > 0 else { return nil }
        }
        return (out, self.weight(w, out, interface.alpha))
    }
}
