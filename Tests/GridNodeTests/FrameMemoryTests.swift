import GridNode
import Testing

/// What a frame takes of a node's memory.
struct FrameMemoryTests {
    @Test
    func `what is declared leaves exactly what was counted for building`() {
        let memory = FrameMemory(assets: 40_000_000, frame: 1_000_000, pixels: 1_000)
        let total = memory.total(building: 200_000_000)
        #expect(memory.building(ofTotal: total) == 200_000_000)
        #expect(total > 41_000_000 + 200_000_000)
        let larger = FrameMemory(assets: 40_000_000, frame: 1_000_000, pixels: 1_001_000).total(building: 200_000_000)
        #expect(larger >= total + 12_000_000)
    }

    @Test
    func `a manifest that declares less than the blobs take leaves nothing, and the greatest numbers do not overflow`()
    {
        #expect(FrameMemory(assets: 1 << 30, frame: 0, pixels: 1_000).building(ofTotal: 1 << 30) == nil)
        #expect(FrameMemory(assets: 0, frame: 0, pixels: 1_000).building(ofTotal: 0) == nil)
        #expect(FrameMemory(assets: 0, frame: 0, pixels: 1_000).building(ofTotal: .max) == .max)
        #expect(FrameMemory(assets: .max, frame: .max, pixels: 1_000).building(ofTotal: 1 << 43) == nil)
    }
}
