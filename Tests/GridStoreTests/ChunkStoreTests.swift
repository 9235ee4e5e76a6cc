import GridStore
import GridWire
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct ChunkStoreTests {
    private let temporary: TemporaryDirectory
    private let directory: DataDirectory

    init() throws {
        self.temporary = try TemporaryDirectory()
        self.directory = try DataDirectory(path: "\(self.temporary.path)/data")
    }

    private func chunk(_ number: Int, size: Int = 1000) -> (id: ChunkID, bytes: [UInt8]) {
        var generator = SeededGenerator(seed: UInt64(number))
        let bytes = generator.bytes(size)
        return (ChunkID(Digest(hashing: bytes)), bytes)
    }

    private func file(of id: ChunkID) -> String {
        "data/chunks/\(id.description.prefix(2))/\(id)"
    }

    @Test(arguments: [Durability.committed, .durable])
    func `what is put is got, now and after a restart`(durability: Durability) async throws {
        let chunk = self.chunk(1)
        do {
            let store = try ChunkStore(in: self.directory)
            #expect(try await store.get(chunk.id) == nil)
            try await store.put(chunk.bytes, expecting: chunk.id, durability: durability)
            try await store.put(chunk.bytes, expecting: chunk.id, durability: .durable)
            #expect(try await store.get(chunk.id) == chunk.bytes)
        }
        let store = try ChunkStore(in: self.directory)
        #expect(store.has(chunk.id))
        #expect(store.size(of: chunk.id) == 1000)
        #expect(try await store.get(chunk.id) == chunk.bytes)
        #expect(store.usage.size == 1000)
        #expect(try self.temporary.read(self.file(of: chunk.id)) == chunk.bytes)
        #expect(try self.temporary.names(in: "data/chunks/incoming").isEmpty)
    }

    @Test
    func `bytes that are not what they are called are refused and leave nothing`() async throws {
        let store = try ChunkStore(in: self.directory)
        let chunk = self.chunk(1)
        for bytes in [chunk.bytes + [0], Array(chunk.bytes.dropLast()), [], self.chunk(2).bytes] {
            let error = await #expect(throws: StoreError.self) { try await store.put(bytes, expecting: chunk.id) }
            #expect(error?.code == .wrongContent)
        }
        let long = [UInt8](repeating: 0, count: ChunkStore.chunkSizeMax + 1)
        let error = await #expect(throws: StoreError.self) { _ = try await store.put(long) }
        #expect(error?.code == .wrongContent)
        #expect(!store.has(chunk.id))
        #expect(!self.temporary.exists(self.file(of: chunk.id)))
        #expect(store.usage.size == 0)
    }

    @Test
    func `a damaged file is removed, and the chunk can be put again`() async throws {
        let store = try ChunkStore(in: self.directory)
        let chunk = self.chunk(1)
        var flipped = chunk.bytes
        flipped[500] ^= 1
        for (damage, count) in [(flipped, 1), (Array(chunk.bytes.prefix(999)), 2), (chunk.bytes + [7], 3), ([], 4)] {
            try await store.put(chunk.bytes, expecting: chunk.id)
            try self.temporary.write(damage, to: self.file(of: chunk.id))
            #expect(store.has(chunk.id))
            #expect(try await store.get(chunk.id) == nil)
            #expect(!store.has(chunk.id))
            #expect(!self.temporary.exists(self.file(of: chunk.id)))
            #expect(store.usage.damagedCount == UInt64(count))
        }
        try await store.put(chunk.bytes, expecting: chunk.id)
        #expect(try await store.get(chunk.id) == chunk.bytes)
    }

    @Test
    func `the files of a blob's chunks are mapped side by side, and stay when they are removed`() async throws {
        let store = try ChunkStore(in: self.directory)
        let bytes = (0 ..< 2 * SceneIndex.chunkSize + 4_321).map {
            UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13)
        }
        let (blob, chunks) = Chunker.split(bytes)
        for chunk in chunks { try await store.put(Array(bytes[chunk.range]), expecting: chunk.id) }
        let mapped = try #require(MappedBlob(blob))
        for (i, chunk) in chunks.enumerated() { #expect(try await store.map(chunk.id, at: i, of: mapped)) }
        for chunk in chunks { await store.remove(chunk.id) }
        // Not in one comparison: a failure would print both.
        let isEqual = mapped.bytes.elementsEqual(bytes)
        #expect(isEqual)
        #expect(try await !store.map(chunks[0].id, at: 0, of: mapped))
    }

    @Test
    func `a damaged file is not mapped, and goes`() async throws {
        let store = try ChunkStore(in: self.directory)
        let chunk = self.chunk(1)
        let blob = SceneIndex.Blob(size: 1_000, chunks: [chunk.id])
        let mapped = try #require(MappedBlob(blob))
        var flipped = chunk.bytes
        flipped[500] ^= 1
        for damage in [flipped, Array(chunk.bytes.prefix(999)), chunk.bytes + [7], []] {
            try await store.put(chunk.bytes, expecting: chunk.id)
            try self.temporary.write(damage, to: self.file(of: chunk.id))
            #expect(try await !store.map(chunk.id, at: 0, of: mapped))
            #expect(!store.has(chunk.id))
        }
        try await store.put(chunk.bytes, expecting: chunk.id)
        #expect(try await store.map(chunk.id, at: 0, of: mapped))
        #expect(mapped.bytes.elementsEqual(chunk.bytes))
    }

    @Test
    func `a huge or vanished file is not read`() async throws {
        let store = try ChunkStore(in: self.directory)
        let huge = self.chunk(1)
        let gone = self.chunk(2)
        try await store.put(huge.bytes, expecting: huge.id)
        try await store.put(gone.bytes, expecting: gone.id)
        #expect(truncate("\(self.temporary.path)/\(self.file(of: huge.id))", 1 << 40) == 0)
        #expect(unlink("\(self.temporary.path)/\(self.file(of: gone.id))") == 0)
        #expect(try await store.get(huge.id) == nil)
        #expect(try await store.get(gone.id) == nil)
        #expect(store.usage.count == 0)
        #expect(store.usage.size == 0)
    }

    @Test
    func `what a power cut left of a chunk does not pass for it: it is written anew, and forced to the disk`()
        async throws
    {
        let chunk = self.chunk(1)
        try self.temporary.write(
            Array(chunk.bytes.prefix(700)) + [UInt8](repeating: 0, count: 300),
            to: self.file(of: chunk.id)
        )
        let forced = Counter()
        var calls = DiskCalls.system
        calls.synchronize = { descriptor in
            forced.add(1)
            return fsync(descriptor)
        }
        let store = try ChunkStore(in: self.directory, quota: 1 << 20, calls: calls)
        try await store.put(chunk.bytes, expecting: chunk.id, durability: .durable)
        #expect(forced.value == 2, "its content and its name")
        #expect(try await store.get(chunk.id) == chunk.bytes)
        #expect(store.usage.size == 1_000)
        #expect(store.usage.damagedCount == 0)
    }

    @Test
    func `a start cleans up after a kill and leaves foreign files alone`() async throws {
        let whole = self.chunk(1)
        let torn = self.chunk(2)
        let empty = self.chunk(3)
        try self.temporary.write(whole.bytes, to: self.file(of: whole.id))
        try self.temporary.write(Array(torn.bytes.prefix(100)), to: "data/chunks/incoming/\(torn.id).7")
        try self.temporary.write([], to: self.file(of: empty.id))
        try self.temporary.write([1, 2, 3], to: "data/chunks/ab/README")
        try self.temporary.write([1, 2, 3], to: "data/chunks/notes.txt")
        let misplaced = whole.id.description.hasPrefix("00") ? "01" : "00"
        try self.temporary.write(whole.bytes, to: "data/chunks/\(misplaced)/\(whole.id)")
        let store = try ChunkStore(in: self.directory)
        #expect(store.usage.count == 1)
        #expect(try await store.get(whole.id) == whole.bytes)
        #expect(!store.has(torn.id))
        #expect(!store.has(empty.id))
        #expect(try self.temporary.names(in: "data/chunks/incoming").isEmpty)
        #expect(!self.temporary.exists(self.file(of: empty.id)))
        #expect(self.temporary.exists("data/chunks/ab/README"))
        #expect(self.temporary.exists("data/chunks/notes.txt"))
    }

    @Test
    func `room is made by dropping what was used longest ago and is not pinned`() async throws {
        let store = try ChunkStore(in: self.directory, quota: 5_500)
        let chunks = (0 ..< 7).map { self.chunk($0) }
        store.pin([chunks[0].id], for: .scene(Sample.job(1)))
        for chunk in chunks.prefix(5) { try await store.put(chunk.bytes, expecting: chunk.id) }
        #expect(try await store.get(chunks[1].id) != nil)
        try await store.put(chunks[5].bytes, expecting: chunks[5].id)
        #expect(chunks.map { store.has($0.id) } == [true, true, false, true, true, true, false])
        try await store.put(chunks[6].bytes, expecting: chunks[6].id)
        #expect(chunks.map { store.has($0.id) } == [true, true, false, false, true, true, true])
        #expect(chunks.map { self.temporary.exists(self.file(of: $0.id)) } == chunks.map { store.has($0.id) })
        #expect(store.usage.evictedCount == 2)
        #expect(store.usage.size == 5_000)
    }

    @Test
    func `the order of use is kept over a restart`() async throws {
        let chunks = (0 ..< 4).map { self.chunk($0) }
        do {
            let store = try ChunkStore(in: self.directory)
            for chunk in chunks.prefix(3) { try await store.put(chunk.bytes, expecting: chunk.id) }
        }
        for (second, i) in [(100, 1), (200, 2), (300, 0)] {
            var times = [timespec(tv_sec: second, tv_nsec: 0), timespec(tv_sec: second, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, "\(self.temporary.path)/\(self.file(of: chunks[i].id))", &times, 0) == 0)
        }
        let store = try ChunkStore(in: self.directory, quota: 3_000)
        try await store.put(chunks[3].bytes, expecting: chunks[3].id)
        #expect(chunks.map { store.has($0.id) } == [true, false, true, true])
    }

    @Test
    func `pinned chunks are never dropped, until their last job ends`() async throws {
        let store = try ChunkStore(in: self.directory, quota: 3_000)
        let chunks = (0 ..< 4).map { self.chunk($0) }
        store.pin(chunks.prefix(3).map(\.id), for: .scene(Sample.job(1)))
        store.pin([chunks[0].id], for: .scene(Sample.job(2)))
        for chunk in chunks.prefix(3) { try await store.put(chunk.bytes, expecting: chunk.id) }
        #expect(store.usage.pinnedCount == 3)
        let error = await #expect(throws: StoreError.self) {
            try await store.put(chunks[3].bytes, expecting: chunks[3].id)
        }
        #expect(error?.code == .quotaExceeded)
        #expect(error?.message.contains("3000 bytes") == true)
        #expect(chunks.map { store.has($0.id) } == [true, true, true, false])
        store.unpin(.scene(Sample.job(1)))
        store.unpin(.scene(Sample.job(1)))
        #expect(store.usage.pinnedCount == 1)
        try await store.put(chunks[3].bytes, expecting: chunks[3].id)
        #expect(chunks.map { store.has($0.id) } == [true, false, true, true])
    }

    @Test
    func `the pixels of a job's frames stay when its scene is let go, and each frame's until its own end`() async throws
    {
        let store = try ChunkStore(in: self.directory, quota: 3_000)
        let chunks = (0 ..< 6).map { self.chunk($0) }
        let job = Sample.job(1)
        store.pin([chunks[0].id], for: .scene(job))
        // Equal pixels of two frames are one chunk.
        store.pin([chunks[1].id, chunks[2].id], for: .pixels(job, frame: 1))
        store.pin([chunks[2].id], for: .pixels(job, frame: 2))
        for chunk in chunks.prefix(3) { try await store.put(chunk.bytes, expecting: chunk.id) }
        store.unpin(.scene(job))
        try await store.put(chunks[3].bytes, expecting: chunks[3].id)
        #expect(chunks.map { store.has($0.id) } == [false, true, true, true, false, false])
        store.unpin(.pixels(job, frame: 1))
        for chunk in chunks.suffix(2) { try await store.put(chunk.bytes, expecting: chunk.id) }
        #expect(chunks.map { store.has($0.id) } == [false, false, true, false, true, true])
    }

    @Test
    func `a smaller quota takes effect with the next put`() async throws {
        let store = try ChunkStore(in: self.directory)
        let chunks = (0 ..< 5).map { self.chunk($0) }
        for chunk in chunks.prefix(4) { try await store.put(chunk.bytes, expecting: chunk.id) }
        store.setQuota(2_000)
        try await store.put(chunks[4].bytes, expecting: chunks[4].id)
        #expect(chunks.map { store.has($0.id) } == [false, false, false, true, true])
    }

    @Test
    func `a full disk is a sentence and leaves nothing half-written`() async throws {
        let failures = Counter(1)
        var calls = DiskCalls.system
        calls.write = { descriptor, bytes, count in
            guard failures.value > 0 else { return write(descriptor, bytes, count) }
            // Half of it still fits.
            if count > 500 { return write(descriptor, bytes, count - 500) }
            errno = ENOSPC
            return -1
        }
        let store = try ChunkStore(in: self.directory, quota: 1 << 20, calls: calls)
        let chunk = self.chunk(1)
        let error = await #expect(throws: StoreError.self) { try await store.put(chunk.bytes, expecting: chunk.id) }
        #expect(error?.code == .diskFull)
        #expect(error?.message.hasPrefix("no space is left on the disk") == true)
        #expect(!store.has(chunk.id))
        #expect(try self.temporary.names(in: "data/chunks/incoming").isEmpty)
        #expect(store.usage.size == 0)
        failures.add(-1)
        try await store.put(chunk.bytes, expecting: chunk.id)
        #expect(try await store.get(chunk.id) == chunk.bytes)
    }

    @Test
    func `on a full disk a chunk that nobody needs makes room`() async throws {
        let failures = Counter()
        var calls = DiskCalls.system
        calls.write = { descriptor, bytes, count in
            if failures.value > 0 {
                failures.add(-1)
                errno = ENOSPC
                return -1
            }
            return write(descriptor, bytes, count)
        }
        let store = try ChunkStore(in: self.directory, quota: 1 << 20, calls: calls)
        let chunks = (0 ..< 2).map { self.chunk($0) }
        try await store.put(chunks[0].bytes, expecting: chunks[0].id)
        failures.add(1)
        try await store.put(chunks[1].bytes, expecting: chunks[1].id)
        #expect(chunks.map { store.has($0.id) } == [false, true])
    }

    @Test
    func `many tasks put and get at one time`() async throws {
        let store = try ChunkStore(in: self.directory, quota: 40_000)
        let chunks = (0 ..< 64).map { self.chunk($0, size: 500 + 10 * $0) }
        let wrong = Counter()
        await withTaskGroup(of: Void.self) { group in
            for task in 0 ..< 16 {
                group.addTask {
                    var generator = SeededGenerator(seed: UInt64(task))
                    for _ in 0 ..< 100 {
                        guard let chunk = chunks.randomElement(using: &generator) else { return }
                        do {
                            if Bool.random(using: &generator) {
                                try await store.put(chunk.bytes, expecting: chunk.id, durability: .committed)
                            } else if let bytes = try await store.get(chunk.id), bytes != chunk.bytes {
                                wrong.add(1)
                            }
                        } catch {
                            wrong.add(1)
                        }
                    }
                }
            }
        }
        #expect(wrong.value == 0)
        let usage = store.usage
        #expect(usage.size <= 40_000)
        #expect(usage.damagedCount == 0)
        #expect(try self.temporary.names(in: "data/chunks/incoming").isEmpty)
        var onDisk = 0
        for chunk in chunks where self.temporary.exists(self.file(of: chunk.id)) {
            #expect(store.has(chunk.id))
            onDisk += 1
        }
        #expect(onDisk == usage.count)
    }

    @Test
    func `missing and held chunks are told apart`() async throws {
        let store = try ChunkStore(in: self.directory)
        let chunks = (0 ..< 4).map { self.chunk($0) }
        try await store.put(chunks[2].bytes, expecting: chunks[2].id)
        let ids = chunks.map(\.id)
        #expect(store.held(among: ids + ids) == [ids[2], ids[2]])
        #expect(store.missing(among: ids + ids) == [ids[0], ids[1], ids[3]])
        await store.remove(ids[2])
        #expect(store.held(among: ids).isEmpty)
    }
}
