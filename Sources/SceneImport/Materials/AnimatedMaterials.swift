import RenderCore
import Synchronization

/// The materials of a document that change from frame to frame.
///
/// `@unchecked Sendable` is sound: the builder, whose textures were all read for the assets, is used under the lock alone.
final class AnimatedMaterials: @unchecked Sendable {
    private let lock = Mutex(())
    private var builder: MaterialBuilder
    private let sources: [GLTF.Material]
    private let tracks: [Int: [NodeAnimation.MaterialTrack]]
    /// The materials of the assets.
    private let shared: [Material]

    /// Nothing when no material changes; `shared` are the materials of the assets, which `builder` has built.
    init?(_ sources: [GLTF.Material], _ animation: NodeAnimation, shared: [Material], builder: MaterialBuilder) {
        guard !animation.materials.isEmpty else { return nil }
        self.sources = sources
        self.tracks = animation.materials
        self.shared = shared
        self.builder = builder
    }

    /// The materials, by number, that at a time in seconds differ from those of the assets.
    func materials(at time: Double) throws(ImportError) -> [Int: Material] {
        let result: Result<[Int: Material], ImportError> = self.lock.withLock { _ in
            do throws(ImportError) {
                var materials: [Int: Material] = [:]
                for (index, tracks) in self.tracks.sorted(by: { $0.key < $1.key }) {
                    var source = self.sources[index]
                    for track in tracks { _ = track.property.set(track.keyframes.value(at: time), in: &source) }
                    let material = try self.builder.build(source, index: index)
                    if material != self.shared[index] { materials[index] = material }
                }
                return .success(materials)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The materials as all frames share them: those that ever glow do, as brightly as they come to.
    ///
    /// What is a light is decided with the assets; how brightly it shines, by each frame.
    static func brightest(_ sources: [GLTF.Material], _ animation: NodeAnimation) -> [GLTF.Material] {
        var result = sources
        for (index, tracks) in animation.materials {
            for track in tracks where track.property.changesLight(of: sources[index]) {
                _ = track.property.set(track.keyframes.largest, in: &result[index])
            }
        }
        return result
    }
}
