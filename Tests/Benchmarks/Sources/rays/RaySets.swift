import Glibc
import RenderCore

/// The rays that everyone traces.
struct RaySets {
    /// From the camera, pixels in 16 x 16 tiles, in Morton order within a tile.
    var coherent: [StreamRay] = []
    /// Five cosine-distributed bounces of a path, then the next path.
    var incoherent: [StreamRay] = []
    /// The bounces as a wavefront sees them: one bounce of 16 neighbouring paths, then the next.
    var wavefront: [StreamRay] = []
    /// To points of a ceiling lamp: from 16 camera hits, then from the 16 hits of their first bounce, and so on.
    var shadow: [StreamRay] = []

    private var state: UInt64 = 1

    /// Makes rays for a picture of `edge` x `edge` pixels; `edge` is a multiple of 16.
    init(tracer: RayStream, mesh: Landscape, edge: Int) {
        let eye = SIMD3<Float>(7.5, 4.2, 8)
        let forward = self.unit(SIMD3(0, 1.9, 0) - eye)
        let right = self.unit(self.cross(forward, SIMD3(0, 1, 0)))
        let up = self.cross(right, forward)
        for tile in 0 ..< (edge / 16) * (edge / 16) {
            for i in 0 ..< 256 {
                let x = 16 * (tile % (edge / 16)) + Self.even(i)
                let y = 16 * (tile / (edge / 16)) + Self.even(i >> 1)
                let u = (2 * (Float(x) + self.random()) / Float(edge) - 1) * 0.6
                let v = (1 - 2 * (Float(y) + self.random()) / Float(edge)) * 0.6
                let direction = self.unit(forward + right * u + up * v)
                self.coherent.append(StreamRay(origin: eye, direction: direction, distance: .greatestFiniteMagnitude))
            }
        }
        self.addPaths(tracer, mesh)
    }

    private mutating func addPaths(_ tracer: RayStream, _ mesh: Landscape) {
        var hits = [StreamHit](repeating: StreamHit(), count: 16)
        for first in stride(from: 0, to: self.coherent.count, by: 16) {
            var rays = Array(self.coherent[first ..< first + 16])
            var paths = [[StreamRay]](repeating: [], count: 16)
            for depth in 0 ..< 6 {
                rays.withUnsafeBufferPointer { rays in
                    hits.withUnsafeMutableBufferPointer { tracer.nearest(rays, into: $0) }
                }
                for i in 0 ..< 16 {
                    guard !hits[i].isMiss else { continue }
                    let (point, normal) = self.surface(rays[i], hits[i], mesh)
                    if depth < 2 { self.shadow.append(self.shadowRay(from: point)) }
                    rays[i] = StreamRay(
                        origin: point,
                        direction: self.unit(normal + self.direction() * 0.9999),
                        distance: .greatestFiniteMagnitude
                    )
                    // Every fourth path, so that both kinds of set have about as many rays.
                    if depth < 5, first % 64 == 0 { paths[i].append(rays[i]) }
                }
                if depth < 5, first % 64 == 0 { self.wavefront += rays }
            }
            for path in paths { self.incoherent += path }
        }
        self.shadow.removeLast(self.shadow.count % 16)
    }

    /// The point that was hit, a little off the surface, and the normal there.
    private func surface(_ ray: StreamRay, _ hit: StreamHit, _ mesh: Landscape) -> (SIMD3<Float>, SIMD3<Float>) {
        func corner(_ k: Int) -> SIMD3<Float> {
            let i = 3 * Int(mesh.indices[3 * Int(hit.primitive) + k])
            return SIMD3(mesh.positions[i], mesh.positions[i + 1], mesh.positions[i + 2])
        }
        let (a, b, c) = (corner(0), corner(1), corner(2))
        var normal = self.unit(self.cross(b - a, c - a))
        if (normal * ray.direction).sum() > 0 { normal = -normal }
        return (ray.origin + ray.direction * hit.distance + normal * 1e-4, normal)
    }

    private mutating func shadowRay(from point: SIMD3<Float>) -> StreamRay {
        let target = SIMD3(3 * self.random() - 4, 7.9, 3 * self.random() - 1)
        let way = target - point
        let distance = (way * way).sum().squareRoot()
        return StreamRay(origin: point, direction: way / distance, distance: distance * 0.999)
    }

    private mutating func direction() -> SIMD3<Float> {
        let z = 2 * self.random() - 1
        let r = max(0, 1 - z * z).squareRoot()
        let angle = self.random() * 2 * Float.pi
        return SIMD3(r * cosf(angle), r * sinf(angle), z)
    }

    /// SplitMix64's upper bits, from 0 to 1.
    private mutating func random() -> Float {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Float((z ^ (z >> 31)) >> 40) * 0x1p-24
    }

    /// The even bits of a Morton code.
    private static func even(_ code: Int) -> Int {
        (code & 1) | (code >> 1 & 2) | (code >> 2 & 4) | (code >> 3 & 8)
    }

    private func unit(_ v: SIMD3<Float>) -> SIMD3<Float> { v / (v * v).sum().squareRoot() }

    private func cross(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> SIMD3<Float> {
        SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }
}
