/// What a channel of an animation moves.
enum AnimatedProperty: Hashable, Sendable {
    /// A property of a node.
    case node(Int, NodeProperty)
    /// The weights of a mesh's morph targets (`KHR_animation_pointer`), for nodes that have none of their own.
    case meshWeights(Int)
    /// A property of a camera (`KHR_animation_pointer`).
    case camera(Int, CameraProperty)
    /// A property of a light (`KHR_animation_pointer`).
    case light(Int, LightProperty)
    /// A property of a material (`KHR_animation_pointer`).
    case material(Int, MaterialProperty)

    enum NodeProperty: String {
        case translation, rotation, scale, weights
        /// `KHR_node_visibility`.
        case visible
    }

    enum CameraProperty: String {
        case verticalFieldOfView = "perspective/yfov"
        case xMagnification = "orthographic/xmag"
        case yMagnification = "orthographic/ymag"
    }

    enum LightProperty: String {
        case color, intensity, range
        case innerConeAngle = "spot/innerConeAngle"
        case outerConeAngle = "spot/outerConeAngle"
    }

    /// What a channel moves, or nothing when it moves what is not read.
    init?(_ target: GLTF.Animation.Target) {
        if let pointer = target.extensions?.pointer {
            self.init(pointer: pointer.pointer)
            return
        }
        // A channel without a node is for an extension; unknown paths are too.
        guard let node = target.node, let property = NodeProperty(rawValue: target.path), property != .visible else {
            return nil
        }
        self = .node(node, property)
    }

    /// Reads a JSON pointer (RFC 6901) such as `/nodes/3/translation`.
    private init?(pointer: String) {
        let parts = pointer.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.first == "" else { return nil }
        func rest(_ start: Int) -> String { parts[start...].joined(separator: "/") }
        if parts.count > 3, parts[1] == "nodes", let node = Int(parts[2]) {
            let path = rest(3)
            let name = path == "extensions/KHR_node_visibility/visible" ? "visible" : path
            guard let property = NodeProperty(rawValue: name), path != "visible" else { return nil }
            self = .node(node, property)
        } else if parts.count == 4, parts[1] == "meshes", let mesh = Int(parts[2]), parts[3] == "weights" {
            self = .meshWeights(mesh)
        } else if parts.count > 3, parts[1] == "cameras", let camera = Int(parts[2]) {
            guard let property = CameraProperty(rawValue: rest(3)) else { return nil }
            self = .camera(camera, property)
        } else if parts.count > 3, parts[1] == "materials", let material = Int(parts[2]) {
            guard let property = MaterialProperty(path: rest(3)) else { return nil }
            self = .material(material, property)
        } else if parts.count > 5, parts[1] == "extensions", parts[2] == "KHR_lights_punctual", parts[3] == "lights",
            let light = Int(parts[4])
        {
            guard let property = LightProperty(rawValue: rest(5)) else { return nil }
            self = .light(light, property)
        } else {
            return nil
        }
    }

    /// The type of one value, or nothing when the document decides how many numbers there are.
    var shape: AccessorReader.Shape? {
        switch self {
        case .node(_, .rotation): .vector4
        case .node(_, .translation), .node(_, .scale), .light(_, .color): .vector3
        case .node(_, .weights), .meshWeights: nil
        case .node(_, .visible), .camera, .light: .scalar
        case .material(_, let property): property.shape
        }
    }
}
