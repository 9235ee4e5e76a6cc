import FoundationEssentials
import GridStore
import GridWire
import Testing

/// What a kill, a broken disk or a wrong file leaves behind.
struct GridDatabaseRecoveryTests {
    private let temporary: TemporaryDirectory
    private let job = Sample.job(1)

    init() throws {
        self.temporary = try TemporaryDirectory()
    }

    private func open(_ name: String) throws -> GridDatabase {
        try GridDatabase(in: DataDirectory(path: "\(self.temporary.path)/\(name)"))
    }

    /// Copies the files of an open database, as they would lie there after `kill -9`.
    private func copy(_ name: String, to other: String) throws {
        for file in ["tessera.sqlite", "tessera.sqlite-wal"] where self.temporary.exists("\(name)/\(file)") {
            try self.temporary.write(self.temporary.read("\(name)/\(file)"), to: "\(other)/\(file)")
        }
    }

    @Test
    func `what was committed is there after a kill`() async throws {
        let database = try self.open("live")
        for i in 0 ..< 50 {
            try await database.add([Sample.record(i)], to: self.job, durability: i % 2 == 0 ? .durable : .committed)
            if i % 10 == 9 {
                try self.copy("live", to: "killed\(i)")
                let survivor = try self.open("killed\(i)")
                #expect(try await survivor.records(of: self.job).count == i + 1)
            }
        }
    }

    @Test
    func `a torn write-ahead file gives a prefix of the commits`() async throws {
        let database = try self.open("live")
        for i in 0 ..< 20 { try await database.add([Sample.record(i)], to: self.job, durability: .committed) }
        try self.copy("live", to: "whole")
        let log = try self.temporary.read("whole/tessera.sqlite-wal")
        var generator = SeededGenerator(seed: 7)
        for trial in 0 ..< 12 {
            var torn = Array(log.prefix(Int.random(in: log.count / 2 ..< log.count, using: &generator)))
            if trial % 2 == 0 { torn[torn.count - 1] ^= 0x55 }
            try self.temporary.write(self.temporary.read("whole/tessera.sqlite"), to: "torn\(trial)/tessera.sqlite")
            try self.temporary.write(torn, to: "torn\(trial)/tessera.sqlite-wal")
            let records = try await self.open("torn\(trial)").records(of: self.job)
            #expect(records.count < 20)
            #expect(records == (try (0 ..< records.count).map { try Sample.record($0) }))
        }
    }

    @Test
    func `a file that is no database is named and left as it is`() async throws {
        let rubbish = [UInt8](repeating: 0x42, count: 8192)
        try self.temporary.write(rubbish, to: "data/tessera.sqlite")
        let error = try #require(throws: StoreError.self) { _ = try self.open("data") }
        #expect(error.code == .damagedDatabase)
        #expect(error.message.contains("\(self.temporary.path)/data/tessera.sqlite is damaged: "))
        #expect(error.message.contains("move it away"))
        #expect(try self.temporary.read("data/tessera.sqlite") == rubbish)
    }

    @Test
    func `a damaged or truncated database is refused or works, and never crashes`() async throws {
        do {
            let database = try self.open("live")
            for i in 0 ..< 400 { try await database.add([Sample.record(i)], to: self.job, durability: .committed) }
            try database.close()
        }
        let bytes = try self.temporary.read("live/tessera.sqlite")
        #expect(bytes.count > 40_000)
        var generator = SeededGenerator(seed: 11)
        var refused = 0
        for trial in 0 ..< 60 {
            var damaged = bytes
            switch trial % 3 {
            case 0:
                damaged.removeLast(Int.random(in: 1 ..< bytes.count, using: &generator))
            case 1:
                let start = Int.random(in: 0 ..< bytes.count - 4096, using: &generator)
                for i in start ..< start + 4096 { damaged[i] = UInt8.random(in: 0 ... 255, using: &generator) }
            default:
                for _ in 0 ..< 20 { damaged[Int.random(in: 0 ..< bytes.count, using: &generator)] ^= 0xFF }
            }
            try self.temporary.write(damaged, to: "trial\(trial)/tessera.sqlite")
            do {
                _ = try await self.open("trial\(trial)").records(of: self.job)
            } catch let error as StoreError {
                #expect([.damagedDatabase, .foreignDatabase, .notWritable, .inputOutput].contains(error.code))
                #expect(error.message.contains("tessera.sqlite"))
                refused += 1
            }
        }
        #expect(refused >= 40)
    }

    @Test
    func `an empty file becomes a database`() async throws {
        try self.temporary.write([], to: "data/tessera.sqlite")
        #expect(try await self.open("data").jobs().isEmpty)
    }

    @Test
    func `databases of other programs and of newer versions are refused by name`() async throws {
        try self.open("live").close()
        let bytes = try self.temporary.read("live/tessera.sqlite")

        // The application id is the four bytes from 68: https://sqlite.org/fileformat2.html
        for id: [UInt8] in [[0, 0, 0, 0], [1, 2, 3, 4]] {
            var foreign = bytes
            foreign.replaceSubrange(68 ..< 72, with: id)
            try self.temporary.write(foreign, to: "foreign\(id[0])/tessera.sqlite")
            let error = try #require(throws: StoreError.self) { _ = try self.open("foreign\(id[0])") }
            #expect(error.code == .foreignDatabase)
            #expect(error.message.contains("of another program"))
        }

        let step = Array("1 first light".utf8)
        let unknownStep = Array("9 first light".utf8)
        var newer = bytes
        for i in 0 ..< newer.count - step.count where newer[i ..< i + step.count] == step[...] {
            newer.replaceSubrange(i ..< i + step.count, with: unknownStep)
        }
        #expect(newer != bytes)
        try self.temporary.write(newer, to: "newer/tessera.sqlite")
        let error = try #require(throws: StoreError.self) { _ = try self.open("newer") }
        #expect(error.code == .newerDatabase)
        #expect(error.message.contains("update this one"))
    }

    @Test
    func `a directory in place of the file is named`() async throws {
        try self.temporary.write([1], to: "data/tessera.sqlite/file")
        let error = try #require(throws: StoreError.self) { _ = try self.open("data") }
        #expect(error.code == .notWritable)
        #expect(error.message.contains("tessera.sqlite"))
    }
}
