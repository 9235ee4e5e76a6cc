import GridCore
import GridWire
import Testing

/// What energy costs, and who works when there is time.
@Suite
struct EnergyTests {
    private let manifest = TestGrid.manifest(width: 512, height: 64)

    @Test
    func `prices of energy are read by the hour, also over midnight`() throws {
        let tariff = try #require(EnergyTariff(prices: "0.30,22:00-06:00=0.18,17:30-20:00=0.45", watts: 120))
        #expect(tariff.watts == 120)
        let prices = [0, 359, 360, 1_049, 1_050, 1_199, 1_200, 1_319, 1_320, 1_439].map { tariff.price(atMinute: $0) }
        #expect(prices == [0.18, 0.18, 0.30, 0.30, 0.45, 0.45, 0.30, 0.30, 0.18, 0.18])
        #expect(EnergyTariff(prices: "1", watts: 1)?.price(atMinute: 700) == 1)
        #expect(EnergyTariff(prices: "1,00:00-24:00=2", watts: 1)?.price(atMinute: 1_439) == 2)
    }

    @Test(
        arguments: [
            "", "x", "-1", "0", "nan", "inf", "1e9", "1,", ",1", "1,22:00=2", "1,22:00-06:00", "1,22:00-06:00=",
            "1,22-6=2",
            "1,24:00-06:00=2", "1,22:60-06:00=2", "1,22:00-25:00=2", "1,06:00-06:00=2", "1,22:00-06:00=2=3",
            "1,+2:00-06:00=2", "1,22:00-06:00-07:00=2",
        ]
    )
    func `what is no price of energy is refused`(text: String) {
        #expect(EnergyTariff(prices: text, watts: 100) == nil)
    }

    @Test(arguments: [0, -1, .nan, .infinity, 1e7])
    func `what is no power is refused`(watts: Double) {
        #expect(EnergyTariff(prices: "0.3", watts: watts) == nil)
    }

    private func ask(_ hand: Hand, _ desk: Desk, cost: UInt64, holding: [UnitID] = []) -> LeaseRequest {
        var request = hand.ask(desk.job, wanted: 1, holding: holding, blockMicroseconds: 1_000)
        request.energyCost = cost
        return request
    }

    /// Workers of one speed ask for half an hour; what each gets then.
    private func lastGrants(costs: [UInt64], deadline: Duration?) throws -> [LeaseGrant?] {
        var desk = try Desk(self.manifest)
        if let deadline {
            let seconds = (desk.now.sinceEpoch + deadline).components.seconds
            desk.order(.running, deadline: UInt64(seconds) * 1_000)
        }
        let hands = costs.indices.map { Hand("worker \($0)") }
        var grants: [LeaseGrant?] = costs.map { _ in nil }
        for _ in 0 ..< 30 {
            for (place, hand) in hands.enumerated() {
                // What it got it gives back.
                grants[place] = desk.send(self.ask(hand, desk, cost: costs[place]), from: hand)
                desk.send(hand.ask(desk.job, wanted: 0), from: hand)
            }
            desk.wait(.seconds(60))
        }
        return grants
    }

    @Test
    func `a job with time until its deadline is left to those whose energy costs least`() throws {
        let grants = try self.lastGrants(costs: [100, 1_000], deadline: .seconds(100_000))
        #expect(grants[0]?.units.count == 1)
        #expect((100 ..< 110).contains(grants[0]?.energyCostMax ?? 0))
        #expect(grants[1]?.units.isEmpty ?? true)
        // Who does not say what its energy costs works, and leaves that much less to the others.
        let others = try self.lastGrants(costs: [100, 0], deadline: .seconds(100_000))
        #expect(others[0]?.units.isEmpty ?? true)
        #expect(others[1]?.units.count == 1)
    }

    @Test
    func `without a deadline, or without time until it, all work`() throws {
        for deadline in [nil, Duration.seconds(60)] {
            let grants = try self.lastGrants(costs: [100, 1_000], deadline: deadline)
            #expect(grants.map { $0?.units.count } == [1, 1])
            #expect(grants.map { $0?.energyCostMax } == [0, 0])
        }
    }

    /// What two workers of this steward get after 29 minutes, of which one costs more, when another steward has workers of a
    /// speed; without the others the two would need about two thirds of their time until the deadline.
    private func grants(
        besidesBlocksPerKilosecond speed: UInt64,
        deadline: Duration = .seconds(2_840)
    ) throws -> [LeaseGrant?] {
        let (me, other) = (TestGrid.peer("steward"), TestGrid.peer("other"))
        var desk = try Desk(self.manifest)
        desk.steward = try Steward(
            manifest: self.manifest,
            settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify),
            roster: Roster(number: 1, stewards: [me, other])
        )
        desk.note(desk.steward.start(now: desk.now))
        desk.order(.running, deadline: UInt64((desk.now.sinceEpoch + deadline).components.seconds) * 1_000)
        let hands = [(Hand("ann"), UInt64(100)), (Hand("bob"), 1_000)]
        var grants: [LeaseGrant?] = []
        for _ in 0 ... 870 {
            var word = StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
            word.blocksPerKilosecond = speed
            desk.note(desk.steward.handle(word, from: other, now: desk.now))
            grants = hands.map { hand, cost in
                var request = hand.ask(desk.job, wanted: 1, blockMicroseconds: 1_000_000)
                request.energyCost = cost
                let grant = desk.send(request, from: hand)
                desk.send(hand.ask(desk.job, wanted: 0), from: hand)
                return grant
            }
            desk.wait(.seconds(2))
        }
        return grants
    }

    @Test
    func `how many are needed is judged by the workers of all stewards`() throws {
        #expect(try self.grants(besidesBlocksPerKilosecond: 100).map { $0?.units.count } == [1, 1])
        let besideMany = try self.grants(besidesBlocksPerKilosecond: 8_000)
        #expect(besideMany[0]?.units.count == 1)
        #expect(besideMany[1]?.units.isEmpty ?? true)
    }

    /// Until this deadline the two need 0.84 of their time, and 0.92 of what is left of it without the last fiftieth.
    @Test
    func `a job that needs nearly all that nodes can do is not held back, and some time is kept for its end`() throws {
        let tight = try self.grants(besidesBlocksPerKilosecond: 100, deadline: .seconds(2_605))
        #expect(tight[0]?.energyCostMax == 0)
        let slack = try self.grants(besidesBlocksPerKilosecond: 100)
        #expect(slack[0]?.energyCostMax ?? 0 > 0)
    }

    @Test
    func `a node says what its energy costs by its own work, and why it waits`() throws {
        let job = JobID(self.manifest.id.digest)
        var bench = Bench { $0.watts = 100 }
        bench.worker.energyPriceChanged(0.36)
        let number = bench.ready(self.manifest)
        let plan = try UnitPlan(manifest: try #require(bench.worker.manifest(of: job)))
        #expect(bench.unanswered.last?.request.energyCost == 0, "nothing was rendered yet")
        bench.grant(number) { $0.units = [plan.unit(at: 0)] }
        bench.finish(job, plan.unit(at: 0))
        bench.wait(.seconds(1))
        // 100 W for a second are a 36,000th of a kilowatt-hour, for 10 of work.
        let cost = try #require(bench.unanswered.last?.request.energyCost)
        #expect(cost.distance(to: 1_000_000_000_000).magnitude < 1_000)
        bench.grantNewest { $0.energyCostMax = 800_000_000_000 }
        #expect(bench.worker.idleReason.contains("costs this node 25 % more"), "\(bench.worker.idleReason)")
        bench.worker.energyPriceChanged(0.18)
        #expect(!bench.worker.idleReason.contains("energy"))
    }
}
