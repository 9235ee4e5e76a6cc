/// The parts of a glTF 2.0 document that this importer reads, under the names of the specification.
///
/// Properties that the specification gives a default stay optional here, so that the reader of a value states the
/// default at the place of use.
enum GLTF {
    /// What files of all versions have.
    struct Versioned: Decodable {
        var asset: Asset?

        struct Asset: Decodable {
            var version: Version?
            var minVersion: Version?
        }

        /// A text in version 2, a number in some files of version 1.
        struct Version: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let text = try? value.decode(String.self) {
                    self.text = text
                } else {
                    self.text = "\(try value.decode(Double.self))"
                }
            }
        }
    }

    struct Document: Decodable {
        var asset: Versioned.Asset?
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
            var lightsImageBased: ImageBasedLightList?
            var materialsVariants: VariantList?
            var volumes: VolumeList?

            enum CodingKeys: String, CodingKey {
                case lightsPunctual = "KHR_lights_punctual"
                case lightsImageBased = "EXT_lights_image_based"
                case materialsVariants = "KHR_materials_variants"
                case volumes = "TESSERA_volume"
            }
        }
    }

    struct Scene: Decodable {
        var name: String?
        var nodes: [Int]?
        var extras: Lenient<SceneExtras>?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var lightsImageBased: LightReference?

            enum CodingKeys: String, CodingKey {
                case lightsImageBased = "EXT_lights_image_based"
            }
        }
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
        var weights: [Double]?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var lightsPunctual: LightReference?
            var instancing: Instancing?
            var visibility: Visibility?
            var volume: VolumeReference?

            enum CodingKeys: String, CodingKey {
                case lightsPunctual = "KHR_lights_punctual"
                case instancing = "EXT_mesh_gpu_instancing"
                case visibility = "KHR_node_visibility"
                case volume = "TESSERA_volume"
            }
        }
    }

    struct Mesh: Decodable {
        var name: String?
        var primitives: [Primitive]
        var weights: [Double]?
    }

    struct Primitive: Decodable {
        var attributes: [String: Int]
        var indices: Int?
        var material: Int?
        var mode: Int?
        var targets: [[String: Int]]?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var draco: DracoCompression?
            var variants: VariantMappings?
            var particles: Particles?

            enum CodingKeys: String, CodingKey {
                case draco = "KHR_draco_mesh_compression"
                case variants = "KHR_materials_variants"
                case particles = "TESSERA_particles"
            }
        }
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
        var extensions: Extensions?

        struct Extensions: Decodable {
            var meshopt: MeshoptCompression?

            enum CodingKeys: String, CodingKey {
                case vendor = "EXT_meshopt_compression"
                case ratified = "KHR_meshopt_compression"
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                self.meshopt =
                    try values.decodeIfPresent(MeshoptCompression.self, forKey: .ratified)
                    ?? values.decodeIfPresent(MeshoptCompression.self, forKey: .vendor)
            }
        }
    }

    struct Buffer: Decodable {
        var uri: String?
        var byteLength: Int
        var extensions: Extensions?

        struct Extensions: Decodable {
            /// Whether the buffer is only there for programs that cannot decompress.
            var isFallback: Bool

            enum CodingKeys: String, CodingKey {
                case vendor = "EXT_meshopt_compression"
                case ratified = "KHR_meshopt_compression"
            }

            private struct Fallback: Decodable {
                var fallback: Bool?
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                let found =
                    try values.decodeIfPresent(Fallback.self, forKey: .ratified)
                    ?? values.decodeIfPresent(Fallback.self, forKey: .vendor)
                self.isFallback = found?.fallback ?? false
            }
        }
    }

    struct Image: Decodable {
        var name: String?
        var uri: String?
        var bufferView: Int?
    }

    struct Texture: Decodable {
        var sampler: Int?
        var source: Int?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var webp: ImageReference?
            var basisu: ImageReference?

            enum CodingKeys: String, CodingKey {
                case webp = "EXT_texture_webp"
                case basisu = "KHR_texture_basisu"
            }
        }
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
            var extensions: Extensions?

            struct Extensions: Decodable {
                var pointer: Pointer?

                enum CodingKeys: String, CodingKey {
                    case pointer = "KHR_animation_pointer"
                }
            }

            struct Pointer: Decodable {
                var pointer: String
            }
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
