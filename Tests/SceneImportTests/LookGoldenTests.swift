import GridWire
import RenderCore
import SceneImport
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Leaves of the looks, which are the same in every build.
///
/// Whoever changes a look or what the core computes runs `TESSERA_PRINT_GOLDEN=1 swift test -c release --filter LookGolden`
/// and puts the hashes here, and those of the small looks into `Tests/Determinism/looks`.
struct LookGoldenTests {
    /// The first sixteen digits of the hash of each look's leaves.
    static let leaves: [ExampleLook: String] = [
        .dragonScales: "fcf9b9cb0597308c",
        .candles: "c38d9247c44f578f",
        .lava: "02180929bb0d17be",
        .water: "f4a25134e10a0512",
        .tornado: "cfb0ac3302554a42",
        .monster: "686f9b8ef7dbc41b",
    ]

    @Test(arguments: ExampleLook.allCases)
    func `a look has its leaves, whatever the hierarchy`(look: ExampleLook) throws {
        let found = try self.leaves(of: look, .full).prefix(16)
        if getenv("TESSERA_PRINT_GOLDEN") != nil { print("golden look: \(look.rawValue) \(found)") }
        #expect(found == Self.leaves[look] ?? "", "if the change is intended, put \(found) there")
    }

    @Test
    func `small looks have the leaves that all builds are compared with`() throws {
        let lines = try ExampleLook.allCases.map { "look \($0.rawValue) \(try self.leaves(of: $0, .small))\n" }
        let path = "\(ExampleShotTests.root)/Tests/Determinism/looks"
        let made = lines.sorted().joined()
        if getenv("TESSERA_PRINT_GOLDEN") != nil { print(made) }
        let known = ExampleShotTests.bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
        #expect(known == made, "if the change is intended, put this into \(path)")
    }

    /// The hash of a look's leaves: every fourth block of each third row.
    private func leaves(of look: ExampleLook, _ detail: LookDetail) throws -> String {
        let shot = try ShotImporter().importShot(look.file(detail), directory: ".")
        #expect(shot.notes.isEmpty)
        let assets = try shot.assets.encoded()
        let frame = try shot.frame(1).encoded(for: shot.assets)
        let texts = try [BVHSettings.standard, BVHSettings(bins: 7, leafSize: 2)].map { bvh in
            let renderer = BlockRenderer(
                scene: try Scene(assets: assets, frame: frame, bvh: bvh),
                settings: RenderSettings(width: 128, height: 72, samples: 8, seed: 5, channels: .all)
            )
            var hash = Blake2b256()
            for y in stride(from: 0, to: 72, by: 24) {
                for x in stride(from: 8, to: 128, by: 32) {
                    let block = renderer.render(x: x, y: y, width: 8, height: 8)
                    #expect(block.work.zeroedSamples == 0)
                    var leaf = Blake2b256()
                    leaf.update("tessera-leaf-v1:".utf8)
                    leaf.update(block.payload)
                    hash.update(leaf.finalizeBytes())
                }
            }
            let digits = Array("0123456789abcdef".utf8)
            let text = hash.finalizeBytes().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return String(decoding: text, as: UTF8.self)
        }
        #expect(texts[0] == texts[1])
        return texts[0]
    }
}
