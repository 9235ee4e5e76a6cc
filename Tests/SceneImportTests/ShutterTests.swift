import RenderCore
import SceneImport
import Testing

/// What moves while the shutter is open says where it is at both ends; nothing else says anything.
struct ShutterTests {
    /// A node that moves 24 m a second to the right, with a child that stands in it, a camera, copies, a skin and a still
    /// node.
    private func scene() -> SceneBuilder {
        var scene = SceneBuilder()
        let positions = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
        let normals = scene.floats([0, 0, 1, 0, 0, 1, 0, 0, 1], width: 3)
        let joints = scene.bytes([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], width: 4)
        let weights = scene.floats([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], width: 4)
        let copies = scene.floats([0, 0, 5, 0, 0, 6], width: 3)
        let times = scene.floats([0, 1], width: 1)
        let places = scene.floats([0, 0, 0, 24, 0, 0], width: 3)
        scene.members = [
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":\(positions)}}]},\
            {"primitives":[{"attributes":{"POSITION":\(positions),"NORMAL":\(normals),"JOINTS_0":\(joints),\
            "WEIGHTS_0":\(weights)}}]}]
            """,
            "\"skins\":[{\"joints\":[3,0]}]",
            "\"cameras\":[{\"type\":\"perspective\",\"perspective\":{\"yfov\":1,\"znear\":0.1}}]",
            """
            "nodes":[{"children":[1,2],"mesh":0,"extensions":{"EXT_mesh_gpu_instancing":{"attributes":\
            {"TRANSLATION":\(copies)}}}},{"mesh":0,"translation":[0,2,0]},{"camera":0,"translation":[0,0,9]},{"mesh":0},\
            {"mesh":1,"skin":0}]
            """,
            "\"scenes\":[{\"nodes\":[0,3,4]}]",
            "\"extensionsUsed\":[\"EXT_mesh_gpu_instancing\"]",
            """
            "animations":[{"channels":[{"sampler":0,"target":{"node":0,"path":"translation"}}],\
            "samplers":[{"input":\(times),"output":\(places)}]}]
            """,
        ]
        return scene
    }

    private func shift(_ instance: Instance) -> SIMD3<Float>? {
        instance.closingTransform.map {
            SIMD3(
                $0.x.w - instance.transform.x.w,
                $0.y.w - instance.transform.y.w,
                $0.z.w - instance.transform.z.w
            )
        }
    }

    @Test
    func `nodes, copies, skins and the camera move on for half a frame`() throws {
        let shot = try self.scene().shot(ImportOptions(shutterAngle: 180))
        let frame = try shot.frame(7)
        let still = try self.scene().shot().frame(7)
        // Two copies and the child move by half a metre, the fourth instance stands; the skin moves its own vertices.
        #expect(frame.instances.count == 5)
        for instance in frame.instances.prefix(3) {
            #expect(try #require(self.shift(instance)).x.distance(to: 0.5).magnitude < 1e-5)
        }
        #expect(frame.instances[3].closingTransform == nil)
        #expect(frame.instances[4].closingTransform == nil)
        let skin = try #require(frame.deformedMeshes.first)
        #expect(skin.closingPositions.count == 9 && skin.closingNormals.count == 9)
        #expect(Array(skin.closingPositions.prefix(6)) == Array(skin.positions.prefix(6)))
        #expect((skin.closingPositions[6] - skin.positions[6] - 0.5).magnitude < 1e-5)
        let closing = try #require(frame.camera.closingTransform)
        #expect((closing.x.w - frame.camera.transform.x.w - 0.5).magnitude < 1e-5)
        _ = try Scene(assets: shot.assets.encoded(), frame: frame.encoded(for: shot.assets))
        // Without a shutter all is the same at the frame's time, and nothing else.
        var opening = frame
        for i in opening.instances.indices { opening.instances[i].closingTransform = nil }
        opening.deformedMeshes[0].closingPositions = []
        opening.deformedMeshes[0].closingNormals = []
        opening.camera.closingTransform = nil
        #expect(opening == still)
        #expect(shot.assets == (try self.scene().shot().assets))
        #expect(try shot.objectNames(7).count == 5)
    }

    @Test
    func `nothing moves after the animation's end`() throws {
        let shot = try self.scene().shot(ImportOptions(shutterAngle: 360))
        let frame = try shot.frame(25)
        #expect(frame.instances.allSatisfy { $0.closingTransform == nil })
        #expect(frame.deformedMeshes.allSatisfy { $0.closingPositions.isEmpty })
        #expect(frame.camera.closingTransform == nil)
        // In the last frame before it, all of its time.
        let last = try #require(self.shift(try shot.frame(24).instances[0]))
        #expect((last.x - 1).magnitude < 1e-5)
    }

    @Test
    func `the shutter follows the frame rate`() throws {
        let shot = try self.scene().shot(ImportOptions(framesPerSecond: 12, shutterAngle: 90))
        let moved = try #require(self.shift(try shot.frame(2).instances[0]))
        #expect((moved.x - 0.5).magnitude < 1e-5)
    }
}
