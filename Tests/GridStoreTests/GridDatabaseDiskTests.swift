import FoundationEssentials
import GridStore
import GridWire
import Testing

#if canImport(Glibc)
import Glibc

/// A disk that is really full: a file system of half a megabyte in memory, which only root may mount.
@Suite(.enabled(if: geteuid() == 0, "only root may mount a small disk"))
struct GridDatabaseDiskTests {
    private final class SmallDisk {
        let directory: TemporaryDirectory
        var path: String { "\(self.directory.path)/disk" }

        /// Nothing where not even root may mount.
        init?() throws {
            self.directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
            guard mount("tessera-test", self.path, "tmpfs", 0, "size=2m") == 0 else { return nil }
        }

        deinit {
            umount2(self.path, Int32(MNT_DETACH))
        }
    }

    @Test
    func `a full disk is a sentence, loses no record, and is cured by space`() async throws {
        guard let disk = try SmallDisk() else {
            print("skipped: this machine lets nobody mount a small disk")
            return
        }
        let data = try DataDirectory(path: "\(disk.path)/data")
        let job = Sample.job(1)
        let filler = "disk/filler"
        try disk.directory.write([UInt8](repeating: 1, count: 1_500_000), to: filler)
        var kept = 0
        do {
            let database = try GridDatabase(in: data)
            func add(_ first: Int) async throws {
                let records = try (first ..< first + 100).map { try Sample.record($0) }
                try await database.add(records, to: job, durability: .durable)
            }
            var failure: StoreError?
            while failure == nil, kept < 100_000 {
                do {
                    try await add(kept)
                    kept += 100
                } catch let error as StoreError {
                    failure = error
                }
            }
            #expect(failure?.code == .diskFull)
            #expect(failure?.message.contains("free some space") == true)
            #expect(kept > 0)
            let held = try await database.records(of: job).count
            #expect(held == kept, "what was stored can be read while the disk is full")
            await #expect(throws: StoreError.self) { try await add(kept) }

            try FileManager.default.removeItem(atPath: "\(disk.directory.path)/\(filler)")
            try await add(kept)
            kept += 100
            let cured = try await database.records(of: job).count
            #expect(cured == kept)
            try database.close()
        }
        let reopened = try GridDatabase(in: data)
        let records = try await reopened.records(of: job)
        #expect(records == (try (0 ..< kept).map { try Sample.record($0) }))
        try reopened.close()
    }
}
#endif
