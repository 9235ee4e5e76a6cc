import Foundation
import GridCore
import GridWire
import Testing

@Suite
struct SnapshotTests {
    @Test
    func `a job's snapshot shows its tiles, workers and rate, and survives JSON`() throws {
        var desk = try Desk(TestGrid.manifest(width: 256, height: 64, frames: 2))
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        _ = desk.send(alice.report(desk.job, [desk.unit(0), desk.unit(1), desk.unit(3)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)]), from: bob)
        _ = desk.send(bob.report(desk.job, [desk.unit(3)], wrongAt: 1), from: bob)
        desk.store(desk.unit(0))
        desk.wait(.seconds(2))
        let snapshot = desk.steward.snapshot(now: desk.now)
        #expect(snapshot.frames.map(\.tiles) == ["vr d", "    "])
        #expect(snapshot.role == .steward && snapshot.phase == "running")
        #expect(snapshot.memory == 1_000_000 && snapshot.samples == 16)
        #expect(snapshot.unitsVerified == 1 && snapshot.unitsRendered == 3 && snapshot.unitsTotal == 8)
        #expect(snapshot.workers.map(\.verifiedUnits) == [1, 1])
        #expect(snapshot.workers.map(\.workCount) == [10, 10])
        #expect(snapshot.workers.map(\.peerID) == [alice.peer.description, bob.peer.description])
        #expect(snapshot.seconds == 2 && snapshot.unitsPerSecond == 0.5 && snapshot.secondsLeft == 14)
        let data = try JSONEncoder().encode(snapshot)
        #expect(try JSONDecoder().decode(JobSnapshot.self, from: data) == snapshot)
    }

    @Test
    func `a job that a full disk holds up says so to everyone who watches, until there is space again`() throws {
        var desk = try Desk(TestGrid.manifest(width: 64, height: 64))
        let revision = desk.steward.revision
        desk.note(desk.steward.storageChanged(trouble: "no space is left", now: desk.now))
        #expect(desk.actions.contains(.statusChanged) && desk.steward.revision > revision)
        #expect(desk.steward.status(now: desk.now).waitingFor == "no space is left")
        #expect(desk.steward.snapshot(now: desk.now).waitingFor == "no space is left")
        desk.note(desk.steward.storageChanged(trouble: nil, now: desk.now))
        #expect(desk.steward.status(now: desk.now).waitingFor != "no space is left")
    }

    @Test
    func `a long job lists the frames around its work`() throws {
        let desk = try Desk(TestGrid.manifest(width: 64, height: 64, frames: 1_000))
        let snapshot = desk.steward.snapshot(now: desk.now)
        #expect(snapshot.frames.map(\.number) == Array(1 ... JobSnapshot.framesMax))
        #expect(snapshot.frameCount == 1_000)
    }

    @Test
    func `a node's snapshot survives JSON`() throws {
        var bench = Bench()
        bench.offer(TestGrid.manifest())
        let snapshot = GridSnapshot(
            node: NodeSnapshot(
                peerID: bench.me.description,
                grid: "test",
                agent: "tessera/0.1",
                listenAddresses: ["/ip4/127.0.0.1/tcp/1"],
                threads: 1,
                coreVersion: TestGrid.coreVersion.description,
                uptimeSeconds: 1.5,
                isPaused: false,
                idleReason: bench.worker.idleReason
            ),
            peers: [],
            jobs: bench.worker.snapshots(now: bench.now),
            stats: StatsSnapshot()
        )
        let data = try JSONEncoder().encode(snapshot)
        #expect(try JSONDecoder().decode(GridSnapshot.self, from: data) == snapshot)
        #expect(snapshot.jobs.map(\.role) == [.worker])
    }

    @Test
    func `a steward of a hundred thousand units answers quickly enough for hundreds of workers`() throws {
        // No clock is looked at: the test would only become unbearably slow if an input cost time in the number of units.
        var desk = try Desk(TestGrid.manifest(width: 1_920, height: 1_088, samples: 64, frames: 200))
        #expect(desk.steward.plan.unitCount == 102_000)
        var hands = (0 ..< 200).map { Hand("hand \($0)") }
        var held: [[UnitID]] = Array(repeating: [], count: hands.count)
        for round in 0 ..< 6 {
            for index in hands.indices {
                if round > 0, let unit = held[index].first {
                    held[index].removeFirst()
                    let report = hands[index].report(desk.job, [unit], wanted: 2, holding: held[index])
                    held[index] += desk.send(report, from: hands[index])?.units ?? []
                } else {
                    held[index] = desk.send(hands[index].ask(desk.job, wanted: 3), from: hands[index])?.units ?? []
                }
            }
        }
        #expect(desk.steward.status(now: desk.now).unitsRendered > 400)
    }
}
