import FuzzDriver
import RenderCore

/// A small scene with everything in it, so that thousands of variants load in a second.
func blobs() throws -> (assets: [UInt8], frame: [UInt8]) {
    var assets = GoldenScene.assets
    assets.meshes = [assets.meshes[0], assets.meshes[7], assets.meshes[8], assets.meshes[9]]
    for i in assets.particles.indices {
        let set = assets.particles[i]
        assets.particles[i].centers = Array(set.centers.prefix(3 * 20))
        assets.particles[i].radii = Array(set.radii.prefix(20))
        assets.particles[i].colors = Array(set.colors.prefix(20))
        assets.particles[i].closingCenters = assets.particles[i].centers.map { $0 + 0.25 }
    }
    var frame = SceneFrame(lights: GoldenScene.frame.lights, camera: GoldenScene.frame.camera)
    frame.volumes = GoldenScene.frame.volumes
    frame.instances = (0 ..< 5).map {
        Instance(mesh: $0, transform: Transform(translation: SIMD3(0, Float($0), -3)))
    }
    frame.instances[2].closingTransform = Transform(translation: SIMD3(1, 2, -3))
    frame.instances += [
        Instance(particles: 0), Instance(particles: 1, closingTransform: Transform(translation: SIMD3(0, 1, 0))),
    ]
    let mesh = assets.meshes[1]
    frame.deformedMeshes = [
        DeformedMesh(
            mesh: 1,
            positions: mesh.positions,
            normals: mesh.normals,
            tangents: mesh.tangents,
            closingPositions: mesh.positions.map { $0 * 1.5 },
            closingNormals: mesh.normals
        )
    ]
    return (try assets.encoded(), try frame.encoded(for: assets))
}

guard let (assets, frame) = try? blobs() else { preconditionFailure("the scene is none") }
let limits = SceneLimits(
    blobBytesMax: 1 << 24,
    trianglesMax: 1 << 16,
    particlesMax: 1 << 16,
    voxelsMax: 1 << 20,
    instancesMax: 1 << 10,
    memoryBytesMax: 1 << 26
)
let settings = RenderSettings(
    width: 4,
    height: 4,
    samples: 1,
    seed: 1,
    channels: .all,
    limits: WorkLimits(walkSteps: 1 << 20)
)

// The bytes are changes of the blobs, six or nine each: which blob and how (a byte, a word, words that are copied from elsewhere,
// an end that is cut off), where, and what. Half of them go to the first kilobyte, where the sizes and records are.
fuzz { bytes in
    var changed = (assets, frame)
    var rest = bytes[...]
    func number(_ count: Int) -> Int { (0 ..< count).reduce(0) { sum, _ in sum << 8 | Int(rest.popFirst() ?? 0) } }
    while rest.count >= 6 {
        let kind = number(1)
        func change(_ blob: inout [UInt8]) {
            guard blob.count >= 16 else { return }
            let reach = kind & 2 == 0 ? min(blob.count, 1024) : blob.count
            let at = number(3) % (reach - 8)
            switch kind >> 2 & 3 {
            case 0: blob[at] = UInt8(number(1))
            case 1: for k in 0 ..< 4 { blob[at & ~3 + k] = UInt8(number(1)) }
            case 2:
                let from = number(3) % (blob.count - 8) & ~3
                for k in 0 ..< 4 { blob[at & ~3 + k] = blob[from + k] }
            default: if kind & 16 != 0 { blob.removeLast(min(blob.count - 16, number(1))) } else { blob[at] &+= 1 }
            }
        }
        if kind & 1 == 0 { change(&changed.0) } else { change(&changed.1) }
    }
    guard let scene = try? Scene(assets: changed.0, frame: changed.1, limits: limits) else { return }
    let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 4, height: 4)
    precondition(block.work.zeroedSamples == 0, "a sample is not a number")
    // What reads payloads refuses numbers that no renderer writes.
    precondition(
        FilmBlock(payload: block.payload, width: 4, height: 4, channels: .all) == block,
        "a number is out of range"
    )
}
