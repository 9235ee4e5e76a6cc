import RenderCore
import Testing

/// Whether packets, single rays and a look at every primitive agree in every bit.
struct Agreement {
    private(set) var single = 0
    private(set) var packet = 0
    private(set) var hits = 0

    /// Traces the rays all three ways; then, from each, shadow rays that end just before, at and after the hit.
    init(_ scene: Scene, _ rays: [StreamRay]) {
        let truth = scene.hits(rays, .bruteForce)
        let single = scene.hits(rays, .single)
        let packet = scene.hits(rays, .packets)
        var shadows = rays
        for (i, hit) in truth.enumerated() {
            if !hit.isMiss { self.hits += 1 }
            if single[i] != hit { self.single += 1 }
            if packet[i] != hit { self.packet += 1 }
            guard !hit.isMiss else { continue }
            shadows[i].distance = hit.distance * [0.9999, 1, 1.0001][i % 3]
        }
        let isDark = scene.occluded(shadows, .bruteForce)
        for (i, other) in scene.occluded(shadows, .single).enumerated() where other != isDark[i] { self.single += 1 }
        for (i, other) in scene.occluded(shadows, .packets).enumerated() where other != isDark[i] { self.packet += 1 }
    }

    func expect(moreHitsThan hits: Int, _ location: SourceLocation = #_sourceLocation) {
        #expect(self.single == 0, "single rays", sourceLocation: location)
        #expect(self.packet == 0, "packets", sourceLocation: location)
        #expect(self.hits > hits, sourceLocation: location)
    }

    /// Rays that share much, little and nothing, aimed at what is hard: corners, edges, along axes and within surfaces.
    static func rays(_ scene: Scene, count: Int, seed: UInt64, reach: Float = 5) -> [StreamRay] {
        var generator = SeededGenerator(seed: seed)
        let stream = RayStream(scene: scene)
        var rays: [StreamRay] = []
        while rays.count < count {
            let origin = generator.point(within: reach)
            let target = generator.point(within: reach)
            let kind = Int.random(in: 0 ..< 8, using: &generator)
            let time = Float.random(in: 0 ..< 1, using: &generator)
            let (a, b, c) = stream.landmarks(Int.random(in: 0 ..< 1 << 30, using: &generator), at: time)
            // Runs of 1 to 24, so that packets hold one kind or several.
            for i in 0 ..< Int.random(in: 1 ... 24, using: &generator) {
                var start = origin
                var direction = generator.direction()
                var distance = Float.greatestFiniteMagnitude
                switch kind {
                case 0: distance = .infinity
                case 1: (direction, distance) = (a - origin, 1.0001)
                case 2: (direction, distance) = ((a + b) * 0.5 - origin, 3)
                case 3: direction = (a + b + c) / 3 - origin
                case 4:
                    var axis = SIMD3<Float>()
                    axis[i % 3] = i & 1 == 0 ? 1 : -1
                    (start, direction, distance) = (a - axis * reach, axis, 100 * reach)
                case 5: (start, direction) = (a, b - a)
                case 6: (start, direction) = (a + (c - a) * 1e-3, c - b)
                default: direction = target - origin + direction * 0.02
                }
                guard direction != SIMD3() else { continue }
                var ray = StreamRay(origin: start, direction: direction, distance: distance)
                ray.key = UInt32.random(in: 0 ... .max, using: &generator)
                // Where nothing moves no time makes a difference.
                ray.time = i % 4 == 3 ? Float.random(in: 0 ..< 1, using: &generator) : time
                rays.append(ray)
            }
        }
        return rays
    }
}

extension SeededGenerator {
    mutating func point(within reach: Float) -> SIMD3<Float> {
        SIMD3(
            Float.random(in: -reach ... reach, using: &self),
            Float.random(in: -reach ... reach, using: &self),
            Float.random(in: -reach ... reach, using: &self)
        )
    }
}

extension Scene {
    func hits(_ rays: [StreamRay], _ order: RayStream.Order) -> [StreamHit] {
        var hits = [StreamHit](repeating: StreamHit(), count: rays.count)
        let stream = RayStream(scene: self)
        rays.withUnsafeBufferPointer { rays in
            hits.withUnsafeMutableBufferPointer { stream.nearest(rays, into: $0, order) }
        }
        return hits
    }

    func hit(_ origin: SIMD3<Float>, _ direction: SIMD3<Float>) -> StreamHit {
        self.hits([StreamRay(origin: origin, direction: direction, distance: .infinity)], .packets)[0]
    }

    func occluded(_ rays: [StreamRay], _ order: RayStream.Order) -> [Bool] {
        var isOccluded = [Bool](repeating: false, count: rays.count)
        let stream = RayStream(scene: self)
        rays.withUnsafeBufferPointer { rays in
            isOccluded.withUnsafeMutableBufferPointer { stream.occluded(rays, into: $0, order) }
        }
        return isOccluded
    }
}
