/// The parts of a glTF 2.0 document that this importer reads, under the names of the specification.
///
/// Properties that the specification gives a default stay optional here, so that the reader of a value states the
/// default at the place of use.
enum GLTF {
    struct Document: Decodable {
        var asset: Asset
        var extensionsUsed: [String]?
        var extensionsRequired: [String]?
        var scene: Int?
        var scenes: [Scene]?
        var nodes: [Node]?
        var meshes: [Mesh]?
        var accessors: [Accessor]?
        var bufferViews: [BufferView]?
        var buffers: [Buffer]?
        var materials: [Material]?
        var textures: [Texture]?
        var images: [Image]?
        var samplers: [Sampler]?
        var cameras: [Camera]?
        var animations: [Animation]?
        var skins: [Skin]?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var lightsPunctual: LightList?

            enum CodingKeys: String, CodingKey {
                case lightsPunctual = "KHR_lights_punctual"
            }
        }
    }

    struct Asset: Decodable {
        var version: String
        var minVersion: String?
    }

    struct Scene: Decodable {
        var name: String?
        var nodes: [Int]?
        var extras: Lenient<SceneExtras>?
    }

    struct Node: Decodable {
        var name: String?
        var children: [Int]?
        var mesh: Int?
        var skin: Int?
        var camera: Int?
        var matrix: [Double]?
        var translation: [Double]?
        var rotation: [Double]?
        var scale: [Double]?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var lightsPunctual: LightReference?

            enum CodingKeys: String, CodingKey {
                case lightsPunctual = "KHR_lights_punctual"
            }
        }
    }

    struct Mesh: Decodable {
        var name: String?
        var primitives: [Primitive]
    }

    struct Primitive: Decodable {
        var attributes: [String: Int]
        var indices: Int?
        var material: Int?
        var mode: Int?
        var targets: [[String: Int]]?
    }

    struct Accessor: Decodable {
        var bufferView: Int?
        var byteOffset: Int?
        var componentType: Int
        var normalized: Bool?
        var count: Int
        var type: String
        var sparse: Sparse?
    }

    struct Sparse: Decodable {
        var count: Int
        var indices: Indices
        var values: Values

        struct Indices: Decodable {
            var bufferView: Int
            var byteOffset: Int?
            var componentType: Int
        }

        struct Values: Decodable {
            var bufferView: Int
            var byteOffset: Int?
        }
    }

    struct BufferView: Decodable {
        var buffer: Int
        var byteOffset: Int?
        var byteLength: Int
        var byteStride: Int?
    }

    struct Buffer: Decodable {
        var uri: String?
        var byteLength: Int
    }

    struct Image: Decodable {
        var name: String?
        var uri: String?
        var bufferView: Int?
    }

    struct Texture: Decodable {
        var sampler: Int?
        var source: Int?
    }

    struct Sampler: Decodable {
        var magFilter: Int?
        var wrapS: Int?
        var wrapT: Int?
    }

    struct Camera: Decodable {
        var name: String?
        var type: String
        var perspective: Perspective?
        var orthographic: Orthographic?

        struct Perspective: Decodable {
            var yfov: Double
        }

        struct Orthographic: Decodable {
            var xmag: Double
            var ymag: Double
        }
    }

    struct Animation: Decodable {
        var name: String?
        var channels: [Channel]
        var samplers: [Sampler]

        struct Channel: Decodable {
            var sampler: Int
            var target: Target
        }

        struct Target: Decodable {
            var node: Int?
            var path: String
        }

        struct Sampler: Decodable {
            var input: Int
            var interpolation: String?
            var output: Int
        }
    }

    struct Skin: Decodable {
        var inverseBindMatrices: Int?
        var joints: [Int]
    }

    struct LightReference: Decodable {
        var light: Int
    }

    struct LightList: Decodable {
        var lights: [Light]
    }

    struct Light: Decodable {
        var name: String?
        var type: String
        var color: [Double]?
        var intensity: Double?
        var range: Double?
        var spot: Spot?

        struct Spot: Decodable {
            var innerConeAngle: Double?
            var outerConeAngle: Double?
        }
    }

    /// Extra data whose shape nobody promises: what does not decode is not there.
    struct Lenient<Value: Decodable>: Decodable {
        var value: Value?

        init(from decoder: any Decoder) throws {
            self.value = try? Value(from: decoder)
        }
    }
}
