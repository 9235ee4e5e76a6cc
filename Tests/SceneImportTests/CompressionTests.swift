import CMeshoptimizer
import RenderCore
import SceneImport
import Testing

struct CompressionTests {
    /// A grid of 4 x 4 corners in the plane z = 0, 18 triangles, as Draco's encoder wrote it: positions (0), normals (1),
    /// texture coordinates (2), joints (3).
    private static let draco: [UInt8] = Self.decode(
        "RFJBQ08CAgEBAAAAEBIDEgMABt/Tp1p9Cv8BEf8Ca0H/AmtB/wJrQQT/AAAAAAABAAACAAABAAkDAAACAQEJAwABAwEDCQIAAgIB"
            + "BAQEAAMBAQEBAA0DATQnAQwEAL6/gau6qgCQqqkKAKoKAAAAAAAAAAAAAAAA/w8AAAAAAAAAAAAAAAAAAAAAQEAMAAMBAQGAAQE+"
            + "//cBAgMAv5P/AAAAfwAAAAgBAQEACwMBNB8BDAQAvr+Bq66aaqqqAgAAAAAAAAAA/wMAAAAAAAAAAAAAAACAPwoBAQEBAgUBOgED"
            + "AQEDAQIHgNvILpy/iwAAAAAsAQAA"
    )

    private static func decode(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var (bits, count, bytes) = (0, 0, [UInt8]())
        for digit in text.utf8 {
            bits = (bits << 6 | (alphabet.firstIndex(of: digit) ?? 0)) & 0xFFFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }

    private func dracoScene(_ data: [UInt8] = Self.draco, vertices: Int = 16) -> SceneBuilder {
        var scene = SceneBuilder()
        let view = scene.view(data)
        func accessor(_ type: String) -> String {
            "{\"componentType\":5126,\"count\":\(vertices),\"type\":\"\(type)\"}"
        }
        _ = scene.accessor(json: accessor("VEC3"))
        _ = scene.accessor(json: accessor("VEC3"))
        _ = scene.accessor(json: accessor("VEC2"))
        _ = scene.accessor(json: "{\"componentType\":5125,\"count\":54,\"type\":\"SCALAR\"}")
        scene.members = [
            """
            "meshes":[{"name":"grid","primitives":[{"attributes":{"POSITION":0,"NORMAL":1,"TEXCOORD_0":2},"indices":3,\
            "material":0,"extensions":{"KHR_draco_mesh_compression":{"bufferView":\(view),\
            "attributes":{"POSITION":0,"NORMAL":1,"TEXCOORD_0":2}}}}]}]
            """,
            "\"materials\":[{\"pbrMetallicRoughness\":{\"baseColorTexture\":{\"index\":0}}}]",
            "\"textures\":[{\"source\":0}]",
            "\"images\":[{\"uri\":\"data:image/webp;base64,\(WebPSample.lossless)\"}]",
            "\"extensionsRequired\":[\"KHR_draco_mesh_compression\"]",
        ]
        return scene
    }

    @Test
    func `a mesh that Draco compressed arrives whole`() throws {
        let mesh = try #require(try self.dracoScene().shot().assets.meshes.first)
        #expect(mesh.positions.count == 48)
        #expect(mesh.indices.count == 54)
        #expect(mesh.textureCoordinates.count == 32)
        var corners: Set<SIMD2<Int>> = []
        for i in 0 ..< 16 {
            let (x, y) = (mesh.positions[3 * i], mesh.positions[3 * i + 1])
            corners.insert(SIMD2(Int(x.rounded()), Int(y.rounded())))
            #expect((x - x.rounded()).magnitude < 2e-3)
            #expect((mesh.textureCoordinates[2 * i] * 3 - x).magnitude < 1e-2)
            #expect(mesh.normals[3 * i + 2] > 0.99)
        }
        #expect(corners.count == 16)
    }

    @Test
    func `compressed geometry that is cut off or of another size is refused with its mesh`() {
        for data in [[1], Array(Self.draco.prefix(100)), [UInt8](repeating: 7, count: 300)] {
            let error = Sample.failure { () throws(ImportError) in try self.dracoScene(data).shot() }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("\"grid\"") == true)
        }
        let error = Sample.failure { () throws(ImportError) in try self.dracoScene(vertices: 15).shot() }
        #expect(error?.message.contains("16 vertices") == true)
    }

    @Test
    func `every truncation and two thousand changes of Draco's bytes end well`() {
        for count in 0 ..< Self.draco.count {
            _ = try? self.dracoScene(Array(Self.draco.prefix(count))).shot()
        }
        var random = SeededRandom(seed: 77)
        for _ in 0 ..< 2_000 {
            var data = Self.draco
            for _ in 0 ... Int(random.next() % 4) {
                // The counts at bytes 10 to 12 may claim gigabytes; the importer checks them against the accessors.
                data[Int(random.next() % UInt64(data.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let shot = try? self.dracoScene(data).shot() else { continue }
            _ = try? shot.assets.encoded()
        }
    }

    // MARK: meshoptimizer

    private func encodedVertices(_ values: [Float], stride: Int) -> [UInt8] {
        let count = values.count * 4 / stride
        var bytes = [UInt8](repeating: 0, count: meshopt_encodeVertexBufferBound(count, stride))
        bytes.removeLast(bytes.count - meshopt_encodeVertexBuffer(&bytes, bytes.count, values, count, stride))
        return bytes
    }

    private func meshoptScene(
        _ name: String = "EXT_meshopt_compression",
        vertices: [UInt8]? = nil,
        stride: Int = 12,
        count: Int = 4,
        more: String = ""
    ) -> SceneBuilder {
        var scene = SceneBuilder()
        let corners: [Float] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0]
        let indices: [UInt32] = [0, 1, 2, 2, 1, 3]
        var encoded = [UInt8](repeating: 0, count: meshopt_encodeIndexBufferBound(6, 4))
        encoded.removeLast(encoded.count - meshopt_encodeIndexBuffer(&encoded, encoded.count, indices, 6))
        let vertices = vertices ?? self.encodedVertices(corners, stride: 12)
        let vertexPart = scene.view(vertices)
        let start = (scene.binary.count - vertices.count)
        let indexPart = scene.view(encoded)
        _ = (vertexPart, indexPart)
        let indexStart = scene.binary.count - encoded.count
        let positions = scene.view(
            json: """
                {"buffer":1,"byteLength":48,"byteStride":12,"extensions":{"\(name)":{"buffer":0,\
                "byteOffset":\(start),"byteLength":\(vertices.count),"byteStride":\(stride),"count":\(count),\
                "mode":"ATTRIBUTES"\(more)}}}
                """
        )
        let triangles = scene.view(
            json: """
                {"buffer":1,"byteOffset":48,"byteLength":12,"extensions":{"\(name)":{"buffer":0,\
                "byteOffset":\(indexStart),"byteLength":\(encoded.count),"byteStride":2,"count":6,"mode":"TRIANGLES"}}}
                """
        )
        _ = scene.accessor(view: positions, 5126, count: 4, "VEC3")
        _ = scene.accessor(view: triangles, 5123, count: 6, "SCALAR")
        scene.members = [
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"indices\":1}]}]",
            """
            "buffers":[{"byteLength":\(scene.binary.count)},\
            {"byteLength":60,"extensions":{"\(name)":{"fallback":true}}}]
            """,
            "\"extensionsRequired\":[\"\(name)\"]",
        ]
        return scene
    }

    @Test(arguments: ["EXT_meshopt_compression", "KHR_meshopt_compression"])
    func `views that meshoptimizer compressed are read`(name: String) throws {
        let mesh = try #require(try self.meshoptScene(name).shot().assets.meshes.first)
        #expect(mesh.positions == [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0])
        // The codec may begin a triangle at another corner.
        #expect(Set(mesh.indices.prefix(3)) == [0, 1, 2])
        #expect(Set(mesh.indices.suffix(3)) == [1, 2, 3])
    }

    @Test
    func `impossible compressed views are refused by place`() {
        let cases = [
            self.meshoptScene(stride: 14), self.meshoptScene(count: 1 << 40), self.meshoptScene(count: -1),
            self.meshoptScene(more: ",\"filter\":\"OCTAHEDRAL\""), self.meshoptScene(more: ",\"filter\":\"COLOR\""),
            self.meshoptScene(vertices: [1, 2, 3]),
        ]
        for scene in cases {
            let error = Sample.failure { () throws(ImportError) in try scene.shot() }
            #expect(error?.message.contains("compressed buffer view") == true)
        }
    }

    @Test
    func `every truncation and a thousand changes of a compressed view end well`() {
        let good = self.encodedVertices([0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0], stride: 12)
        for count in 0 ..< good.count {
            let scene = self.meshoptScene(vertices: Array(good.prefix(count)))
            #expect(Sample.failure { () throws(ImportError) in try scene.shot() } != nil)
        }
        var random = SeededRandom(seed: 8)
        for _ in 0 ..< 1_000 {
            var data = good
            for _ in 0 ... Int(random.next() % 3) {
                data[Int(random.next() % UInt64(data.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? self.meshoptScene(vertices: data).shot()
        }
    }
}
