/// Writes `.glb` files: just as much of glTF as program-made scenes need.
///
/// Numbers in the JSON part are rounded to five decimals; all bytes follow from the calls alone.
package struct GLBWriter {
    /// A node of the scene.
    package struct Node {
        package var name: String?
        package var mesh: Int?
        package var camera: Int?
        package var light: Int?
        package var volume: Int?
        package var translation: SIMD3<Double>?
        package var rotation: SIMD4<Double>?
        package var scale: SIMD3<Double>?
        package var children: [Int] = []

        package init(name: String? = nil, mesh: Int? = nil) {
            self.name = name
            self.mesh = mesh
        }
    }

    private var binary: [UInt8] = []
    private var views: [String] = []
    private var accessors: [String] = []
    private var materials: [String] = []
    private var meshes: [String] = []
    private var nodes: [Node] = []
    private var samplers: [String] = []
    private var channels: [String] = []
    private var cameras: [String] = []
    private var lights: [String] = []
    private var volumes: [String] = []
    /// JSON for the scene's `extras`.
    package var extras: String?
    /// Further members of the document, such as `"images": [...]`, each with its key.
    package var members: [String] = []
    /// Names of extensions that the file uses beside that of lights.
    package var extensions: [String] = []

    package init() {}

    /// The next node's number.
    package var nodeCount: Int { self.nodes.count }

    /// Adds bytes as a buffer view.
    package mutating func addView(_ bytes: [UInt8], target: Int? = nil) -> Int {
        while self.binary.count % 4 != 0 { self.binary.append(0) }
        let target = target.map { ",\"target\":\($0)" } ?? ""
        self.views.append("{\"buffer\":0,\"byteOffset\":\(self.binary.count),\"byteLength\":\(bytes.count)\(target)}")
        self.binary.append(contentsOf: bytes)
        return self.views.count - 1
    }

    /// Adds numbers as an accessor of a type with `width` numbers an element.
    package mutating func addFloats(_ values: [Float], width: Int, hasBounds: Bool = false, target: Int? = nil) -> Int {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 4)
        for value in values { Self.append(value.bitPattern, to: &bytes) }
        let view = self.addView(bytes, target: target)
        var bounds = ""
        if hasBounds, values.count >= width {
            var low = Array(values.prefix(width))
            var high = low
            for (i, value) in values.enumerated() {
                low[i % width] = min(low[i % width], value)
                high[i % width] = max(high[i % width], value)
            }
            bounds = ",\"min\":[\(Self.exact(low))],\"max\":[\(Self.exact(high))]"
        }
        let type = width == 1 ? "SCALAR" : "VEC\(width)"
        self.accessors.append(
            "{\"bufferView\":\(view),\"componentType\":5126,\"count\":\(values.count / width),\"type\":\"\(type)\"\(bounds)}"
        )
        return self.accessors.count - 1
    }

    /// Adds vertex numbers, as 16 bits each where that is enough.
    package mutating func addIndices(_ values: [UInt32]) -> Int {
        let isShort = values.allSatisfy { $0 < 65_535 }
        var bytes: [UInt8] = []
        for value in values {
            if isShort {
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            } else {
                Self.append(value, to: &bytes)
            }
        }
        let view = self.addView(bytes, target: 34963)
        self.accessors.append(
            "{\"bufferView\":\(view),\"componentType\":\(isShort ? 5123 : 5125),\"count\":\(values.count),\"type\":\"SCALAR\"}"
        )
        return self.accessors.count - 1
    }

    /// Adds a material by its JSON.
    package mutating func addMaterial(_ json: String) -> Int {
        self.materials.append(json)
        return self.materials.count - 1
    }

    /// Adds a primitive's arrays; returns its JSON for ``addMesh(_:primitives:)``.
    package mutating func addPrimitive(_ form: Form, material: Int?) -> String {
        let positions = self.addFloats(form.positions, width: 3, hasBounds: true, target: 34962)
        var attributes = "\"POSITION\":\(positions)"
        if !form.normals.isEmpty {
            attributes += ",\"NORMAL\":\(self.addFloats(form.normals, width: 3, target: 34962))"
        }
        if !form.textureCoordinates.isEmpty {
            attributes += ",\"TEXCOORD_0\":\(self.addFloats(form.textureCoordinates, width: 2, target: 34962))"
        }
        let indices = self.addIndices(form.indices)
        let material = material.map { ",\"material\":\($0)" } ?? ""
        return "{\"attributes\":{\(attributes)},\"indices\":\(indices)\(material)}"
    }

    /// Adds a mesh of primitives.
    package mutating func addMesh(_ name: String, primitives: [String]) -> Int {
        self.meshes.append("{\"name\":\"\(name)\",\"primitives\":[\(primitives.joined(separator: ","))]}")
        return self.meshes.count - 1
    }

    /// Adds a mesh with one primitive for each form that is not empty.
    package mutating func addMesh(_ name: String, _ forms: [(Form, material: Int)]) -> Int {
        let primitives = forms.filter { !$0.0.indices.isEmpty }
            .map { self.addPrimitive($0.0, material: $0.material) }
        return self.addMesh(name, primitives: primitives)
    }

    /// Adds a node.
    package mutating func addNode(_ node: Node) -> Int {
        self.nodes.append(node)
        return self.nodes.count - 1
    }

    /// Adds a perspective camera; the angle is in radians.
    package mutating func addCamera(verticalFieldOfView: Double) -> Int {
        self.cameras.append(
            "{\"type\":\"perspective\",\"perspective\":{\"yfov\":\(Self.number(verticalFieldOfView)),\"znear\":0.1}}"
        )
        return self.cameras.count - 1
    }

    /// Adds a punctual light by its JSON.
    package mutating func addLight(_ json: String) -> Int {
        self.lights.append(json)
        return self.lights.count - 1
    }

    /// Adds a volume by its JSON.
    package mutating func addVolume(_ json: String) -> Int {
        self.volumes.append(json)
        return self.volumes.count - 1
    }

    /// Adds times for ``animate(_:_:times:values:)``.
    package mutating func addTimes(_ seconds: [Double]) -> Int {
        self.addFloats(seconds.map { Float($0) }, width: 1, hasBounds: true)
    }

    /// Moves a node linearly between values; `path` is translation, rotation or scale.
    package mutating func animate(_ node: Int, _ path: String, times: Int, values: [SIMD4<Double>]) {
        let width = path == "rotation" ? 4 : 3
        var flat: [Float] = []
        for value in values {
            for k in 0 ..< width { flat.append(Float(value[k])) }
        }
        let output = self.addFloats(flat, width: width)
        self.channels.append(
            "{\"sampler\":\(self.samplers.count),\"target\":{\"node\":\(node),\"path\":\"\(path)\"}}"
        )
        self.samplers.append("{\"input\":\(times),\"output\":\(output)}")
    }

    /// Moves a node linearly between places.
    package mutating func animate(_ node: Int, _ path: String, times: Int, vectors: [SIMD3<Double>]) {
        self.animate(node, path, times: times, values: vectors.map { SIMD4($0, 0) })
    }

    /// The file.
    package func finish() -> [UInt8] {
        Self.container(json: self.json(), binary: self.binary)
    }

    /// A GLB file around given parts.
    package static func container(json: String, binary: [UInt8]) -> [UInt8] {
        var text = Array(json.utf8)
        while text.count % 4 != 0 { text.append(UInt8(ascii: " ")) }
        var data = binary
        while data.count % 4 != 0 { data.append(0) }
        var bytes = GLBContainer.magic
        Self.append(2, to: &bytes)
        Self.append(UInt32(truncatingIfNeeded: 12 + 8 + text.count + (data.isEmpty ? 0 : 8 + data.count)), to: &bytes)
        Self.append(UInt32(truncatingIfNeeded: text.count), to: &bytes)
        bytes.append(contentsOf: "JSON".utf8)
        bytes.append(contentsOf: text)
        if !data.isEmpty {
            Self.append(UInt32(truncatingIfNeeded: data.count), to: &bytes)
            bytes.append(contentsOf: [0x42, 0x49, 0x4E, 0])
            bytes.append(contentsOf: data)
        }
        return bytes
    }

    private func json() -> String {
        var isChild = [Bool](repeating: false, count: self.nodes.count)
        for node in self.nodes {
            for child in node.children { isChild[child] = true }
        }
        let roots = self.nodes.indices.filter { !isChild[$0] }.map { "\($0)" }.joined(separator: ",")
        var parts = ["\"asset\":{\"version\":\"2.0\",\"generator\":\"Tessera\"}", "\"scene\":0"]
        let extras = self.extras.map { ",\"extras\":\($0)" } ?? ""
        parts.append("\"scenes\":[{\"nodes\":[\(roots)]\(extras)}]")
        let own =
            (self.lights.isEmpty ? [] : ["KHR_lights_punctual"]) + (self.volumes.isEmpty ? [] : ["TESSERA_volume"])
        let used = (self.extensions + own).map { "\"\($0)\"" }
        if !used.isEmpty { parts.append("\"extensionsUsed\":[\(used.joined(separator: ","))]") }
        var lists: [String] = []
        if !self.lights.isEmpty {
            lists.append("\"KHR_lights_punctual\":{\"lights\":[\(self.lights.joined(separator: ","))]}")
        }
        if !self.volumes.isEmpty {
            lists.append("\"TESSERA_volume\":{\"volumes\":[\(self.volumes.joined(separator: ","))]}")
        }
        if !lists.isEmpty { parts.append("\"extensions\":{\(lists.joined(separator: ","))}") }
        func add(_ key: String, _ items: [String]) {
            if !items.isEmpty { parts.append("\"\(key)\":[\(items.joined(separator: ","))]") }
        }
        add("nodes", self.nodes.map { Self.json($0) })
        add("meshes", self.meshes)
        add("materials", self.materials)
        add("cameras", self.cameras)
        if !self.channels.isEmpty {
            add(
                "animations",
                [
                    "{\"channels\":[\(self.channels.joined(separator: ","))],"
                        + "\"samplers\":[\(self.samplers.joined(separator: ","))]}"
                ]
            )
        }
        add("accessors", self.accessors)
        add("bufferViews", self.views)
        if !self.binary.isEmpty { parts.append("\"buffers\":[{\"byteLength\":\(self.binary.count)}]") }
        parts.append(contentsOf: self.members)
        return "{\(parts.joined(separator: ","))}"
    }

    private static func json(_ node: Node) -> String {
        var parts: [String] = []
        if let name = node.name { parts.append("\"name\":\"\(name)\"") }
        if let mesh = node.mesh { parts.append("\"mesh\":\(mesh)") }
        if let camera = node.camera { parts.append("\"camera\":\(camera)") }
        if let light = node.light {
            parts.append("\"extensions\":{\"KHR_lights_punctual\":{\"light\":\(light)}}")
        }
        if let volume = node.volume { parts.append("\"extensions\":{\"TESSERA_volume\":{\"volume\":\(volume)}}") }
        if let t = node.translation { parts.append("\"translation\":[\(self.list([t.x, t.y, t.z]))]") }
        if let r = node.rotation { parts.append("\"rotation\":[\(self.list([r.x, r.y, r.z, r.w]))]") }
        if let s = node.scale { parts.append("\"scale\":[\(self.list([s.x, s.y, s.z]))]") }
        if !node.children.isEmpty {
            parts.append("\"children\":[\(node.children.map { "\($0)" }.joined(separator: ","))]")
        }
        return "{\(parts.joined(separator: ","))}"
    }

    /// A number with at most five decimals.
    package static func number(_ value: Double) -> String {
        let rounded = (value * 100_000).rounded() / 100_000
        return rounded == 0 ? "0" : "\(rounded)"
    }

    private static func list(_ values: [Double]) -> String {
        values.map { self.number($0) }.joined(separator: ",")
    }

    private static func exact(_ values: [Float]) -> String {
        values.map { "\(Double($0))" }.joined(separator: ",")
    }

    private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
