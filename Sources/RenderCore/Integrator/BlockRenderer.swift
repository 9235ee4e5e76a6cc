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
    /// The edge of the pixels whose paths go together and who share ``RenderSettings/noiseTarget`` and limits.
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
    ///
    /// With a noise target, blocks that the rectangle cuts are rendered whole.
    public func render(x: Int, y: Int, width: Int, height: Int) -> FilmBlock {
        guard let block = self.render(x: x, y: y, width: width, height: height, isStopped: { false }) else {
            preconditionFailure("only who asks for it is stopped")
        }
        return block
    }

    /// Renders a rectangle of pixels unless it is stopped.
    ///
    /// `isStopped` is asked before each step of 4,096 paths, so that also a block that would take hours ends soon: a step
    /// takes milliseconds, and within a second in the thickest media.
    ///
    /// - Returns: The pixels, or nothing when `isStopped` was true.
    public func render(x: Int, y: Int, width: Int, height: Int, isStopped: () -> Bool) -> FilmBlock? {
        let frame = PixelRectangle(left: 0, top: 0, right: self.settings.width, bottom: self.settings.height)
        let left = min(max(x, 0), frame.right)
        let top = min(max(y, 0), frame.bottom)
        let wanted = PixelRectangle(
            left: left,
            top: top,
            right: left + min(max(width, 0), frame.right - left),
            bottom: top + min(max(height, 0), frame.bottom - top)
        )
        var pixels = [Float](repeating: 0, count: 3 * wanted.count)
        var auxiliary = FilmBlock.Auxiliary(channels: self.settings.channels, pixelCount: wanted.count)
        var work = WorkCounter()
        var isWhole = true
        // The wavefront holds plain pointers into the scene and the scratch memory, both of which `self` keeps alive.
        withExtendedLifetime(self) {
            guard wanted.count > 0 else { return }
            let edge = Self.edge
            for blockY in stride(from: top / edge * edge, to: wanted.bottom, by: edge) {
                for blockX in stride(from: left / edge * edge, to: wanted.right, by: edge) {
                    let block = PixelRectangle(left: blockX, top: blockY, right: blockX + edge, bottom: blockY + edge)
                    let part = block.intersection(self.settings.noiseTarget > 0 ? frame : wanted)
                    guard let sums = self.sums(part, &work, isStopped) else {
                        isWhole = false
                        return
                    }
                    for i in sums.indices {
                        let (px, py) = part.pixel(i)
                        guard wanted.contains(px, py) else { continue }
                        sums[i].write(to: &pixels, &auxiliary, self.settings.channels, wanted.index(px, py))
                    }
                }
            }
        }
        guard isWhole else { return nil }
        return FilmBlock(
            width: wanted.width,
            height: wanted.height,
            pixels: pixels,
            channels: self.settings.channels,
            auxiliary: auxiliary,
            work: work
        )
    }

    /// Renders at most 8 x 8 pixels, up to 64 samples of each at a time; nothing when it was stopped.
    private func sums(_ part: PixelRectangle, _ work: inout WorkCounter, _ isStopped: () -> Bool) -> [PixelSums]? {
        let samples = self.settings.samples
        var sums = [PixelSums](repeating: PixelSums(), count: part.count)
        var open = Array(sums.indices)
        var partWork = WorkCounter()
        var first = 0
        while first < samples, !open.isEmpty, !self.settings.limits.areReached(by: partWork) {
            let count = min(Self.samplesMax, samples - first)
            var path = 0
            for i in open {
                let (x, y) = part.pixel(i)
                let pixel = PixelSampler(x: x, y: y, samples: samples, seed: self.settings.seed)
                for sample in first ..< first + count {
                    self.wavefront.begin(path, pixel.path(sample), x: x, y: y)
                    path += 1
                }
            }
            guard self.wavefront.trace(path, &partWork, isStopped: isStopped) else { return nil }
            path = 0
            for i in open {
                var sum = sums[i]
                for _ in 0 ..< count {
                    if !sum.add(self.wavefront.light(path)) { partWork.zeroedSamples &+= 1 }
                    if let features = self.wavefront.features { sum.add(features, path) }
                    if let guides = self.wavefront.guides { sum.add(guides, path) }
                    path += 1
                }
                sums[i] = sum
            }
            first += count
            if self.settings.noiseTarget > 0 { open = self.noisy(part, sums) }
        }
        work += partWork
        return sums
    }

    /// The pixels whose noise, or that of a neighbour in the block, is above the target.
    private func noisy(_ part: PixelRectangle, _ sums: [PixelSums]) -> [Int] {
        var total = 0.0
        for sum in sums { total += sum.mean }
        let floor = total / Double(8 * sums.count)
        let target = Double(self.settings.noiseTarget)
        let isNoisy = sums.map { $0.standardError > target * ($0.mean > floor ? $0.mean : floor) }
        return sums.indices.filter { i in
            let (x, y) = (i % part.width, i / part.width)
            for ny in max(0, y - 1) ... min(part.height - 1, y + 1) {
                for nx in max(0, x - 1) ... min(part.width - 1, x + 1) where isNoisy[ny * part.width + nx] {
                    return true
                }
            }
            return false
        }
    }
}

/// Pixels counted from the top left of the frame; the right and the bottom ones are outside.
private struct PixelRectangle {
    let left: Int
    let top: Int
    let right: Int
    let bottom: Int

    var width: Int { self.right - self.left }
    var height: Int { self.bottom - self.top }
    var count: Int { self.width * self.height }

    func pixel(_ i: Int) -> (Int, Int) { (self.left + i % self.width, self.top + i / self.width) }
    func index(_ x: Int, _ y: Int) -> Int { (y - self.top) * self.width + (x - self.left) }

    func contains(_ x: Int, _ y: Int) -> Bool {
        x >= self.left && x < self.right && y >= self.top && y < self.bottom
    }

    func intersection(_ other: PixelRectangle) -> PixelRectangle {
        PixelRectangle(
            left: max(self.left, other.left),
            top: max(self.top, other.top),
            right: min(self.right, other.right),
            bottom: min(self.bottom, other.bottom)
        )
    }
}
