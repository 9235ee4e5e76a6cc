import GridWire
import RenderCore
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct GoldenTests {
    /// The leaf hash of a payload, as `GoldenScene` documents it.
    private func leafHash(_ payload: [UInt8]) -> [UInt8] {
        var hash = Blake2b256()
        hash.update("tessera-leaf-v1:".utf8)
        hash.update(payload)
        return hash.finalizeBytes()
    }

    private func version(_ payloads: [[UInt8]]) -> String {
        var hash = Blake2b256()
        for payload in payloads { hash.update(self.leafHash(payload)) }
        let digits = Array("0123456789abcdef".utf8)
        let text = hash.finalizeBytes().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    @Test
    func `the golden leaves name this version of the core`() {
        let version = self.version(GoldenScene.leafPayloads())
        if getenv("TESSERA_PRINT_GOLDEN") != nil { print("golden version: \(version)") }
        #expect(
            version == GoldenScene.expectedVersion,
            "if the change of bits is intended, put \(version) into GoldenScene.expectedVersion"
        )
    }

    @Test(arguments: [BVHSettings(bins: 2, leafSize: 1), BVHSettings(bins: 8, leafSize: 3), BVHSettings(bins: 64)])
    func `the hierarchy changes no bit`(settings: BVHSettings) {
        #expect(self.version(GoldenScene.leafPayloads(bvh: settings)) == GoldenScene.expectedVersion)
    }

    @Test
    func `the order of the blocks changes no bit`() throws {
        let renderer = GoldenRenderer(try GoldenScenes())
        var generator = SeededGenerator(seed: 7)
        var payloads = [[UInt8]](repeating: [], count: GoldenScene.blockCount)
        for block in (0 ..< GoldenScene.blockCount).shuffled(using: &generator) {
            payloads[block] = renderer.payload(of: block)
        }
        #expect(self.version(payloads) == GoldenScene.expectedVersion)
    }

    @Test
    func `two threads on one scene change no bit`() async throws {
        let scenes = try GoldenScenes()
        var payloads = [[UInt8]](repeating: [], count: GoldenScene.blockCount)
        await withTaskGroup(of: [(Int, [UInt8])].self) { group in
            for thread in 0 ..< 2 {
                group.addTask {
                    let renderer = GoldenRenderer(scenes)
                    return stride(from: thread, to: GoldenScene.blockCount, by: 2).map {
                        ($0, renderer.payload(of: $0))
                    }
                }
            }
            for await share in group {
                for (block, payload) in share { payloads[block] = payload }
            }
        }
        #expect(self.version(payloads) == GoldenScene.expectedVersion)
    }

    @Test
    func `the golden picture shows something everywhere`() {
        let payloads = GoldenScene.leafPayloads()
        #expect(payloads.count == GoldenScene.blockCount)
        #expect(Set(payloads).count == GoldenScene.blockCount)
        for payload in payloads {
            let block = FilmBlock(payload: payload, width: 8, height: 8, channels: GoldenScene.settings.channels)
            #expect(block.map { $0.pixels.contains { $0 > 0 } && $0.work.zeroedSamples == 0 } == true)
        }
    }

    /// What the third picture is there for: pixels that are quiet early, others that are not, and blocks that end at their limit.
    @Test
    func `golden leaves hold pixels with fewer samples and blocks that reach their limit`() throws {
        let renderer = GoldenRenderer(try GoldenScenes())
        let last = (0 ..< GoldenScene.blockCount).suffix(8)
        let blocks = last.compactMap { number in
            FilmBlock(
                payload: renderer.payload(of: number),
                width: 8,
                height: 8,
                channels: GoldenScene.settings.channels
            )
        }
        #expect(blocks.count == 8)
        #expect(Set(blocks.flatMap { $0.auxiliary.sampleCount }) == [64, 128])
        #expect(blocks.contains { $0.work.bounceRays >= 8192 })
        #expect(blocks.contains { $0.work.bounceRays < 8192 })
        #expect(blocks.contains { $0.auxiliary.object.contains { $0 > 1 } })
    }
}
