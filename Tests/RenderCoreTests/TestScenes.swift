import RenderCore

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func direction() -> SIMD3<Float> {
        while true {
            let d = SIMD3(
                Float.random(in: -1 ... 1, using: &self),
                Float.random(in: -1 ... 1, using: &self),
                Float.random(in: -1 ... 1, using: &self)
            )
            let length = (d * d).sum().squareRoot()
            if length > 0.1, length < 1 { return d / length }
        }
    }
}

/// Small scenes that tests build from.
enum TestScenes {
    static func quad(
        _ a: SIMD3<Float>,
        _ b: SIMD3<Float>,
        _ c: SIMD3<Float>,
        _ d: SIMD3<Float>,
        material: Int = 0
    ) -> Mesh {
        Mesh(
            positions: [a, b, c, d].flatMap { [$0.x, $0.y, $0.z] },
            textureCoordinates: [0, 0, 1, 0, 1, 1, 0, 1],
            indices: [0, 1, 2, 0, 2, 3],
            material: material
        )
    }

    /// A mesh of the assets in its own pose, whose positions go elsewhere until the shutter closes.
    static func growing(_ mesh: Int, of assets: SceneAssets, to closing: (Float) -> Float) -> DeformedMesh {
        let own = assets.meshes[mesh]
        return DeformedMesh(
            mesh: mesh,
            positions: own.positions,
            normals: own.normals,
            tangents: own.tangents,
            closingPositions: own.positions.map(closing),
            closingNormals: own.normals
        )
    }

    /// A box around the origin; its front is outside, or inside for a room.
    static func box(halfEdge h: Float, isRoom: Bool = false, material: Int = 0) -> Mesh {
        var corners: [Float] = []
        for i in 0 ..< 8 { for axis in 0 ..< 3 { corners.append((i >> axis) & 1 == 0 ? -h : h) } }
        let quads: [[UInt32]] = [
            [0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6],
        ]
        var indices: [UInt32] = []
        for q in quads {
            indices += isRoom ? [q[0], q[2], q[1], q[0], q[3], q[2]] : [q[0], q[1], q[2], q[0], q[2], q[3]]
        }
        return Mesh(positions: corners, indices: indices, material: material)
    }

    /// A ball of radius one.
    static func ball(columns: Int = 64, rows: Int = 32, isSmooth: Bool = true, material: Int = 0) -> Mesh {
        var positions: [Float] = []
        for row in 0 ... rows {
            let (sine, cosine) = sinCos(turns: Float(row) / Float(2 * rows))
            for column in 0 ... columns {
                let (s, c) = sinCos(turns: Float(column) / Float(columns))
                positions += [sine * c, cosine, -sine * s]
            }
        }
        var indices: [UInt32] = []
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                let a = UInt32(row * (columns + 1) + column)
                let c = a + UInt32(columns + 1)
                if row > 0 { indices += [a, c, a + 1] }
                if row < rows - 1 { indices += [a + 1, c, c + 1] }
            }
        }
        return Mesh(positions: positions, normals: isSmooth ? positions : [], indices: indices, material: material)
    }

    /// Triangles strewn in a cube, some with edges along the axes.
    static func soup(count: Int, seed: UInt64) -> Mesh {
        var generator = SeededGenerator(seed: seed)
        var positions: [Float] = []
        for i in 0 ..< count {
            let center = (0 ..< 3).map { _ in Float.random(in: -4 ... 4, using: &generator) }
            for _ in 0 ..< 3 {
                for axis in 0 ..< 3 {
                    let offset = Float.random(in: -0.5 ... 0.5, using: &generator)
                    positions.append(i % 3 == 0 ? (4 * (center[axis] + offset)).rounded() / 4 : center[axis] + offset)
                }
            }
        }
        return Mesh(positions: positions, indices: (0 ..< UInt32(3 * count)).map { $0 })
    }

    static func scene(
        _ assets: SceneAssets,
        _ frame: SceneFrame,
        bvh: BVHSettings = .standard
    ) throws -> Scene {
        try Scene(assets: try assets.encoded(), frame: try frame.encoded(for: assets), bvh: bvh)
    }

    /// One instance of each mesh where it was modelled.
    static func scene(
        _ meshes: [Mesh],
        _ materials: [Material] = [Material()],
        images: [Image] = [],
        environment: Environment = .constant(SIMD3(0, 0, 0)),
        lights: [Light] = [],
        camera: Camera = Camera(),
        bvh: BVHSettings = .standard
    ) throws -> Scene {
        try self.scene(
            SceneAssets(meshes: meshes, materials: materials, images: images, environment: environment),
            SceneFrame(instances: meshes.indices.map { Instance(mesh: $0) }, lights: lights, camera: camera),
            bvh: bvh
        )
    }

    /// A camera at `eye` that sees `size` metres through parallel rays.
    static func parallel(eye: SIMD3<Float>, target: SIMD3<Float>, size: Float) -> Camera {
        let up: SIMD3<Float> = eye.x == target.x && eye.z == target.z ? SIMD3(0, 0, -1) : SIMD3(0, 1, 0)
        return Camera(
            transform: Transform(eye: eye, target: target, up: up),
            projection: .orthographic(xMagnification: size / 2, yMagnification: size / 2)
        )
    }

    /// The mean colour of a whole picture.
    static func mean(_ scene: Scene, edge: Int = 8, samples: Int = 64, depth: Int = 8) -> SIMD3<Float> {
        let settings = RenderSettings(width: edge, height: edge, samples: samples, maxDepth: depth)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: edge, height: edge)
        var sum = SIMD3<Float>()
        for i in 0 ..< block.pixels.count / 3 {
            sum += SIMD3(block.pixels[3 * i], block.pixels[3 * i + 1], block.pixels[3 * i + 2])
        }
        return sum / Float(max(1, block.pixels.count / 3))
    }
}

/// Whether two numbers differ by at most a fraction of the second.
func isClose(_ a: Float, _ b: Float, within fraction: Float) -> Bool {
    (a - b).magnitude <= fraction * b.magnitude
}
