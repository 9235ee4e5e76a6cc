extension GLTF {
    /// The volumes of `TESSERA_volume`; `Schemas/TESSERA_volume.md` describes it.
    struct VolumeList: Decodable {
        var volumes: [FilledBox]
    }

    /// Which of them a node has.
    struct VolumeReference: Decodable {
        var volume: Int
    }

    /// What fills a box.
    struct FilledBox: Decodable {
        var name: String?
        var box: BoxGrid?
        var file: FileGrid?
        var density: Double?
        var absorption: [Double]?
        var scattering: [Double]?
        var anisotropy: Double?
        var enclosed: Bool?
        var emission: [[Double]]?
        var blackbody: Blackbody?

        /// A box, with a grid in buffer views or the same everywhere.
        struct BoxGrid: Decodable {
            var low: [Double]
            var high: [Double]
            var size: [Int]?
            var densities: Int?
            var temperatures: Int?
            var componentType: Int?
        }

        /// A NanoVDB file.
        struct FileGrid: Decodable {
            var uri: String
            var density: String?
            var temperature: String?
            var temperatureRange: [Double]?
        }

        struct Blackbody: Decodable {
            var kelvin: [Double]
            var strength: Double?
        }
    }
}
