/// Renders rectangles of one picture. One for each render thread: it owns scratch memory.
public final class BlockRenderer {
    /// Prepares to render a scene.
    public init(scene: Scene, settings: RenderSettings) {
    }

    /// Renders a rectangle of pixels; what lies outside the frame is left away.
    public func render(x: Int, y: Int, width: Int, height: Int) -> FilmBlock {
        FilmBlock(
            width: width,
            height: height,
            pixels: [Float](repeating: 0, count: 3 * width * height),
            work: WorkCounter()
        )
    }
}
