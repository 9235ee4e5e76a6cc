extension GLTF {
    /// `EXT_meshopt_compression`.
    struct MeshoptCompression: Decodable {
        var buffer: Int
        var byteOffset: Int?
        var byteLength: Int
        var byteStride: Int
        var count: Int
        var mode: String
        var filter: String?
    }

    /// `KHR_draco_mesh_compression`.
    struct DracoCompression: Decodable {
        var bufferView: Int
        /// Draco's identifier of each attribute.
        var attributes: [String: Int]
    }

    /// `EXT_mesh_gpu_instancing`.
    struct Instancing: Decodable {
        var attributes: [String: Int]
    }

    /// `KHR_node_visibility`.
    struct Visibility: Decodable {
        var visible: Bool?
    }

    /// The variants of `KHR_materials_variants`.
    struct VariantList: Decodable {
        var variants: [Variant]

        struct Variant: Decodable {
            var name: String
        }
    }

    /// Which material a primitive has in which variant.
    struct VariantMappings: Decodable {
        var mappings: [Mapping]

        struct Mapping: Decodable {
            var material: Int
            var variants: [Int]
        }
    }

    /// `TESSERA_particles`: points that are spheres.
    struct Particles: Decodable {
        /// The radius of those that have none of their own.
        var radius: Double?
    }

    /// The picture that an extension puts in the place of a texture's own.
    struct ImageReference: Decodable {
        var source: Int?
    }

    /// The lights of `EXT_lights_image_based`.
    struct ImageBasedLightList: Decodable {
        var lights: [ImageBasedLight]
    }

    /// A cube map of the surroundings; its blurred copies and irradiance coefficients are of no use to a path tracer.
    struct ImageBasedLight: Decodable {
        var rotation: [Double]?
        var intensity: Double?
        /// Pictures by level and face: +x, -x, +y, -y, +z, -z.
        var specularImages: [[Int]]
    }
}
