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
    /// The edge of the pixels whose paths go together.
    private static let edge = 8
    /// The samples of a pixel that go together.
    private static let samplesMax = 64

    private let scene: Scene
    private let settings: RenderSettings
    private let memory: SceneMemory
    private let wavefront: Wavefront

    /// Prepares to render a scene.
    public init(scene: Scene, settings: RenderSettings) {
        let memory = SceneMemory()
        self.scene = scene
        self.settings = settings
        self.memory = memory
        self.wavefront = Wavefront(view: scene.view, settings: settings, memory: memory)
    }

    /// Renders a rectangle of pixels counted from the top left; what lies outside the frame is left away.
    public func render(x: Int, y: Int, width: Int, height: Int) -> FilmBlock {
        let left = min(max(x, 0), self.settings.width)
        let top = min(max(y, 0), self.settings.height)
        let right = left + min(max(width, 0), self.settings.width - left)
        let bottom = top + min(max(height, 0), self.settings.height - top)
        var pixels = [Float](repeating: 0, count: 3 * (right - left) * (bottom - top))
        var work = WorkCounter()
        // The wavefront holds plain pointers into the scene and the scratch memory, both of which `self` keeps alive.
        withExtendedLifetime(self) {
            for py in stride(from: top, to: bottom, by: Self.edge) {
                for px in stride(from: left, to: right, by: Self.edge) {
                    let part = PixelRectangle(
                        x: px,
                        y: py,
                        width: min(Self.edge, right - px),
                        height: min(Self.edge, bottom - py)
                    )
                    let sums = self.sums(part, &work)
                    let scale = 1 / Double(self.settings.samples)
                    for i in 0 ..< part.width * part.height {
                        let (column, row) = (px - left + i % part.width, py - top + i / part.width)
                        for k in 0 ..< 3 {
                            pixels[3 * (row * (right - left) + column) + k] = Float(sums[3 * i + k] * scale)
                        }
                    }
                }
            }
        }
        return FilmBlock(width: right - left, height: bottom - top, pixels: pixels, work: work)
    }

    /// The sums of the samples of at most 8 x 8 pixels, each pixel's added in the samples' order.
    ///
    /// In binary64 the sum of 65,536 samples of binary32 has more than eleven correct digits, so no cleverer order is
    /// needed.
    private func sums(_ part: PixelRectangle, _ work: inout WorkCounter) -> [Double] {
        let pixelCount = part.width * part.height
        let samples = self.settings.samples
        var sums = [Double](repeating: 0, count: 3 * pixelCount)
        for first in stride(from: 0, to: samples, by: Self.samplesMax) {
            let count = min(Self.samplesMax, samples - first)
            for i in 0 ..< pixelCount {
                let (x, y) = (part.x + i % part.width, part.y + i / part.width)
                let pixel = PixelSampler(x: x, y: y, samples: samples, seed: self.settings.seed)
                for k in 0 ..< count {
                    let path = i * count + k
                    self.wavefront.states.begin(
                        path,
                        number: UInt32(truncatingIfNeeded: path),
                        pixel.path(first + k),
                        x: Float(x),
                        y: Float(y)
                    )
                }
            }
            self.wavefront.trace(pixelCount * count, &work)
            let found = self.wavefront.found
            for i in 0 ..< pixelCount {
                for path in i * count ..< (i + 1) * count {
                    let light = Vector3(
                        found[path],
                        found[Wavefront.pathsMax + path],
                        found[2 * Wavefront.pathsMax + path]
                    )
                    guard light.isFinite else {
                        work.zeroedSamples &+= 1
                        continue
                    }
                    sums[3 * i] += Double(larger(0, light.x))
                    sums[3 * i + 1] += Double(larger(0, light.y))
                    sums[3 * i + 2] += Double(larger(0, light.z))
                }
            }
        }
        return sums
    }
}

/// Pixels counted from the top left of the frame.
private struct PixelRectangle {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
}
