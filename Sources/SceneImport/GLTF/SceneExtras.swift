extension GLTF {
    /// What Tessera reads from a scene's `extras`: surroundings that travel inside of the file.
    ///
    /// Core glTF has no environment maps. `"extras": {"tessera": {"environment": {"bufferView": 3}}}` names a Radiance
    /// HDR picture, a latitude-longitude map, that lies in a buffer view.
    struct SceneExtras: Decodable {
        var tessera: Tessera?

        struct Tessera: Decodable {
            var environment: Surroundings?
        }

        struct Surroundings: Decodable {
            var bufferView: Int
            /// Degrees about +Y.
            var rotation: Double?
            var intensity: Double?
        }
    }
}
