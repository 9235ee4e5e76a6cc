import Foundation
import RenderCore
import SceneImport
import Testing

struct NodeTests {
    private func failure(_ nodes: String) -> ImportError? {
        Sample.failure { () throws(ImportError) in try Sample.triangleShot(nodes: nodes) }
    }

    @Test
    func `cycles, second parents and strange children are refused`() {
        #expect(self.failure("[{\"mesh\":0},{\"children\":[2]},{\"children\":[1]}]")?.message.contains("cycle") == true)
        #expect(self.failure("[{\"mesh\":0,\"children\":[0]}]")?.message.contains("cycle") == true)
        #expect(
            self.failure("[{\"children\":[2]},{\"children\":[2]},{\"mesh\":0}]")?.message.contains("two parents")
                == true
        )
        #expect(self.failure("[{\"mesh\":0,\"children\":[7]}]")?.code == .malformed)
        #expect(self.failure("[{\"mesh\":0,\"children\":[-1]}]")?.code == .malformed)
        #expect(self.failure("[{\"mesh\":4}]")?.code == .malformed)
    }

    @Test
    func `a chain may be long but not bottomless`() throws {
        func chain(_ count: Int) -> String {
            let links = (1 ..< count).map { "{\"children\":[\($0)]}" } + ["{\"mesh\":0}"]
            return "[\(links.joined(separator: ","))]"
        }
        #expect(try Sample.triangleShot(nodes: chain(1_000)).frame(1).instances.count == 1)
        #expect(self.failure(chain(50_000))?.code == .tooLarge)
    }

    @Test
    func `matrices and parts place alike`() throws {
        let matrix = "[{\"mesh\":0,\"matrix\":[0,2,0,0,-2,0,0,0,0,0,2,0,5,6,7,1]}]"
        let parts =
            "[{\"mesh\":0,\"translation\":[5,6,7],\"rotation\":[0,0,0.7071067811865476,0.7071067811865476],\"scale\":[2,2,2]}]"
        let a = try #require(try Sample.triangleShot(nodes: matrix).frame(1).instances.first).transform
        let b = try #require(try Sample.triangleShot(nodes: parts).frame(1).instances.first).transform
        for (left, right) in [(a.x, b.x), (a.y, b.y), (a.z, b.z)] {
            for k in 0 ..< 4 { #expect((left[k] - right[k]).magnitude < 1e-6) }
        }
        #expect(self.failure("[{\"mesh\":0,\"matrix\":[1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,2]}]")?.code == .malformed)
        #expect(self.failure("[{\"mesh\":0,\"matrix\":[1,2]}]")?.code == .malformed)
        #expect(self.failure("[{\"mesh\":0,\"translation\":[1e39,0,0]}]")?.code == .malformed)
    }

    @Test
    func `a parent moves its children and flattened things vanish`() throws {
        let shot = try Sample.triangleShot(
            nodes:
                "[{\"mesh\":0,\"scale\":[0,0,0]},{\"translation\":[0,3,0],\"children\":[2]},{\"mesh\":0,\"translation\":[1,0,0]}]"
        )
        #expect(try shot.frame(1).instances == [Instance(mesh: 0, transform: Transform(translation: SIMD3(1, 3, 0)))])
    }

    @Test
    func `places beyond all numbers are refused`() {
        let nodes = "[{\"scale\":[1e30,1e30,1e30],\"children\":[1]},{\"scale\":[1e30,1e30,1e30],\"mesh\":0}]"
        let shot = try? Sample.triangleShot(nodes: nodes)
        #expect(shot == nil)
    }

    @Test
    func `the camera is the first one, or the one with the name`() throws {
        let nodes =
            "[{\"mesh\":0},{\"name\":\"a\",\"camera\":0},{\"name\":\"b\",\"camera\":1,\"translation\":[1,2,3],\"scale\":[3,3,3]}]"
        let cameras =
            "\"cameras\":[{\"type\":\"perspective\",\"perspective\":{\"yfov\":0.5}},{\"name\":\"wide\",\"type\":\"orthographic\",\"orthographic\":{\"xmag\":3,\"ymag\":2}}]"
        #expect(
            try Sample.triangleShot(nodes: nodes, cameras).frame(1).camera.projection
                == .perspective(verticalFieldOfView: 0.5)
        )
        for name in ["b", "wide"] {
            let camera = try Sample.triangleShot(nodes: nodes, cameras, options: ImportOptions(cameraName: name))
                .frame(1).camera
            #expect(camera.projection == .orthographic(xMagnification: 3, yMagnification: 2))
            #expect(camera.transform == Transform(translation: SIMD3(1, 2, 3)))
        }
        let error = Sample.failure { () throws(ImportError) in
            try Sample.triangleShot(nodes: nodes, cameras, options: ImportOptions(cameraName: "c"))
        }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("\"a\", \"b\"") == true)
    }

    @Test(arguments: [0.5, 1, 16.0 / 9, 3])
    func `an invented camera sees the whole scene and says so`(aspect: Double) throws {
        let shot = try Sample.triangleShot(
            nodes: "[{\"mesh\":0,\"scale\":[8,3,1],\"translation\":[50,-20,7]}]",
            options: ImportOptions(aspect: aspect)
        )
        #expect(shot.notes.contains { $0.contains("no camera") })
        let camera = try shot.frame(1).camera
        guard case .perspective(let angle) = camera.projection else {
            Issue.record("the camera is not perspective")
            return
        }
        #expect(angle == 0.61)
        let t = camera.transform
        for corner in [SIMD3<Float>(50, -20, 7), SIMD3(58, -20, 7), SIMD3(50, -17, 7)] {
            let p = corner - SIMD3(t.x.w, t.y.w, t.z.w)
            let x = (SIMD3(t.x.x, t.y.x, t.z.x) * p).sum()
            let y = (SIMD3(t.x.y, t.y.y, t.z.y) * p).sum()
            let depth = -(SIMD3(t.x.z, t.y.z, t.z.z) * p).sum()
            #expect(depth > 0)
            #expect(y.magnitude <= depth * 0.3150)
            #expect(x.magnitude <= depth * 0.3150 * Float(aspect))
        }
    }

    @Test(
        arguments: [
            "{\"type\":\"laser\"}", "{\"type\":\"point\",\"intensity\":-1}", "{\"type\":\"point\",\"color\":[1,1]}",
            "{\"type\":\"spot\",\"spot\":{\"innerConeAngle\":1,\"outerConeAngle\":0.5}}",
            "{\"type\":\"point\",\"range\":-2}",
        ]
    )
    func `impossible lights are refused`(light: String) {
        let error = Sample.failure { () throws(ImportError) in
            try Sample.triangleShot(
                nodes: "[{\"mesh\":0},{\"extensions\":{\"KHR_lights_punctual\":{\"light\":0}}}]",
                "\"extensions\":{\"KHR_lights_punctual\":{\"lights\":[\(light)]}}"
            )
        }
        #expect(error?.code == .malformed)
    }

    @Test
    func `the sky is what was asked for, the file's lights alone, or a soft one`() throws {
        let lit = "[{\"mesh\":0},{\"extensions\":{\"KHR_lights_punctual\":{\"light\":0}}}]"
        let lights = "\"extensions\":{\"KHR_lights_punctual\":{\"lights\":[{\"type\":\"point\"}]}}"
        #expect(try Sample.triangleShot(nodes: lit, lights).assets.environment == .constant(.zero))
        let red = ImportOptions(skyColor: SIMD3(1, 0, 0))
        #expect(try Sample.triangleShot(options: red).assets.environment == .constant(SIMD3(1, 0, 0)))
        let soft = try Sample.triangleShot()
        #expect(soft.notes.contains { $0.contains("soft neutral sky") })
        guard case .map = soft.assets.environment else {
            Issue.record("the soft sky is no map")
            return
        }
        let missing = Sample.failure { () throws(ImportError) in
            try Sample.triangleShot(options: ImportOptions(environment: "/nonexistent/sky.hdr"))
        }
        #expect(missing?.code == .unreadable)
    }

    @Test
    func `the sun of a panorama keeps its strength`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).hdr")
        defer { try? FileManager.default.removeItem(at: path) }
        // 163 * 2^(145 - 136) is 83,456, beyond half floats; the brightest that the format has is beyond a blob's range.
        let pixels: [UInt8] = [163, 128, 1, 145, 255, 0, 0, 255]
        try Data(Array("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n".utf8) + pixels).write(to: path)
        let shot = try Sample.triangleShot(options: ImportOptions(environment: path.path))
        guard case .map(let map) = shot.assets.environment else {
            Issue.record("the environment is no map")
            return
        }
        #expect(map.texels[0 ..< 3] == [83_456, 65_536, 512])
        #expect(map.texels.allSatisfy { $0.isFinite })
        #expect(throws: Never.self) { try shot.assets.encoded() }
    }
}
