import ImageCodec
import SceneImport

/// Documents and files for the tests, made by the program.
enum Sample {
    /// Three corners, three indices (16 bits) and padding: 44 bytes.
    static let triangle: [UInt8] = {
        var bytes: [UInt8] = []
        for value in [0, 0, 0, 1, 0, 0, 0, 1, 0] as [Float] { bytes.append(contentsOf: Sample.bytes(of: value)) }
        return bytes + [0, 0, 1, 0, 2, 0, 0, 0]
    }()

    /// Members of a document that shows the triangle as mesh 0.
    static let triangleMembers = """
        "meshes":[{"name":"leaf","primitives":[{"attributes":{"POSITION":0},"indices":1}]}],
        "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"},
        {"bufferView":1,"componentType":5123,"count":3,"type":"SCALAR"}],
        "bufferViews":[{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":6}],
        "buffers":[{"byteLength":44}]
        """

    /// A document of the given members.
    static func document(_ members: String...) -> String {
        "{\"asset\":{\"version\":\"2.0\"},\(members.joined(separator: ","))}"
    }

    /// Imports a document with a binary chunk.
    static func shot(
        _ json: String,
        binary: [UInt8] = Self.triangle,
        options: ImportOptions = ImportOptions()
    ) throws(ImportError) -> ImportedShot {
        try ShotImporter(options: options).importShot(
            GLBWriter.container(json: json, binary: binary),
            directory: "."
        )
    }

    /// Imports a document that shows the triangle, with further members; `nodes` is JSON.
    static func triangleShot(
        nodes: String = "[{\"mesh\":0}]",
        _ members: String...,
        options: ImportOptions = ImportOptions()
    ) throws(ImportError) -> ImportedShot {
        let all = ["\"nodes\":\(nodes)", self.triangleMembers] + members
        return try self.shot("{\"asset\":{\"version\":\"2.0\"},\(all.joined(separator: ","))}", options: options)
    }

    /// The error that an import ends with.
    static func failure(_ body: () throws(ImportError) -> ImportedShot) -> ImportError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    static func bytes(of value: Float) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value.bitPattern >> $0) }
    }

    /// A PNG file of a few colours.
    static func png(width: Int = 4, height: Int = 4) throws -> [UInt8] {
        var picture = Picture(width: width, height: height)
        for y in 0 ..< height {
            for x in 0 ..< width { picture[x, y] = SIMD3(Float(x) / 4, Float(y) / 4, 0.5) }
        }
        return try PNGEncoder.encode(picture)
    }

    /// A PNG file of one colour.
    static func png(edge: Int, color: SIMD3<Float>) throws -> [UInt8] {
        try PNGEncoder.encode(Picture(width: edge, height: edge, color: color))
    }

    /// A file with all that the importer reads: textures, animation, lights, a camera, a hierarchy, an environment.
    static func rich() throws -> [UInt8] {
        var glb = GLBWriter()
        var form = Form()
        for k in 0 ..< 4 {
            form.add(SIMD3(Double(k % 2), Double(k / 2), 0), normal: SIMD3(0, 0, 1))
            form.textureCoordinates += [Float(k % 2), Float(k / 2)]
        }
        form.quad(0, 1, 3, 2)
        let picture = glb.addView(try self.png())
        glb.members = [
            "\"images\":[{\"bufferView\":\(picture),\"mimeType\":\"image/png\",\"name\":\"checks\"}]",
            "\"textures\":[{\"source\":0,\"sampler\":0}]",
            "\"samplers\":[{\"magFilter\":9728,\"wrapS\":33071,\"wrapT\":33648}]",
        ]
        let material = glb.addMaterial(
            """
            {"name":"all","pbrMetallicRoughness":{"baseColorTexture":{"index":0,"extensions":\
            {"KHR_texture_transform":{"offset":[0.25,0.5],"rotation":0.5,"scale":[2,3]}}},\
            "metallicRoughnessTexture":{"index":0},"metallicFactor":0.25,"roughnessFactor":0.75},\
            "normalTexture":{"index":0,"scale":0.5},"emissiveTexture":{"index":0},"emissiveFactor":[1,0.5,0.25],\
            "alphaMode":"MASK","alphaCutoff":0.25,"doubleSided":true,"extensions":\
            {"KHR_materials_emissive_strength":{"emissiveStrength":8},"KHR_materials_ior":{"ior":1.33},\
            "KHR_materials_transmission":{"transmissionFactor":0.5}}}
            """
        )
        let mesh = glb.addMesh("card", [(form, material)])
        let light = glb.addLight("{\"type\":\"spot\",\"color\":[1,0.5,0.25],\"intensity\":20,\"range\":9,\"spot\":{}}")
        var child = GLBWriter.Node(name: "child", mesh: mesh)
        child.translation = SIMD3(0, 2, 0)
        let childNumber = glb.addNode(child)
        var lamp = GLBWriter.Node(name: "lamp")
        lamp.light = light
        lamp.translation = SIMD3(0, 5, 0)
        let lampNumber = glb.addNode(lamp)
        var root = GLBWriter.Node(name: "root", mesh: mesh)
        root.children = [childNumber, lampNumber]
        root.scale = SIMD3(2, 2, 2)
        let rootNumber = glb.addNode(root)
        var eye = GLBWriter.Node(name: "eye")
        eye.camera = glb.addCamera(verticalFieldOfView: 0.75)
        eye.translation = SIMD3(0, 1, 8)
        _ = glb.addNode(eye)
        let times = glb.addTimes([0, 0.5, 1])
        glb.animate(rootNumber, "translation", times: times, vectors: [SIMD3(0, 0, 0), SIMD3(4, 0, 0), SIMD3(4, 2, 0)])
        glb.animate(
            childNumber,
            "rotation",
            times: times,
            values: [SIMD4(0, 0, 0, 1), SIMD4(0, 0, 0.707_106_78, 0.707_106_78), SIMD4(0, 0, 0, 1)]
        )
        let view = glb.addView(self.radiance)
        glb.extras = "{\"tessera\":{\"environment\":{\"bufferView\":\(view),\"intensity\":2,\"rotation\":90}}}"
        glb.extensions = [
            "KHR_materials_emissive_strength", "KHR_materials_ior", "KHR_materials_transmission",
            "KHR_texture_transform",
        ]
        return glb.finish()
    }

    /// A Radiance picture of 8 x 1 pixels of radiance 1, run-length coded.
    static let radiance: [UInt8] =
        Array("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 8\n".utf8) + [2, 2, 0, 8]
        + [136, 128, 136, 128, 136, 128, 136, 129]
}
