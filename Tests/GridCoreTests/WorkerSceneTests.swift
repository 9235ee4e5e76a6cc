import GridCore
import GridWire
import Testing

/// Which scenes a node fetches where that takes minutes.
@Suite
struct WorkerSceneTests {
    /// Fetching a scene takes 200 s.
    private func bench() -> Bench {
        Bench { $0.fetchRate = 1e7 }
    }

    private func shot(_ title: String) -> SignedRecord {
        TestGrid.manifest(title: title, assetSize: 2_000_000_000)
    }

    private func prepared(_ bench: Bench) -> [JobID] {
        bench.actions.compactMap { if case .prepareScene(let job, []) = $0 { job } else { nil } }
    }

    @Test
    func `a large scene is not fetched before other jobs could be heard of`() {
        var bench = self.bench()
        bench.offer(self.shot("a"))
        #expect(self.prepared(bench).isEmpty)
        bench.wait(.seconds(3))
        bench.offer(self.shot("b"), missingBytes: 0)
        #expect(self.prepared(bench) == [JobID(self.shot("b").id.digest)], "it lies on the disk")
        bench.wait(.seconds(100))
        #expect(self.prepared(bench).isEmpty, "one is enough")
    }

    @Test
    func `with nothing else it is fetched after 5 s`() {
        var bench = self.bench()
        bench.offer(self.shot("a"))
        bench.wait(.milliseconds(4_999))
        #expect(self.prepared(bench).isEmpty)
        bench.wait(.milliseconds(1))
        #expect(self.prepared(bench) == [JobID(self.shot("a").id.digest)])
    }

    @Test(arguments: 0 ..< 6)
    func `a job that is done within ten times what fetching takes comes after one that lasts`(number: Int) {
        var bench = self.bench()
        let (short, long) = (self.shot("short \(number)"), self.shot("long \(number)"))
        bench.offer(short, secondsLeft: 1_900)
        bench.offer(long, secondsLeft: 9_000)
        bench.wait(.seconds(6))
        #expect(self.prepared(bench) == [JobID(long.id.digest)])
    }

    /// A node whose job's scene is on its disk, with another one known whose scene takes 200 s.
    private func busy(nextLasts seconds: UInt64 = 9_000) -> Bench {
        var bench = self.bench()
        bench.offer(self.shot("now"), missingBytes: 0, secondsLeft: 3_000)
        bench.actions = bench.worker.sceneReady(JobID(self.shot("now").id.digest), frames: [], now: bench.now)
        // It has a unit, and so asks for no more.
        bench.grantNewest { $0.units = [UnitID(frame: 1, tile: 0, firstBlock: 0, blockCount: 64)] }
        bench.offer(self.shot("next"), secondsLeft: seconds)
        bench.wait(.seconds(5))
        return bench
    }

    @Test
    func `a large scene is fetched ahead when the job at hand ends within twice what that takes`() {
        var bench = self.busy()
        #expect(self.prepared(bench).isEmpty, "there is work for long")
        bench.offer(self.shot("now"), secondsLeft: 410)
        #expect(self.prepared(bench).isEmpty)
        bench.offer(self.shot("now"), secondsLeft: 390)
        #expect(self.prepared(bench) == [JobID(self.shot("next").id.digest)])
    }

    @Test
    func `a large scene is not fetched ahead for a job that will be nearly done by then`() {
        var bench = self.busy(nextLasts: 1_900)
        bench.offer(self.shot("now"), secondsLeft: 390)
        #expect(self.prepared(bench).isEmpty)
    }

    @Test
    func `a small scene is fetched ahead at once`() {
        var bench = self.busy()
        bench.offer(self.shot("small"), missingBytes: 50_000_000)
        #expect(self.prepared(bench) == [JobID(self.shot("small").id.digest)])
    }

    @Test
    func `nothing is fetched ahead of a scene that is still under way`() {
        var bench = self.bench()
        bench.offer(self.shot("now"), secondsLeft: 300)
        bench.wait(.seconds(6))
        #expect(self.prepared(bench) == [JobID(self.shot("now").id.digest)])
        bench.offer(self.shot("next"), secondsLeft: 9_000)
        bench.wait(.seconds(6))
        #expect(self.prepared(bench).isEmpty)
    }
}
