import RenderCore
import Testing

/// Pictures of what moves against their integrals over time, within four standard errors over independent seeds.
struct MotionPictureTests {
    private static let glow = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0), isDoubleSided: true)

    private func expect(
        _ scene: Scene,
        is wanted: Double,
        depth: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let found = scene.greenEstimate(depth: depth)
        #expect(
            abs(found.mean - wanted) < 4 * found.error + 2e-4 * wanted,
            "\(found), \(wanted)",
            sourceLocation: location
        )
    }

    /// A rectangle in the plane z = 0.
    private func rectangle(width: Float, height: Float) -> Mesh {
        let (x, y) = (width / 2, height / 2)
        return TestScenes.quad(SIMD3(-x, -y, 0), SIMD3(x, -y, 0), SIMD3(x, y, 0), SIMD3(-x, y, 0))
    }

    private let view = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)

    private func at(_ x: Float, _ y: Float = 0, _ z: Float = 0) -> Transform { Transform(translation: SIMD3(x, y, z)) }

    private func scene(_ mesh: Mesh, _ frame: SceneFrame) throws -> Scene {
        var frame = frame
        frame.camera.projection = self.view.projection
        if frame.camera.closingTransform == nil { frame.camera.transform = self.view.transform }
        return try TestScenes.scene(SceneAssets(meshes: [mesh], materials: [Self.glow]), frame)
    }

    @Test
    func `a square that crosses the picture is as bright as it is long there`() throws {
        // A quarter of a metre wide, half of one high, from -1 to 1: in the picture of 1 m for half of the time.
        let mesh = self.rectangle(width: 0.25, height: 0.5)
        let frame = SceneFrame(instances: [Instance(mesh: 0, transform: self.at(-1), closingTransform: self.at(1))])
        self.expect(try self.scene(mesh, frame), is: 3 * 0.25 * 0.5 * 0.5)
        // A tenth of the way is seen in a picture that wide.
        var near = frame
        near.instances[0].closingTransform = self.at(-0.2)
        self.expect(try self.scene(mesh, near), is: 3 * 0.5 * (0.25 * 0.3 / 0.8))
    }

    @Test
    func `a camera that moves sees the same as one that stands before what moves`() throws {
        let mesh = self.rectangle(width: 0.25, height: 0.5)
        var frame = SceneFrame(instances: [Instance(mesh: 0)])
        frame.camera.transform = self.at(1, 0, 5)
        frame.camera.closingTransform = self.at(-1, 0, 5)
        self.expect(try self.scene(mesh, frame), is: 3 * 0.25 * 0.5 * 0.5)
        // Moving with it, it stands still.
        frame.instances[0].transform = self.at(1)
        frame.instances[0].closingTransform = self.at(-1)
        self.expect(try self.scene(mesh, frame), is: 3 * 0.25 * 0.5)
    }

    @Test
    func `what turns is seen in all its directions`() throws {
        // Points go along straight lines: at time t the area is that of the determinant, (1 - t)^2 + t^2, on average 2/3.
        let mesh = self.rectangle(width: 0.75, height: 0.25)
        let quarter = Transform(x: SIMD4(0, -1, 0, 0), y: SIMD4(1, 0, 0, 0))
        let turning = SceneFrame(instances: [Instance(mesh: 0, closingTransform: quarter)])
        self.expect(try self.scene(mesh, turning), is: 3 * 0.75 * 0.25 * 2 / 3)
        // Inside out: the width goes through zero, so it is half on average.
        let mirrored = Transform(x: SIMD4(-1, 0, 0, 0))
        let turned = SceneFrame(instances: [Instance(mesh: 0, closingTransform: mirrored)])
        self.expect(try self.scene(mesh, turned), is: 3 * 0.75 * 0.25 / 2)
    }

    @Test
    func `a mesh that changes its shape is seen in all its shapes`() throws {
        let mesh = self.rectangle(width: 0.25, height: 0.5)
        let frame = SceneFrame(
            deformedMeshes: [
                DeformedMesh(
                    mesh: 0,
                    positions: mesh.positions,
                    closingPositions: self.rectangle(width: 0.75, height: 0.5).positions
                )
            ],
            instances: [Instance(mesh: 1)]
        )
        self.expect(try self.scene(mesh, frame), is: 3 * 0.5 * 0.5)
        // Growing, and carried across the picture meanwhile.
        var carried = frame
        carried.instances[0].transform = self.at(-1)
        carried.instances[0].closingTransform = self.at(1)
        // The length of the part within |x| < 0.5 of a width of 0.25 + t / 2 around 2 t - 1.
        var sum = 0.0
        for i in 0 ..< 10_000 {
            let t = (Double(i) + 0.5) / 10_000
            let (center, half) = (2 * t - 1, (0.25 + t / 2) / 2)
            sum += max(0, min(0.5, center + half) - max(-0.5, center - half)) / 10_000
        }
        self.expect(try self.scene(mesh, carried), is: 3 * 0.5 * sum)
    }

    @Test
    func `particles go on with their velocity`() throws {
        var assets = SceneAssets(materials: [Self.glow])
        assets.particles = [ParticleSet(centers: [-1, 0.125, 0], radii: [0.25], closingCenters: [1, -0.125, 0])]
        let scene = try TestScenes.scene(assets, SceneFrame(instances: [Instance(particles: 0)], camera: self.view))
        self.expect(scene, is: 3 * 0.25 * 0.25 * Double.pi / 2)
    }

    /// What the origin of a floor sends straight up by a square light of 2 m at the height y and around x, facing down.
    private func lit(_ probe: MaterialProbe, x center: Double, y: Double) -> Double {
        var sum = 0.0
        let n = 60
        for i in 0 ..< n {
            for k in 0 ..< n {
                let x = center - 1 + 2 * (Double(i) + 0.5) / Double(n)
                let z = -1 + 2 * (Double(k) + 0.5) / Double(n)
                let squared = x * x + z * z + y * y
                let length = squared.squareRoot()
                let wi = SIMD3(Float(x / length), Float(z / length), Float(y / length))
                let value = probe.scattering(wo: SIMD3(0, 0, 1), wi: wi).value.y
                sum += Double(value) * 3 * (y / length) / squared * (4 / Double(n * n))
            }
        }
        return sum
    }

    /// A square light of 2 m in the plane y = 0 that faces down, of n x n squares.
    private func lamp(_ n: Int) -> Mesh {
        var positions: [Float] = []
        for i in 0 ... n {
            for k in 0 ... n { positions += [2 * Float(i) / Float(n) - 1, 0, 2 * Float(k) / Float(n) - 1] }
        }
        var indices: [UInt32] = []
        for i in 0 ..< n {
            for k in 0 ..< n {
                let a = UInt32(i * (n + 1) + k)
                let b = a + UInt32(n + 1)
                indices += [a, b, b + 1, a, b + 1, a + 1]
            }
        }
        return Mesh(positions: positions, indices: indices, material: 1)
    }

    /// Rough surfaces live by light samples, smooth ones by scattered rays that happen upon the light, which must know with
    /// which density the former would have found it.
    @Test(
        arguments: [
            Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1), Material(metallic: 1, roughness: 0.15),
        ],
        [1, 8]
    )
    func `a lamp that moves shines as its integral over time says`(material: Material, squares: Int) throws {
        let floor = TestScenes.quad(SIMD3(-9, 0, 9), SIMD3(9, 0, 9), SIMD3(9, 0, -9), SIMD3(-9, 0, -9))
        let lamp = self.lamp(squares)
        let shine = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0))
        let assets = SceneAssets(meshes: [floor, lamp, self.lamp(1)], materials: [material, shine])
        let probe = try MaterialProbe(material)
        let steps = 32
        let wanted = (0 ..< steps).reduce(0.0) {
            let t = (Double($1) + 0.5) / Double(steps)
            return $0 + self.lit(probe, x: -2 + 3 * t, y: 2 - t) / Double(steps)
        }
        let camera = TestScenes.parallel(eye: SIMD3(0, 0.5, 0), target: SIMD3(0, 0, 0), size: 0.002)
        // As a whole, and by its vertices; a second lamp below the floor makes the choice among lights one that depends on
        // the place.
        let whole = Instance(mesh: 1, transform: self.at(-2, 2), closingTransform: self.at(1, 1))
        let below = Instance(mesh: 2, transform: self.at(0, -3), closingTransform: self.at(0, -2))
        func moved(_ x: Float, _ y: Float) -> [Float] {
            lamp.positions.indices.map { lamp.positions[$0] + ($0 % 3 == 0 ? x : $0 % 3 == 1 ? y : 0) }
        }
        let deformed = DeformedMesh(mesh: 1, positions: moved(-2, 2), closingPositions: moved(1, 1))
        for frame in [
            SceneFrame(instances: [Instance(mesh: 0), whole], camera: camera),
            SceneFrame(instances: [Instance(mesh: 0), whole, below], camera: camera),
            SceneFrame(deformedMeshes: [deformed], instances: [Instance(mesh: 0), Instance(mesh: 3)], camera: camera),
            SceneFrame(
                deformedMeshes: [deformed],
                instances: [Instance(mesh: 0), Instance(mesh: 3), below],
                camera: camera
            ),
        ] {
            self.expect(try TestScenes.scene(assets, frame), is: wanted, depth: 1)
        }
    }

    /// Its triangles have no area when the shutter opens, but are lights all the same.
    @Test
    func `a lamp that grows from a point shines as its integral over time says`() throws {
        let floor = TestScenes.quad(SIMD3(-9, 0, 9), SIMD3(9, 0, 9), SIMD3(9, 0, -9), SIMD3(-9, 0, -9))
        let lamp = self.lamp(2)
        let white = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1)
        let shine = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0))
        let assets = SceneAssets(meshes: [floor, lamp], materials: [white, shine])
        func scaled(_ scale: Float) -> [Float] {
            lamp.positions.indices.map { lamp.positions[$0] * scale + ($0 % 3 == 1 ? 2 : 0) }
        }
        let frame = SceneFrame(
            deformedMeshes: [DeformedMesh(mesh: 1, positions: scaled(0), closingPositions: scaled(1))],
            instances: [Instance(mesh: 0), Instance(mesh: 2)],
            camera: TestScenes.parallel(eye: SIMD3(0, 0.5, 0), target: SIMD3(0, 0, 0), size: 0.002)
        )
        let scene = try TestScenes.scene(assets, frame)
        #expect(scene.allLights.count == 8)
        let probe = try MaterialProbe(white)
        let steps = 32
        let wanted = (0 ..< steps).reduce(0.0) {
            let scale = (Double($1) + 0.5) / Double(steps)
            // A lamp half as large is one twice as far away, seen from the middle below it.
            return $0 + self.lit(probe, x: 0, y: 2 / scale) / Double(steps)
        }
        self.expect(scene, is: wanted, depth: 1)
    }

    @Test
    func `pixels of blurred pictures do not depend on their neighbours`() throws {
        let scenes = try GoldenScenes()
        let first = GoldenRenderer(scenes).payload(of: 110)
        let renderer = GoldenRenderer(scenes)
        for block in 96 ..< 110 { _ = renderer.payload(of: block) }
        #expect(renderer.payload(of: 110) == first)
    }
}
