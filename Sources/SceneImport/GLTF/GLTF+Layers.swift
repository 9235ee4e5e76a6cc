extension GLTF {
    /// `TESSERA_layers`; `Schemas/TESSERA_layers.md` describes it.
    struct Layers: Decodable {
        var layers: [Layer]

        struct Layer: Decodable {
            var type: String
            var ior: Double?
            var roughness: Double?
            var film: Film?
            var color: [Double]?
            var coverage: Double?
            var absorption: [Double]?
            var scattering: Double?
            var albedo: [Double]?
            var anisotropy: Double?
        }

        struct Film: Decodable {
            var ior: Double?
            var thickness: Double?
        }
    }
}
