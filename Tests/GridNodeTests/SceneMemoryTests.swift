import GridNode
import GridWire
import Testing

/// Which scenes stay in memory; those of these tests take 40 of 100 bytes.
@Suite
struct SceneMemoryTests {
    private static let jobs = ["a", "b"].map { JobID(Digest(hashing: $0.utf8)) }

    private func part(_ frame: Int?, of job: Int = 0) -> SceneMemory.Part {
        SceneMemory.Part(job: Self.jobs[job], frame: frame)
    }

    private func memory(countMax: Int = 3) -> SceneMemory {
        SceneMemory(bytesMax: 100, countMax: countMax)
    }

    @Test
    func `what is in use stays, and who needs more waits`() {
        var memory = self.memory()
        #expect(memory.take(self.part(1), bytes: 40) == [])
        #expect(memory.take(self.part(2), bytes: 40) == [])
        #expect(memory.take(self.part(1), bytes: 40) == [], "a second user")
        #expect(memory.take(self.part(1, of: 1), bytes: 40) == nil)
        memory.release(self.part(1))
        #expect(memory.take(self.part(1, of: 1), bytes: 40) == nil, "its other user is still there")
        memory.release(self.part(1))
        #expect(memory.take(self.part(1, of: 1), bytes: 40) == [self.part(1)])
        #expect(memory.holds(Self.jobs[0]))
        memory.release(self.part(2))
        memory.removeUnused(of: Self.jobs[0])
        #expect(!memory.holds(Self.jobs[0]))
    }

    @Test
    func `what was used longest ago goes first, when its room is needed or there are too many`() {
        var memory = self.memory()
        for frame in [1, 2, 1] {
            #expect(memory.take(self.part(frame), bytes: 40) == [])
            memory.release(self.part(frame))
        }
        #expect(memory.take(self.part(3), bytes: 40) == [self.part(2)])
        memory.release(self.part(3))
        #expect(memory.take(self.part(4), bytes: 100) == [self.part(1), self.part(3)])

        var few = self.memory(countMax: 2)
        for frame in 1 ... 3 {
            #expect(few.take(self.part(frame), bytes: 1) == (frame == 3 ? [self.part(1)] : []))
            few.release(self.part(frame))
        }
    }

    @Test
    func `one alone is never refused, however large it says that it is`() {
        var memory = self.memory()
        #expect(memory.take(self.part(nil), bytes: .max) == [])
        #expect(memory.take(self.part(1), bytes: .max) == nil, "sums do not wrap around")
        memory.release(self.part(nil))
        #expect(memory.take(self.part(1), bytes: .max) == [self.part(nil)])
    }

    @Test
    func `what could not be had is forgotten unless others wait for it`() {
        var memory = self.memory()
        #expect(memory.take(self.part(1), bytes: 90) == [])
        #expect(memory.take(self.part(1), bytes: 90) == [])
        memory.release(self.part(1))
        memory.removeUnused(self.part(1))
        #expect(memory.holds(Self.jobs[0]))
        memory.release(self.part(1))
        memory.removeUnused(self.part(1))
        #expect(!memory.holds(Self.jobs[0]))
    }
}
