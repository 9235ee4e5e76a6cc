import RenderCore
import Testing

struct FilmBlockTests {
    private func block(_ channels: FilmChannels = []) throws -> FilmBlock {
        let scene = try TestScenes.scene([TestScenes.ball()], environment: .constant(SIMD3(1, 0.5, 0.25)))
        let settings = RenderSettings(width: 20, height: 12, samples: 2, channels: channels)
        return BlockRenderer(scene: scene, settings: settings).render(x: 16, y: 8, width: 8, height: 8)
    }

    @Test
    func `a block ends where the frame ends`() throws {
        let block = try self.block()
        #expect(block.width == 4)
        #expect(block.height == 4)
        #expect(block.pixels.count == 48)
        #expect(block.work.cameraRays == 32)
    }

    @Test
    func `rectangles outside the frame are empty`() throws {
        let scene = try TestScenes.scene([TestScenes.ball()])
        let renderer = BlockRenderer(scene: scene, settings: RenderSettings(width: 20, height: 12, samples: 1))
        #expect(renderer.render(x: 20, y: 0, width: 8, height: 8).pixels.isEmpty)
        #expect(renderer.render(x: 0, y: 0, width: -1, height: 8).pixels.isEmpty)
        #expect(renderer.render(x: .max, y: .min, width: .max, height: .max).pixels.isEmpty)
    }

    @Test
    func `a payload becomes the same block again`() throws {
        let block = try self.block()
        #expect(block.payload.count == FilmBlock.payloadSize(width: 4, height: 4))
        #expect(FilmBlock(payload: block.payload, width: 4, height: 4) == block)
    }

    @Test
    func `payloads of another size are refused`() throws {
        let payload = try self.block().payload
        #expect(FilmBlock(payload: payload, width: 4, height: 5) == nil)
        #expect(FilmBlock(payload: payload, width: -4, height: -4) == nil)
        #expect(FilmBlock(payload: payload, width: .max, height: 2) == nil)
        for count in 0 ..< payload.count {
            #expect(FilmBlock(payload: Array(payload[..<count]), width: 4, height: 4) == nil)
        }
        #expect(FilmBlock(payload: payload + [0], width: 4, height: 4) == nil)
    }

    @Test(arguments: [Float.nan, .infinity, -1, -0.0])
    func `pixels that no renderer writes are refused`(value: Float) throws {
        var payload = try self.block().payload
        for k in 0 ..< 4 { payload[8 + k] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * k)) }
        #expect(FilmBlock(payload: payload, width: 4, height: 4) == nil)
    }

    @Test
    func `a pixel does not depend on the rectangle it is rendered with`() throws {
        let renderer = BlockRenderer(scene: try GoldenScene.scene(), settings: GoldenScene.settings)
        let whole = renderer.render(x: 40, y: 24, width: 16, height: 8)
        let right = renderer.render(x: 48, y: 24, width: 8, height: 8)
        for y in 0 ..< 8 {
            #expect(
                whole.pixels[(48 * y + 24) ..< (48 * y + 48)].elementsEqual(right.pixels[(24 * y) ..< (24 * y + 24)])
            )
        }
    }

    @Test(arguments: [
        FilmChannels.albedo, .normal, .depth, .object, .sampleCount, [.normal, .object], .all,
    ])
    func `channels travel in the payload when they are asked for`(channels: FilmChannels) throws {
        let block = try self.block(channels)
        let payload = block.payload
        #expect(payload.count == FilmBlock.payloadSize(width: 4, height: 4, channels: channels))
        #expect(FilmBlock(payload: payload, width: 4, height: 4, channels: channels) == block)
        #expect(FilmBlock(payload: payload, width: 4, height: 4) == nil)
        for count in 0 ..< payload.count {
            #expect(FilmBlock(payload: Array(payload[..<count]), width: 4, height: 4, channels: channels) == nil)
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0 ..< 2000 {
            var changed = payload
            changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(in: 0 ... 255, using: &generator)
            let read = FilmBlock(payload: changed, width: 4, height: 4, channels: channels)
            #expect(read == nil || read?.payload == changed)
        }
    }

    @Test(arguments: [
        (FilmChannels.albedo, Float(1.001)), (.albedo, -0.5), (.normal, 1.5), (.normal, -1.5), (.normal, .nan),
        (.depth, -1), (.depth, .infinity), (.depth, -0.0),
        (.sampleCount, Float(bitPattern: UInt32(RenderSettings.samplesMax) + 1)),
    ])
    func `channels that no renderer writes are refused`(channel: FilmChannels, value: Float) throws {
        var payload = try self.block(channel).payload
        for k in 0 ..< 4 { payload[192 + k] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * k)) }
        #expect(FilmBlock(payload: payload, width: 4, height: 4, channels: channel) == nil)
    }

    @Test
    func `work adds up and is weighed`() {
        var work = WorkCounter(
            cameraRays: 1,
            bounceRays: 2,
            shadowRays: 3,
            surfaceEvents: 4,
            walkSteps: 7,
            zeroedSamples: 5
        )
        work += work
        #expect(
            work
                == WorkCounter(
                    cameraRays: 2,
                    bounceRays: 4,
                    shadowRays: 6,
                    surfaceEvents: 8,
                    walkSteps: 14,
                    zeroedSamples: 10
                )
        )
        #expect(work.rays == 12)
        #expect(work.weighted == 2 * 4 + 4 * 6 + 6 * 3 + 8 * 4 + 14)
    }
}
