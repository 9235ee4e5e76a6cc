import RenderCore
import SceneImport
import Testing

struct GeometryTests {
    /// A document whose mesh has one primitive over given accessors.
    private func mesh(
        _ primitive: String,
        accessors: String,
        views: String,
        binary: [UInt8]
    ) throws(ImportError)
        -> ImportedShot
    {
        try Sample.shot(
            Sample.document(
                "\"nodes\":[{\"mesh\":0}]",
                "\"meshes\":[{\"name\":\"leaf\",\"primitives\":[\(primitive)]}]",
                "\"accessors\":[\(accessors)]",
                "\"bufferViews\":[\(views)]",
                "\"buffers\":[{\"byteLength\":\(binary.count)}]"
            ),
            binary: binary
        )
    }

    @Test
    func `an accessor of four gigabytes in a small file is refused by name`() {
        for count in [400_000_000, Int.max, -1] {
            let error = Sample.failure { () throws(ImportError) in
                try self.mesh(
                    "{\"attributes\":{\"POSITION\":0}}",
                    accessors: "{\"bufferView\":0,\"componentType\":5126,\"count\":\(count),\"type\":\"VEC3\"}",
                    views: "{\"buffer\":0,\"byteLength\":36}",
                    binary: Sample.triangle
                )
            }
            #expect(error?.code == .malformed || error?.code == .tooLarge)
            #expect(error?.message.contains("leaf") == true)
        }
        // Small enough for the limit on vertices, too large for its buffer.
        let error = Sample.failure { () throws(ImportError) in
            try self.mesh(
                "{\"attributes\":{\"POSITION\":0}}",
                accessors: "{\"bufferView\":0,\"componentType\":5126,\"count\":50000000,\"type\":\"VEC3\"}",
                views: "{\"buffer\":0,\"byteLength\":36}",
                binary: Sample.triangle
            )
        }
        #expect(error?.message.contains("accessor 0 claims 50000000 elements") == true)
    }

    @Test(
        arguments: [
            "{\"buffer\":0,\"byteLength\":37}", "{\"buffer\":0,\"byteOffset\":9223372036854775807,\"byteLength\":36}",
            "{\"buffer\":1,\"byteLength\":36}", "{\"buffer\":0,\"byteOffset\":-4,\"byteLength\":36}",
            "{\"buffer\":0,\"byteLength\":36,\"byteStride\":2}", "{\"buffer\":0,\"byteLength\":-1}",
            "{\"buffer\":0,\"byteLength\":36,\"byteStride\":9223372036854775807}",
        ]
    )
    func `views beyond their buffer are refused`(view: String) {
        let error = Sample.failure { () throws(ImportError) in
            try self.mesh(
                "{\"attributes\":{\"POSITION\":0}}",
                accessors: "{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}",
                views: view,
                binary: Array(Sample.triangle.prefix(36))
            )
        }
        #expect(error?.code == .malformed)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `positions that are no numbers are refused with the mesh's name`(value: Float) {
        let binary = Sample.bytes(of: value) + Sample.triangle.dropFirst(4)
        let error = Sample.failure { () throws(ImportError) in
            try Sample.shot(Sample.document("\"nodes\":[{\"mesh\":0}]", Sample.triangleMembers), binary: binary)
        }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("mesh 0 \"leaf\", primitive 0") == true)
    }

    @Test
    func `indices beyond the vertices are refused`() {
        var binary = Sample.triangle
        binary[36] = 3
        let error = Sample.failure { () throws(ImportError) in
            try Sample.shot(Sample.document("\"nodes\":[{\"mesh\":0}]", Sample.triangleMembers), binary: binary)
        }
        #expect(error?.message.contains("an index is 3") == true)
    }

    @Test
    func `strips and fans become triangles, points are noted`() throws {
        var binary: [UInt8] = []
        for k in 0 ..< 5 {
            for value in [Float(k), Float(k % 2), 0] { binary += Sample.bytes(of: value) }
        }
        let accessor = "{\"bufferView\":0,\"componentType\":5126,\"count\":5,\"type\":\"VEC3\"}"
        let view = "{\"buffer\":0,\"byteLength\":60}"
        func indices(mode: Int) throws(ImportError) -> [UInt32]? {
            try self.mesh(
                "{\"attributes\":{\"POSITION\":0},\"mode\":\(mode)}",
                accessors: accessor,
                views: view,
                binary: binary
            ).assets.meshes.first?.indices
        }
        #expect(try indices(mode: 5) == [0, 1, 2, 2, 1, 3, 2, 3, 4])
        #expect(try indices(mode: 6) == [1, 2, 0, 2, 3, 0, 3, 4, 0])
        #expect(
            Sample.failure { () throws(ImportError) in
                try self.mesh(
                    "{\"attributes\":{\"POSITION\":0},\"mode\":9}",
                    accessors: accessor,
                    views: view,
                    binary: binary
                )
            }?.code == .malformed
        )
        let shot = try self.mesh(
            "{\"attributes\":{\"POSITION\":0},\"mode\":0},{\"attributes\":{\"POSITION\":0}}",
            accessors: accessor,
            views: view,
            binary: binary
        )
        #expect(shot.assets.meshes.count == 1)
        #expect(shot.notes.contains { $0.contains("points, lines") })
    }

    @Test
    func `integers, strides and sparse values are read`() throws {
        // Positions as normalised shorts with a stride of 8, then one sparse replacement.
        var binary: [UInt8] = []
        for x in [0, 32_767, -32_767] as [Int16] {
            for value in [x, 16_384, 0, 99] {
                binary += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
            }
        }
        binary += [2, 0, 0, 0] + [0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0, 0]
        let shot = try self.mesh(
            "{\"attributes\":{\"POSITION\":0}}",
            accessors: """
                {"bufferView":0,"componentType":5122,"normalized":true,"count":3,"type":"VEC3","sparse":{"count":1,\
                "indices":{"bufferView":1,"componentType":5121},"values":{"bufferView":2}}}
                """,
            views: """
                {"buffer":0,"byteLength":24,"byteStride":8},{"buffer":0,"byteOffset":24,"byteLength":1},\
                {"buffer":0,"byteOffset":28,"byteLength":6}
                """,
            binary: binary
        )
        let half = Float(16_384) / 32_767
        #expect(shot.assets.meshes.first?.positions == [0, half, 0, 1, half, 0, 1, 1, 1])
    }

    @Test
    func `missing normals stay away, and zero normals are replaced`() throws {
        #expect(try Sample.triangleShot().assets.meshes.first?.normals == [])
        var form = Form()
        for p in [SIMD3<Double>(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0)] { form.add(p, normal: .zero) }
        form.triangle(0, 1, 2)
        var glb = GLBWriter()
        _ = glb.addNode(GLBWriter.Node(mesh: glb.addMesh("m", primitives: [glb.addPrimitive(form, material: nil)])))
        let shot = try ShotImporter().importShot(glb.finish(), directory: ".")
        #expect(shot.assets.meshes.first?.normals == [0, 0, 1, 0, 0, 1, 0, 0, 1])
    }

    @Test
    func `tangents follow growing u and split where a texture is mirrored`() throws {
        // Two triangles that share an edge; the second one's texture is mirrored in u.
        var form = Form()
        for p in [SIMD3<Double>(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(-1, 0, 0)] {
            form.add(p, normal: SIMD3(0, 0, 1))
        }
        form.textureCoordinates = [0, 1, 1, 1, 0, 0, 1, 1]
        form.triangle(0, 1, 2)
        form.triangle(0, 2, 3)
        var glb = GLBWriter()
        let picture = glb.addView(try Sample.png())
        glb.members = ["\"images\":[{\"bufferView\":\(picture)}]", "\"textures\":[{\"source\":0}]"]
        let material = glb.addMaterial("{\"normalTexture\":{\"index\":0}}")
        _ = glb.addNode(GLBWriter.Node(mesh: glb.addMesh("m", [(form, material)])))
        let mesh = try #require(try ShotImporter().importShot(glb.finish(), directory: ".").assets.meshes.first)
        #expect(mesh.positions.count == 18)
        #expect(Array(mesh.tangents[0 ..< 4]) == [1, 0, 0, 1])
        #expect(Array(mesh.tangents[12 ..< 16]) == [-1, 0, 0, -1])
        #expect(mesh.indices == [0, 1, 2, 4, 5, 3])
    }

    @Test
    func `all geometry together is bounded`() {
        var options = ImportOptions()
        options.limits.maxVertices = 2
        let error = Sample.failure { () throws(ImportError) in try Sample.triangleShot(options: options) }
        #expect(error?.code == .tooLarge)
    }
}
