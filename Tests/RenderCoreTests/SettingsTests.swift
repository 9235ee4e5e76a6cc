import RenderCore
import Testing

struct SettingsTests {
    @Test
    func `render settings outside their range move to its ends`() {
        let settings = RenderSettings(width: 0, height: 1 << 40, samples: -3, maxDepth: 1000)
        #expect(settings.width == 1)
        #expect(settings.height == RenderSettings.edgeMax)
        #expect(settings.samples == 1)
        #expect(settings.maxDepth == RenderSettings.depthMax)
        #expect(!RenderSettings.isValid(width: 0, height: 4, samples: 1, maxDepth: 1))
        #expect(RenderSettings.isValid(width: 640, height: 4, samples: 1, maxDepth: 1))
    }
}
