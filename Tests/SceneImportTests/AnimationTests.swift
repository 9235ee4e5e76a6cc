import RenderCore
import SceneImport
import Testing

struct AnimationTests {
    /// The triangle's place over time with one channel.
    private func shot(
        _ path: String,
        _ interpolation: String,
        times: [Float],
        values: [Float],
        more: String = ""
    ) throws(ImportError) -> ImportedShot {
        var binary = Sample.triangle
        for value in times + values { binary += Sample.bytes(of: value) }
        let width = path == "rotation" ? 4 : 3
        return try Sample.shot(
            Sample.document(
                "\"nodes\":[{\"mesh\":0}]",
                "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"indices\":1}]}]",
                """
                "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"},\
                {"bufferView":1,"componentType":5123,"count":3,"type":"SCALAR"},\
                {"bufferView":2,"componentType":5126,"count":\(times.count),"type":"SCALAR"},\
                {"bufferView":3,"componentType":5126,"count":\(values.count / width),"type":"VEC\(width)"}],\
                "bufferViews":[{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":6},\
                {"buffer":0,"byteOffset":44,"byteLength":\(4 * times.count)},\
                {"buffer":0,"byteOffset":\(44 + 4 * times.count),"byteLength":\(4 * values.count)}],\
                "buffers":[{"byteLength":\(binary.count)}]
                """,
                """
                "animations":[{"name":"walk","channels":[{"sampler":0,"target":{"node":0,"path":"\(path)"}}],\
                "samplers":[{"input":2,"output":3,"interpolation":"\(interpolation)"}]}\(more)]
                """
            ),
            binary: binary
        )
    }

    private func place(_ shot: ImportedShot, _ frame: Int) throws -> SIMD3<Float> {
        let t = try #require(try shot.frame(frame).instances.first).transform
        return SIMD3(t.x.w, t.y.w, t.z.w)
    }

    @Test
    func `linear keys are blended and held before and after`() throws {
        let shot = try self.shot("translation", "LINEAR", times: [0.5, 1.5], values: [0, 0, 0, 24, 0, 0])
        #expect(shot.lastFrame == 37)
        #expect(try self.place(shot, 1).x == 0)
        #expect(try self.place(shot, 13).x == 0)
        #expect((try self.place(shot, 14).x - 1).magnitude < 1e-5)
        #expect(try self.place(shot, 37).x == 24)
        #expect(try self.place(shot, 500).x == 24)
    }

    @Test
    func `steps stay until the next key`() throws {
        let shot = try self.shot("translation", "STEP", times: [0, 1], values: [1, 2, 3, 4, 5, 6])
        #expect(try self.place(shot, 24) == SIMD3(1, 2, 3))
        #expect(try self.place(shot, 25) == SIMD3(4, 5, 6))
    }

    @Test
    func `cubic splines follow their tangents`() throws {
        // Hermite from 0 to 1 with tangents 0 and 0: a half at the middle, 5/32 after a quarter.
        let shot = try self.shot(
            "translation",
            "CUBICSPLINE",
            times: [0, 1],
            values: [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0]
        )
        #expect((try self.place(shot, 13).x - 0.5).magnitude < 1e-6)
        #expect((try self.place(shot, 7).x - 0.15625).magnitude < 1e-6)
        // y starts and ends at 0 and swings by its tangents: 4 (t^3 - 2 t^2 + t) + 4 (t^3 - t^2).
        #expect((try self.place(shot, 7).y - 0.375).magnitude < 1e-6)
    }

    @Test
    func `rotations go the short way on the sphere`() throws {
        let half: Float = 0.707_106_77
        // The second key is the negative of a quarter turn about Z: the same rotation.
        let shot = try self.shot("rotation", "LINEAR", times: [0, 1], values: [0, 0, 0, 1, 0, 0, -half, -half])
        let t = try #require(try shot.frame(9).instances.first).transform
        // A third of the way: 30 degrees.
        #expect((t.x.x - 0.866_025_4).magnitude < 1e-6)
        #expect((t.y.x - 0.5).magnitude < 1e-6)
    }

    @Test
    func `alternatives are left out and named`() throws {
        let more = """
            ,{"name":"run","channels":[{"sampler":0,"target":{"node":0,"path":"translation"}}],\
            "samplers":[{"input":2,"output":3}]}
            """
        let shot = try self.shot("translation", "STEP", times: [0, 1], values: [1, 2, 3, 4, 5, 6], more: more)
        #expect(shot.notes.contains { $0.contains("\"walk\"") && $0.contains("\"run\" was left out") })
        #expect(try self.place(shot, 13) == SIMD3(1, 2, 3))
    }

    @Test
    func `damaged animations are refused with their name`() {
        for (times, values) in [
            ([1, 0], [0, 0, 0, 0, 0, 0]), ([], []), ([0, 1], [0, 0, 0]), ([0, .nan], [0, 0, 0, 1, 1, 1]),
        ]
            as [([Float], [Float])]
        {
            let error = Sample.failure { () throws(ImportError) in
                try self.shot("translation", "LINEAR", times: times, values: values)
            }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("walk") == true)
        }
        let unknown = Sample.failure { () throws(ImportError) in
            try self.shot("translation", "BOUNCE", times: [0], values: [0, 0, 0])
        }
        #expect(unknown?.message.contains("BOUNCE") == true)
    }

    @Test
    func `the start time and the rate move the frames`() throws {
        let bytes = try Sample.rich()
        let shot = try ShotImporter(options: ImportOptions(framesPerSecond: 10, startTime: 0.25))
            .importShot(bytes, directory: ".")
        #expect(shot.lastFrame == 8)
        let transform = try #require(try shot.frame(1).instances.first).transform
        #expect((transform.x.w - 2).magnitude < 1e-6)
    }
}
