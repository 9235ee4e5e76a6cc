/// Renders rectangles of one picture.
///
/// One for each render thread, since it owns scratch memory.
///
/// ```swift
/// let renderer = BlockRenderer(scene: scene, settings: RenderSettings(width: 640, height: 360, samples: 64))
/// let block = renderer.render(x: 0, y: 0, width: 8, height: 8)
/// ```
///
/// The pixels depend on the scene, the settings and their place in the frame alone: not on the rectangle that they are
/// rendered with, nor on what was rendered before.
public final class BlockRenderer {
    private let scene: Scene
    private let settings: RenderSettings
    private let memory: SceneMemory
    private let camera: CameraRays
    private let tracer: PathTracer

    /// Prepares to render a scene.
    public init(scene: Scene, settings: RenderSettings) {
        let memory = SceneMemory()
        self.scene = scene
        self.settings = settings
        self.memory = memory
        self.camera = scene.withView {
            CameraRays($0.pointee.camera, width: settings.width, height: settings.height)
        }
        self.tracer = PathTracer(
            view: scene.view,
            traversal: Traversal(memory: memory),
            maxDepth: settings.maxDepth
        )
    }

    /// Renders a rectangle of pixels counted from the top left; what lies outside the frame is left away.
    public func render(x: Int, y: Int, width: Int, height: Int) -> FilmBlock {
        let left = min(max(x, 0), self.settings.width)
        let top = min(max(y, 0), self.settings.height)
        let right = left + min(max(width, 0), self.settings.width - left)
        let bottom = top + min(max(height, 0), self.settings.height - top)
        var pixels: [Float] = []
        pixels.reserveCapacity(3 * (right - left) * (bottom - top))
        var work = WorkCounter()
        // The tracer holds plain pointers into the scene and the scratch memory, both of which `self` keeps alive.
        withExtendedLifetime(self) {
            for py in top ..< bottom {
                for px in left ..< right {
                    let (r, g, b) = self.pixel(px, py, &work)
                    pixels.append(r)
                    pixels.append(g)
                    pixels.append(b)
                }
            }
        }
        return FilmBlock(width: right - left, height: bottom - top, pixels: pixels, work: work)
    }

    /// The mean of a pixel's samples, added in their order.
    private func pixel(_ x: Int, _ y: Int, _ work: inout WorkCounter) -> (Float, Float, Float) {
        let tracer = self.tracer
        let camera = self.camera
        let samples = self.settings.samples
        let seed = self.settings.seed
        var r = 0.0
        var g = 0.0
        var b = 0.0
        let pixel = PixelSampler(x: x, y: y, samples: samples, seed: seed)
        for sample in 0 ..< samples {
            let sampler = pixel.path(sample)
            // A tent of two pixels' width, drawn by importance: every sample counts for its own pixel alone.
            let (fu, fv) = sampler.pair(0)
            var lens: (x: Float, y: Float) = (0, 0)
            if camera.hasLens {
                let (lu, lv) = sampler.pair(1)
                lens = diskPoint(lu, lv)
            }
            let ray = camera.ray(
                Float(x) + 0.5 + tentPoint(fu),
                Float(y) + 0.5 + tentPoint(fv),
                lens: lens
            )
            let light = tracer.radiance(ray, sampler, &work)
            guard light.isFinite else {
                work.zeroedSamples &+= 1
                continue
            }
            r += Double(larger(0, light.x))
            g += Double(larger(0, light.y))
            b += Double(larger(0, light.z))
        }
        let scale = 1 / Double(samples)
        return (Float(r * scale), Float(g * scale), Float(b * scale))
    }
}
