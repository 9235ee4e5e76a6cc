import RenderCore
import Testing

struct FilmTests {
    /// Half the picture shines, to the right of its middle.
    private func edge() throws -> Scene {
        try TestScenes.scene(
            [TestScenes.quad(SIMD3(0, -9, -4), SIMD3(9, -9, -4), SIMD3(9, 9, -4), SIMD3(0, 9, -4))],
            [Material(emission: SIMD3(1, 1, 1))],
            camera: Camera(projection: .orthographic(xMagnification: 2, yMagnification: 2))
        )
    }

    /// One row of eight pixels.
    private func row(_ filter: PixelFilter) throws -> [Float] {
        let settings = RenderSettings(width: 8, height: 8, samples: 4096, filter: filter)
        let block = BlockRenderer(scene: try self.edge(), settings: settings).render(x: 0, y: 4, width: 8, height: 1)
        return (0 ..< 8).map { block.pixels[3 * $0] }
    }

    @Test
    func `the box filter ends with the pixel`() throws {
        #expect(try self.row(.box) == [0, 0, 0, 0, 1, 1, 1, 1])
    }

    @Test
    func `the Blackman-Harris filter reaches a pixel and a half to each side`() throws {
        let row = try self.row(.blackmanHarris)
        #expect(row[1] == 0 && row[2] == 0)
        #expect(row[5] == 1 && row[6] == 1)
        // The share of the window from -1.5 to 1.5 that lies beyond half a pixel.
        let coefficients = [0.35875, -0.48829, 0.14128, -0.01168]
        var beyond = 0.0
        var total = 0.0
        for i in 0 ..< 30_000 {
            let t = (Double(i) + 0.5) / 30_000
            var weight = 0.0
            for (k, a) in coefficients.enumerated() {
                weight += a * Double(sinCos(turns: Float(k) * Float(t)).cos)
            }
            total += weight
            if t > 2.0 / 3 { beyond += weight }
        }
        #expect(abs(Double(row[3]) - beyond / total) < 0.003, "\(row[3]), \(beyond / total)")
        #expect(abs(Double(row[3] + row[4]) - 1) < 0.003)
    }

    @Test
    func `channels tell what is seen first`() throws {
        let settings = RenderSettings(width: 8, height: 8, samples: 100, filter: .box, channels: .all)
        let assets = SceneAssets(
            meshes: [TestScenes.quad(SIMD3(0, -9, -4), SIMD3(9, -9, -4), SIMD3(9, 9, -4), SIMD3(0, 9, -4))],
            materials: [Material(baseColor: SIMD4(0.25, 0.5, 0.75, 1))]
        )
        let far = Transform(translation: SIMD3(0, 0, -90), scale: 1)
        let frame = SceneFrame(
            instances: [Instance(mesh: 0, transform: far), Instance(mesh: 0)],
            camera: Camera(projection: .orthographic(xMagnification: 2, yMagnification: 2))
        )
        let scene = try TestScenes.scene(assets, frame)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 8, height: 8)
        for i in 0 ..< 64 {
            let isRight = i % 8 >= 4
            #expect(block.auxiliary.object[i] == (isRight ? 2 : 0))
            #expect(block.auxiliary.depth[i] == (isRight ? 4 : 0))
            #expect(block.auxiliary.sampleCount[i] == 100)
            #expect(Array(block.auxiliary.albedo[3 * i ..< 3 * i + 3]) == (isRight ? [0.25, 0.5, 0.75] : [0, 0, 0]))
            #expect(Array(block.auxiliary.normal[3 * i ..< 3 * i + 3]) == (isRight ? [0, 0, 1] : [0, 0, 0]))
        }
    }

    @Test
    func `channels change no light`() throws {
        let scene = try GoldenScene.scene()
        func pixels(_ channels: FilmChannels) -> [Float] {
            let settings = RenderSettings(width: 96, height: 64, samples: 8, channels: channels)
            return BlockRenderer(scene: scene, settings: settings).render(x: 40, y: 24, width: 8, height: 8).pixels
        }
        #expect(pixels([]) == pixels(.all))
    }

    @Test
    func `a sum of very many samples stays accurate`() throws {
        let scene = try TestScenes.scene([], environment: .constant(SIMD3(0.1, 0.7, 1e-3)))
        let settings = RenderSettings(width: 1, height: 1, samples: 16_384)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 1, height: 1)
        #expect(block.pixels == [0.1, 0.7, 1e-3])
    }

    // MARK: Stopping

    /// A block of very many samples must not keep a thread from whoever wants it back.
    @Test
    func `a block is stopped in its middle, and its renderer goes on as if nothing had been`() throws {
        let scene = try GoldenScene.scene()
        let long = BlockRenderer(scene: scene, settings: RenderSettings(width: 96, height: 64, samples: 65_536))
        var questions = 0
        let stopped = long.render(x: 40, y: 24, width: 8, height: 8) {
            questions += 1
            return questions == 5
        }
        #expect(stopped == nil)
        #expect(questions == 5)

        let renderer = BlockRenderer(scene: scene, settings: RenderSettings(width: 96, height: 64, samples: 8))
        let whole = renderer.render(x: 40, y: 24, width: 8, height: 8)
        var isStopped = false
        let nothing = renderer.render(x: 40, y: 24, width: 8, height: 8) {
            defer { isStopped = true }
            return isStopped
        }
        #expect(nothing == nil)
        #expect(renderer.render(x: 40, y: 24, width: 8, height: 8).payload == whole.payload)
    }

    // MARK: Noise target

    private func adaptive(_ target: Float, samples: Int = 256) -> RenderSettings {
        RenderSettings(width: 96, height: 64, samples: samples, channels: [.sampleCount], noiseTarget: target)
    }

    @Test
    func `pixels below the noise target get no more samples`() throws {
        let scene = try GoldenScene.scene()
        let loose = BlockRenderer(scene: scene, settings: self.adaptive(0.5)).render(
            x: 32,
            y: 16,
            width: 32,
            height: 32
        )
        let tight = BlockRenderer(scene: scene, settings: self.adaptive(0.1)).render(
            x: 32,
            y: 16,
            width: 32,
            height: 32
        )
        func mean(_ block: FilmBlock) -> Double {
            Double(block.auxiliary.sampleCount.reduce(0, +)) / Double(block.auxiliary.sampleCount.count)
        }
        #expect(mean(loose) < mean(tight))
        #expect(Set(tight.auxiliary.sampleCount).count > 2)
        #expect(tight.auxiliary.sampleCount.allSatisfy { $0 % 64 == 0 && $0 <= 256 && $0 > 0 })
        #expect(UInt64(tight.auxiliary.sampleCount.reduce(0, +)) == tight.work.cameraRays)
    }

    @Test
    func `with a noise target a pixel does not depend on the rectangle either`() throws {
        let renderer = BlockRenderer(scene: try GoldenScene.scene(), settings: self.adaptive(0.05, samples: 256))
        let whole = renderer.render(x: 40, y: 24, width: 16, height: 8)
        let part = renderer.render(x: 45, y: 27, width: 6, height: 3)
        for y in 0 ..< 3 {
            for x in 0 ..< 6 {
                let i = (y + 3) * 16 + x + 5
                #expect(whole.auxiliary.sampleCount[i] == part.auxiliary.sampleCount[y * 6 + x])
                for k in 0 ..< 3 { #expect(whole.pixels[3 * i + k] == part.pixels[3 * (y * 6 + x) + k]) }
            }
        }
    }

    // MARK: Limits

    @Test
    func `work ends soon after its limit, with what was found until then`() throws {
        let scene = try GoldenScene.scene()
        func block(_ limits: WorkLimits) -> FilmBlock {
            let settings = RenderSettings(width: 96, height: 64, samples: 256, maxDepth: 6, limits: limits)
            return BlockRenderer(scene: scene, settings: settings).render(x: 40, y: 24, width: 8, height: 8)
        }
        let free = block(.none).work
        // One step of all paths may come on top.
        let step = UInt64(8 * 8 * 64)
        let bounded = [
            block(WorkLimits(bounceRays: 1000)).work.bounceRays, block(WorkLimits(shadowRays: 1000)).work.shadowRays,
            block(WorkLimits(surfaceEvents: 1000)).work.surfaceEvents,
        ]
        for count in bounded { #expect(count >= 1000 && count <= 1000 + step) }
        #expect(free.surfaceEvents > 1000 + step)
        let limited = block(WorkLimits(surfaceEvents: free.surfaceEvents / 2))
        #expect(limited.work.cameraRays < free.cameraRays)
        #expect(limited.pixels.contains { $0 > 0 })
        #expect(block(WorkLimits(surfaceEvents: free.surfaceEvents + 1)).work == free)
    }
}
