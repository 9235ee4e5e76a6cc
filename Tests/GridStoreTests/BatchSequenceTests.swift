import GridStore
import Testing

/// Numbers of signed batches.
struct BatchSequenceTests {
    @Test
    func `numbers rise from start to start, also when the clock is set back by a day`() async throws {
        let directory = try TemporaryDirectory()
        let data = try DataDirectory(path: "\(directory.path)/data")
        var last: UInt64 = 0
        let day: UInt64 = 86_400_000
        for milliseconds in [3 * day, 3 * day + 1, 2 * day, 2 * day + 5, 9 * day, 0] {
            let database = try GridDatabase(in: data)
            let store = NodeStore(database: database, chunks: try ChunkStore(in: data))
            let first = try await store.beginBatches(milliseconds: milliseconds)
            #expect(first > last && first >= milliseconds)
            last = first + 1_000
            try database.close()
        }
    }
}
