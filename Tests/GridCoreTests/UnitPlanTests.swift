import GridCore
import GridWire
import Testing

@Suite
struct UnitPlanTests {
    private func plan(
        _ width: Int,
        _ height: Int,
        samples: Int,
        frames: Int = 1,
        firstFrame: Int = 1
    ) throws -> UnitPlan {
        let record = TestGrid.manifest(
            width: width,
            height: height,
            samples: samples,
            firstFrame: firstFrame,
            frames: frames
        )
        guard case .jobManifest(let manifest) = try record.verified(by: TestGrid.verify) else {
            throw JobError(.badManifest, "no manifest")
        }
        return try UnitPlan(manifest: manifest)
    }

    @Test
    func `a shot of a film is one job, in units of half a minute`() throws {
        // 24,000 samples and 100 frames of 1920x1080: 58 core-days a frame.
        let plan = try self.plan(1920, 1080, samples: 24_000, frames: 100)
        #expect(plan.blocksPerUnit == 8)
        #expect(plan.unitCount < UnitPlan.unitsMax / 2)
    }

    @Test
    func `cheap tiles are whole units`() throws {
        let plan = try self.plan(1920, 1080, samples: 64, frames: 8)
        #expect(plan.blocksPerUnit == 64)
        #expect(plan.unitsPerFrame == 30 * 17)
        #expect(plan.unitCount == 8 * 510)
    }

    @Test(arguments: [(256, 64), (512, 32), (1_024, 16), (65_536, 1)])
    func `expensive tiles are split so that a unit takes about two seconds`(samples: Int, blocks: Int) throws {
        #expect(try self.plan(1920, 1080, samples: samples, frames: 8).blocksPerUnit == blocks)
    }

    @Test
    func `a small job is cut finer than its tiles demand`() throws {
        #expect(try self.plan(256, 256, samples: 256).blocksPerUnit == 8)
    }

    @Test(arguments: [(1, 1), (64, 64), (65, 64), (64, 65), (200, 136), (321, 57), (7, 300)], [1, 200, 3_000])
    func `units cover every block of every frame once, in order`(size: (Int, Int), samples: Int) throws {
        let plan = try self.plan(size.0, size.1, samples: samples, frames: 3, firstFrame: -1)
        var next = 0
        for frame in -1 ... 1 {
            #expect(plan.units(ofFrame: frame) == next ..< (next + plan.unitsPerFrame))
            for tile in 0 ..< plan.geometry.tileCount {
                var block = 0
                for index in plan.units(ofTile: tile, inFrame: frame) {
                    #expect(index == next)
                    let unit = plan.unit(at: index)
                    #expect(unit.frame == frame && unit.tile == tile && unit.firstBlock == block)
                    #expect(plan.index(of: unit) == index)
                    block += unit.blockCount
                    next += 1
                }
                #expect(block == plan.geometry.blockCount(ofTile: tile))
            }
        }
        #expect(next == plan.unitCount)
    }

    @Test
    func `units of other jobs have no number`() throws {
        let plan = try self.plan(128, 64, samples: 16)
        #expect(plan.index(of: UnitID(frame: 1, tile: 1, firstBlock: 0, blockCount: plan.blocksPerUnit)) != nil)
        for unit in [
            UnitID(frame: 2, tile: 0, firstBlock: 0, blockCount: plan.blocksPerUnit),
            UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: 2, firstBlock: 0, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: -1, firstBlock: 0, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: 0, firstBlock: 1, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: 0, firstBlock: 64, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: 0, firstBlock: -64, blockCount: plan.blocksPerUnit),
            UnitID(frame: 1, tile: 0, firstBlock: 0, blockCount: 3),
            UnitID(frame: .max, tile: .max, firstBlock: .max, blockCount: .max),
            UnitID(frame: .min, tile: .min, firstBlock: .min, blockCount: .min),
        ] {
            #expect(plan.index(of: unit) == nil)
        }
    }

    @Test
    func `a job of too many units is refused with a hint`() throws {
        #expect(throws: JobError(.badGeometry, "")) {
            try self.plan(16_384, 16_384, samples: 65_536, frames: 100)
        }
    }
}
