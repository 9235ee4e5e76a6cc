import Glibc
import ImageCodec
import Testing

@Suite(.serialized)
struct DenoiserTests {
    /// Whether the machine has the library.
    private static let isThere = (try? Denoiser()) != nil

    @Test(.enabled(if: Self.isThere))
    func `noise becomes smaller, brightness stays`() throws {
        let denoiser = try Denoiser()
        var random = SeededGenerator(seed: 3)
        var picture = Picture(width: 64, height: 48)
        for i in picture.pixels.indices { picture.pixels[i] = Float(random.next() % 1_000) / 500 }
        let count = picture.pixels.count
        for guides in [
            nil, Denoiser.Guides(albedo: [Float](repeating: 0.5, count: count)),
            Denoiser.Guides(
                albedo: [Float](repeating: 0.5, count: count),
                normal: [Float](repeating: 0.5, count: count)
            ),
            Denoiser.Guides(
                albedo: [Float](repeating: 0.5, count: count),
                normal: [Float](repeating: 0.5, count: count),
                areClean: true
            ),
        ] {
            let clean = try denoiser.denoise(picture, guides: guides)
            func mean(_ p: Picture) -> Float { p.pixels.reduce(0, +) / Float(count) }
            func variance(_ p: Picture) -> Float {
                let m = mean(p)
                return p.pixels.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Float(count)
            }
            #expect((mean(clean) - mean(picture)).magnitude < 0.1)
            #expect(variance(clean) < variance(picture) / 4)
        }
    }

    @Test
    func `a library that is not there is named, with the way to get it`() {
        setenv(Denoiser.pathVariable, "/nonexistent/oidn.so", 1)
        defer { unsetenv(Denoiser.pathVariable) }
        do {
            _ = try Denoiser()
            Issue.record("a library that does not exist was loaded")
        } catch {
            #expect(error.code == .unsupported)
            #expect(error.message.contains("/nonexistent/oidn.so"))
            #expect(error.message.contains("pyoidn"))
        }
    }
}
