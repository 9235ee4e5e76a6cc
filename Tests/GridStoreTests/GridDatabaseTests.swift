import FoundationEssentials
import GridStore
import GridWire
import Testing

struct GridDatabaseTests {
    private let temporary: TemporaryDirectory
    private let database: GridDatabase
    private let job = Sample.job(1)

    init() throws {
        self.temporary = try TemporaryDirectory()
        self.database = try GridDatabase(in: DataDirectory(path: "\(self.temporary.path)/data"))
    }

    @Test
    func `records come back in order, by job, kind, signer and id`() async throws {
        let records = try (0 ..< 20).map { i in
            try Sample.record(i, kind: i % 3 == 0 ? .auditReport : .resultBatch, signer: i % 2)
        }
        #expect(try await self.database.add(Array(records.reversed()), to: self.job, durability: .durable) == 20)
        #expect(try await self.database.add(records, to: self.job, durability: .committed) == 0)
        try await self.database.add([try Sample.record(99)], to: Sample.job(2), durability: .committed)

        // Values first, expectations then: with both in one expression the compiler (6.3.1, release) frees a temporary
        // array out of order and the run ends in "freed pointer was not the last allocation".
        let arrived = Array(records.reversed())
        let all = try await self.database.records(of: self.job)
        #expect(all == arrived)
        let audits = try await self.database.records(of: self.job, kind: .auditReport)
        #expect(audits == arrived.filter { $0.kind == .auditReport })
        let signer = try Sample.peer(1)
        let mine = try await self.database.records(of: self.job, kind: .resultBatch, signer: signer)
        #expect(mine == arrived.filter { $0.signer == signer && $0.kind == .resultBatch })
        let ids = [records[3].id, RecordID(Sample.digest(0)), records[1].id]
        let found = try await self.database.records(withIDs: ids)
        #expect(found == [records[3], records[1]])
        let counts = try await self.database.recordCounts(of: self.job)
        #expect(counts == [.auditReport: 7, .resultBatch: 13])
    }

    @Test
    func `records that nobody needs are forgotten, those of one job alone`() async throws {
        let records = try (0 ..< 6).map { try Sample.record($0) }
        let other = Sample.job(2)
        try await self.database.add(records, to: self.job, durability: .committed)
        try await self.database.add([try Sample.record(99)], to: other, durability: .committed)
        let before = try await self.database.recordBytes(of: self.job)
        #expect(before == records.reduce(0) { $0 + $1.body.count + $1.signature.count })
        let gone = [records[4].id, try Sample.record(99).id, records[1].id, RecordID(Sample.digest(0))]
        let deleted = try await self.database.forget(gone, of: self.job)
        let left = try await self.database.records(of: self.job)
        #expect(deleted == 2 && left == [records[0], records[2], records[3], records[5]])
        let after = try await self.database.recordBytes(of: self.job)
        #expect(after == left.reduce(0) { $0 + $1.body.count + $1.signature.count } && after < before)
        let foreign = try await self.database.records(of: other)
        #expect(foreign.count == 1)
        // One that is needed again comes in as a new one.
        let added = try await self.database.add([records[1]], to: self.job, durability: .committed)
        #expect(added == 1)
    }

    @Test
    func `a job is saved, changed, listed and forgotten`() async throws {
        let manifest = try Sample.record(1, kind: .jobManifest)
        let id = JobID(manifest.id.digest)
        var job = StoredJob(
            id: id,
            manifest: manifest,
            roles: [.steward, .submitter],
            phase: .receiving,
            receivedAt: 100,
            changedAt: 100,
            metBefore: 7
        )
        try await self.database.save(job)
        #expect(try await self.database.job(id) == job)
        #expect(try await self.database.unfinishedJobs() == [job])

        job.roles.insert(.worker)
        job.phase = .running
        job.changedAt = 110
        job.metBefore = 9
        try await self.database.save(job)
        job.metBefore = 7
        #expect(try await self.database.jobs() == [job], "nobody is met before a job that is heard of again")

        #expect(try await self.database.setPhase(.complete, of: id, at: 120))
        #expect(try await !self.database.setPhase(.complete, of: self.job, at: 120))
        job.phase = .complete
        job.changedAt = 120
        #expect(try await self.database.jobs() == [job])
        #expect(try await self.database.unfinishedJobs().isEmpty)

        try await self.database.retire(id)
        job.roles = []
        #expect(try await self.database.job(id) == job)
        #expect(try await self.database.records(of: id) == [job.manifest])

        try await self.database.forget(id)
        #expect(try await self.database.job(id) == nil)
        #expect(try await self.database.records(of: id).isEmpty)
    }

    @Test
    func `pixels are found again`() async throws {
        let places = (0 ..< 6).map { i in
            StoredPixels(
                unit: UnitID(frame: 1 + i / 3, tile: i % 3, firstBlock: 0, blockCount: 64),
                root: Sample.digest(100 + i),
                chunk: ChunkID(Sample.digest(i)),
                size: 49_152 + i
            )
        }
        try await self.database.setPixels(Array(places.reversed()), of: self.job, durability: .committed)
        #expect(try await self.database.pixels(of: self.job) == places)
        #expect(try await self.database.pixels(of: self.job, frame: 2) == Array(places.suffix(3)))
        #expect(try await self.database.pixels(of: places[4].unit, in: self.job) == places[4])
        #expect(try await self.database.pixels(of: places[4].unit, in: Sample.job(2)) == nil)
        var moved = places[4]
        moved.root = Sample.digest(150)
        moved.chunk = ChunkID(Sample.digest(50))
        try await self.database.setPixels([moved], of: self.job, durability: .committed)
        #expect(try await self.database.pixels(of: moved.unit, in: self.job) == moved)
        try await self.database.removePixels([moved.unit, places[0].unit], of: self.job)
        #expect(try await self.database.pixels(of: self.job).count == 4)
    }

    @Test
    func `peers keep the time and the place of the first meeting`() async throws {
        let alice = try Sample.peer(1)
        let bob = try Sample.peer(2)
        let database = self.database
        try await database.sawPeer(alice, agent: "tessera/0.1", addresses: ["/ip4/127.0.0.1/tcp/1"], number: 1, at: 10)
        try await database.sawPeer(bob, agent: "o'brien \"x\"; DROP TABLE peer", addresses: [], number: 2, at: 20)
        try await database.sawPeer(alice, agent: "tessera/0.2", addresses: ["/a\n/b", "/c", "/d"], number: 3, at: 30)
        let peers = try await self.database.peers()
        #expect(peers.map(\.id) == [alice, bob])
        #expect(peers[0].agent == "tessera/0.2")
        #expect(peers[0].addresses == ["/c", "/d"])
        #expect(peers[0].firstSeenAt == 10)
        #expect(peers[0].lastSeenAt == 30)
        #expect(peers.map(\.number) == [1, 2])
        #expect(peers[1].agent == "o'brien \"x\"; DROP TABLE peer")
        #expect(try await self.database.peers(limit: 1).map(\.id) == [alice])
    }

    @Test
    func `no flood of new keys makes a node forget whom it knows for long`() async throws {
        let old = try (1 ... 4).map { try Sample.peer($0) }
        for (index, peer) in old.enumerated() {
            let number = UInt64(index + 1)
            try await self.database.sawPeer(peer, agent: "old", addresses: [], number: number, at: 100, countMax: 8)
            try await self.database.sawPeer(peer, agent: "old", addresses: [], number: 9, at: 5_000, countMax: 8)
        }
        for key in 5 ..< 40 {
            let peer = try Sample.peer(key)
            let time = UInt64(6_000 + key)
            try await self.database.sawPeer(
                peer,
                agent: "new",
                addresses: [],
                number: UInt64(key),
                at: time,
                countMax: 8
            )
        }
        let peers = try await self.database.peers()
        #expect(peers.count == 8)
        #expect(Set(peers.map(\.id)).isSuperset(of: old))
        #expect(peers.first?.number == 39)
    }

    @Test
    func `counters add up by day, and settings are kept`() async throws {
        try await self.database.count(["units": 2, "joules": 1.5], on: 20_000)
        try await self.database.count(["units": 3, "bad": .nan, "none": 0], on: 20_000)
        try await self.database.count(["units": 10], on: 20_001)
        #expect(
            try await self.database.counts(on: 20_000 ... 20_000) == [
                DayCount(day: 20_000, name: "joules", amount: 1.5), DayCount(day: 20_000, name: "units", amount: 5),
            ]
        )
        #expect(try await self.database.totalCounts() == ["units": 15, "joules": 1.5])

        #expect(try await self.database.setting("paused") == nil)
        try await self.database.setSetting("paused", to: "yes")
        #expect(try await self.database.setting("paused") == "yes")
        try await self.database.setSetting("paused", to: nil)
        #expect(try await self.database.setting("paused") == nil)
    }

    @Test
    func `writes of many tasks are all there`() async throws {
        let database = self.database
        let job = self.job
        let batches = try (0 ..< 32).map { task in
            try (0 ..< 20).map { try Sample.record(task * 100 + $0, signer: task) }
        }
        await withTaskGroup(of: Int.self) { group in
            for batch in batches {
                group.addTask { await Self.add(batch, to: job, of: database) }
            }
            for await failures in group { #expect(failures == 0) }
        }
        #expect(try await database.records(of: job).count == 640)
        for batch in batches {
            #expect(try await database.records(of: job, signer: batch[0].signer) == batch)
        }
    }

    private static func add(_ records: [SignedRecord], to job: JobID, of database: GridDatabase) async -> Int {
        var failures = 0
        for (i, record) in records.enumerated() {
            let durability: Durability = i % 10 == 0 ? .durable : .committed
            do {
                try await database.add([record], to: job, durability: durability)
            } catch {
                failures += 1
            }
        }
        return failures
    }
}
