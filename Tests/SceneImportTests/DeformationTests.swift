import RenderCore
import SceneImport
import Testing

struct DeformationTests {
    private static let triangle: [Float] = [0, 0, 0, 1, 0, 0, 0, 1, 0]

    /// A triangle with two targets: one lifts everything, one stretches the second corner.
    private func morphing(_ members: String..., node: String = "", mesh: String = "") -> SceneBuilder {
        var scene = SceneBuilder()
        let base = scene.floats(Self.triangle, width: 3)
        let normals = scene.floats([0, 0, 1, 0, 0, 1, 0, 0, 1], width: 3)
        let lift = scene.floats([0, 0, 2, 0, 0, 2, 0, 0, 2], width: 3)
        let tilt = scene.floats([1, 0, 0, 1, 0, 0, 1, 0, 0], width: 3)
        let positions = scene.view([Float(4), 0, 0].flatMap { Sample.bytes(of: $0) })
        let index = scene.view([1])
        let stretch = scene.accessor(
            json: """
                {"componentType":5126,"count":3,"type":"VEC3","sparse":{"count":1,\
                "indices":{"bufferView":\(index),"componentType":5121},"values":{"bufferView":\(positions)}}}
                """
        )
        scene.members = [
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":\(base),"NORMAL":\(normals)},\
            "targets":[{"POSITION":\(lift),"NORMAL":\(tilt)},{"POSITION":\(stretch)}]}]\(mesh)}]
            """,
            "\"nodes\":[{\"mesh\":0\(node)}]",
        ]
        scene.members += members
        return scene
    }

    @Test
    func `weights of a mesh and of a node are added once, to the assets`() throws {
        let plain = try self.morphing().shot()
        #expect(plain.assets.meshes.map(\.positions) == [Self.triangle])
        let byMesh = try self.morphing(mesh: ",\"weights\":[0.5,0]").shot()
        let frame = try byMesh.frame(1)
        #expect(frame.deformedMeshes.isEmpty)
        let shown = byMesh.assets.meshes[try #require(frame.instances.first).mesh]
        #expect(shown.positions == [0, 0, 1, 1, 0, 1, 0, 1, 1])
        #expect(shown.normals == [0.5, 0, 1, 0.5, 0, 1, 0.5, 0, 1])
        let byNode = try self.morphing(node: ",\"weights\":[0,1]", mesh: ",\"weights\":[1,1]").shot()
        let stretched = byNode.assets.meshes[try #require(byNode.frame(1).instances.first).mesh]
        #expect(stretched.positions == [0, 0, 0, 5, 0, 0, 0, 1, 0])
    }

    @Test(arguments: ["LINEAR", "STEP", "CUBICSPLINE"])
    func `animated weights move the vertices of each frame`(interpolation: String) throws {
        var scene = self.morphing(node: ",\"scale\":[2,2,2]")
        let times = scene.floats([0, 1], width: 1)
        let keys: [Float] = interpolation == "CUBICSPLINE" ? [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0] : [0, 0, 1, 1]
        let output = scene.floats(keys, width: 1)
        scene.members.append(
            """
            "animations":[{"channels":[{"sampler":0,"target":{"node":0,"path":"weights"}}],\
            "samplers":[{"input":\(times),"output":\(output),"interpolation":"\(interpolation)"}]}]
            """
        )
        let shot = try scene.shot()
        #expect(shot.lastFrame == 25)
        let middle = try shot.frame(13)
        let weight: Float = interpolation == "STEP" ? 0 : 0.5
        #expect(
            middle.deformedMeshes.first?.positions == [
                0, 0, 2 * weight, 1 + 4 * weight, 0, 2 * weight, 0, 1, 2 * weight,
            ]
        )
        #expect(middle.instances.first?.mesh == 1)
        #expect(middle.instances.first?.transform.x.x == 2)
        let end = try shot.frame(25)
        #expect(end.deformedMeshes.first?.positions == [0, 0, 2, 5, 0, 2, 0, 1, 2])
        _ = try Scene(assets: shot.assets.encoded(), frame: end.encoded(for: shot.assets))
    }

    /// A bar of two joints; the second one turns by a quarter about Z at frame 25.
    @Test
    func `animated weights of a mesh move the nodes that have none of their own`() throws {
        var scene = self.morphing()
        scene.members[1] = "\"nodes\":[{\"mesh\":0},{\"mesh\":0,\"weights\":[0,1]},{\"mesh\":0}]"
        let times = scene.floats([0, 1], width: 1)
        let (all, third) = (scene.floats([0, 0, 1, 0], width: 1), scene.floats([0, 0, 2, 0], width: 1))
        scene.members.append(
            """
            "animations":[{"channels":[{"sampler":1,"target":{"node":2,"path":"weights"}},{"sampler":0,"target":\
            {"path":"pointer","extensions":{"KHR_animation_pointer":{"pointer":"/meshes/0/weights"}}}}],\
            "samplers":[{"input":\(times),"output":\(all)},{"input":\(times),"output":\(third)}]}]
            """
        )
        let shot = try scene.shot()
        #expect(shot.notes.allSatisfy { !$0.contains("animated") })
        let frame = try shot.frame(13)
        let lifted: [Float] = [0, 0, 1, 1, 0, 1, 0, 1, 1]
        #expect(frame.deformedMeshes.map(\.positions) == [lifted, lifted.enumerated().map { $0 % 3 == 2 ? 2 : $1 }])
    }

    private func skinned(weights: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 0.5, 0.5, 0, 0]) -> SceneBuilder {
        var scene = SceneBuilder()
        let positions = scene.floats([0, 0, 0, 1, 0, 0, 3, 0, 0], width: 3)
        let normals = scene.floats([0, 1, 0, 0, 1, 0, 0, 1, 0], width: 3)
        let joints = scene.bytes([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], width: 4)
        let amounts = scene.floats(weights, width: 4)
        var inverse: [Float] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
        let first = inverse
        inverse[12] = -1
        let view = scene.view((first + inverse).flatMap { Sample.bytes(of: $0) })
        let binds = scene.accessor(view: view, 5126, count: 2, "MAT4")
        let times = scene.floats([0, 1], width: 1)
        let half = Float(0.5).squareRoot()
        let turns = scene.floats([0, 0, 0, 1, 0, 0, half, half], width: 4)
        scene.members = [
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":\(positions),"NORMAL":\(normals),\
            "JOINTS_0":\(joints),"WEIGHTS_0":\(amounts)}}]}]
            """,
            "\"skins\":[{\"joints\":[1,2],\"inverseBindMatrices\":\(binds)}]",
            """
            "nodes":[{"mesh":0,"skin":0,"translation":[0,99,0]},{"children":[2]},{"translation":[1,0,0]}]
            """,
            """
            "animations":[{"channels":[{"sampler":0,"target":{"node":2,"path":"rotation"}}],\
            "samplers":[{"input":\(times),"output":\(turns)}]}]
            """,
        ]
        return scene
    }

    @Test
    func `joints carry the vertices that they hold, whatever the mesh's node does`() throws {
        let shot = try self.skinned().shot()
        let rest = try shot.frame(1)
        #expect(rest.instances == [Instance(mesh: 1)])
        #expect(rest.deformedMeshes.first?.positions == [0, 0, 0, 1, 0, 0, 3, 0, 0])
        let bent = try #require(try shot.frame(25).deformedMeshes.first)
        // The third corner is held by both: halfway between (1, 2, 0) and (3, 0, 0).
        let expected: [Float] = [0, 0, 0, 1, 0, 0, 2, 1, 0]
        for (a, b) in zip(bent.positions, expected) { #expect((a - b).magnitude < 1e-6) }
        #expect((bent.normals[3] + 1).magnitude < 1e-6)
    }

    @Test
    func `weights that do not add up to one are scaled, and none means the first joint`() throws {
        let shot = try self.skinned(weights: [2, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0]).shot()
        let bent = try #require(try shot.frame(25).deformedMeshes.first)
        for (a, b) in zip(bent.positions, [0, 0, 0, 1, 0, 0, 2, 1, 0] as [Float]) { #expect((a - b).magnitude < 1e-6) }
    }

    @Test
    func `skins with too few matrices or strange joints are refused`() {
        for (old, new) in [
            ("\"joints\":[1,2]", "\"joints\":[1,2,0]"), ("\"joints\":[1,2]", "\"joints\":[1,77]"),
            ("\"joints\":[1,2]", "\"joints\":[]"), ("\"skin\":0", "\"skin\":4"),
        ] {
            var scene = self.skinned()
            scene.members = scene.members.map { $0.replacing(old, with: new) }
            let error = Sample.failure { () throws(ImportError) in try scene.shot() }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("skin") == true)
        }
    }

    @Test
    func `damaged deformations end well`() throws {
        var random = SeededRandom(seed: 31)
        for original in [self.skinned().file, self.morphing(mesh: ",\"weights\":[1,0.5]").file] {
            for _ in 0 ..< 400 {
                var bytes = original
                for _ in 0 ... Int(random.next() % 6) {
                    let at = 12 + Int(random.next() % UInt64(bytes.count - 12))
                    bytes[at] =
                        random.unit() < 0.5 ? UInt8(48 + random.next() % 10) : bytes[at] ^ 1 << UInt8(random.next() % 8)
                }
                guard let shot = try? ShotImporter().importShot(bytes, directory: "/nonexistent") else { continue }
                _ = try? shot.frame(shot.lastFrame).encoded(for: shot.assets)
            }
        }
    }
}
