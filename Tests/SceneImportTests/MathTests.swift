import Glibc
import SceneImport
import Testing

struct MathTests {
    @Test
    func `sine and cosine agree with the platform's`() {
        var random = SeededRandom(seed: 1)
        for _ in 0 ..< 20_000 {
            let angle = random.between(-50, 50)
            let (s, c) = DeterministicMath.sineCosine(angle)
            #expect((s - sin(angle)).magnitude < 1e-14)
            #expect((c - cos(angle)).magnitude < 1e-14)
        }
        #expect(DeterministicMath.sineCosine(.nan) == (0, 1))
    }

    @Test
    func `arc tangents agree with the platform's`() {
        var random = SeededRandom(seed: 2)
        for _ in 0 ..< 20_000 {
            let y = random.between(-3, 3)
            let x = random.between(-3, 3)
            #expect((DeterministicMath.arcTangent(y, x) - atan2(y, x)).magnitude < 1e-14)
        }
        #expect(DeterministicMath.arcTangent(0, 0) == 0)
        #expect(DeterministicMath.arcTangent(0, -1) == .pi)
    }
}
