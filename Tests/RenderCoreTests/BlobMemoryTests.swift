import RenderCore
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct BlobMemoryTests {
    private let settings = RenderSettings(width: 8, height: 8, samples: 2)

    private func pixels(_ scene: Scene) -> FilmBlock {
        BlockRenderer(scene: scene, settings: self.settings).render(x: 0, y: 0, width: 8, height: 8)
    }

    #if canImport(Glibc)
    /// A file's bytes, mapped for reading.
    private func map(_ path: String) throws -> UnsafeRawBufferPointer {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var status = stat()
        try #require(file >= 0 && fstat(file, &status) == 0)
        let count = Int(status.st_size)
        let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0)
        try #require(address != MAP_FAILED)
        return UnsafeRawBufferPointer(start: address, count: count)
    }

    @Test
    func `a scene renders from mapped files, without a copy, and lets them go`() throws {
        let assets = try GoldenScene.assets.encoded()
        let frame = try GoldenScene.frame.encoded(for: GoldenScene.assets)
        let expected = self.pixels(try Scene(assets: assets, frame: frame))
        var maps: [UnsafeRawBufferPointer] = []
        for bytes in [assets, frame] {
            var path = Array("/tmp/tessera-blob-XXXXXX".utf8CString)
            let file = mkstemp(&path)
            try #require(file >= 0)
            defer { close(file) }
            #expect(write(file, bytes, bytes.count) == bytes.count)
            let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            maps.append(try self.map(name))
            unlink(name)
        }
        let released = Released()
        var scene: Scene?
        do {
            let loaded = try LoadedAssets(BlobBytes(borrowing: maps[0]) { released.add() })
            scene = try Scene(assets: loaded, frame: BlobBytes(borrowing: maps[1]) { released.add() })
        }
        #expect(released.count == 0)
        #expect(try self.pixels(#require(scene)) == expected)
        scene = nil
        #expect(released.count == 2)
        for map in maps { munmap(UnsafeMutableRawPointer(mutating: map.baseAddress), map.count) }
    }
    #endif

    @Test
    func `bytes at an odd address are copied and let go at once`() throws {
        let assets = try GoldenScene.assets.encoded()
        let frame = try GoldenScene.frame.encoded(for: GoldenScene.assets)
        let expected = self.pixels(try Scene(assets: assets, frame: frame))
        let released = Released()
        let shifted = [0] + assets
        let scene = try shifted.withUnsafeBytes { bytes in
            let odd = UnsafeRawBufferPointer(rebasing: bytes[1...])
            let blob = BlobBytes(borrowing: odd) { released.add() }
            let even = BlobBytes(borrowing: bytes) { released.add() }
            _ = even
            return try Scene(assets: LoadedAssets(blob), frame: BlobBytes(frame))
        }
        #expect(released.count == 2)
        #expect(self.pixels(scene) == expected)
    }

    @Test
    func `frames share their assets`() throws {
        let source = GoldenScene.assets
        let bytes = try source.encoded()
        let loaded = try LoadedAssets(BlobBytes(bytes))
        for step in 0 ..< 3 {
            var frame = GoldenScene.frame
            frame.instances.removeFirst(step)
            let encoded = try frame.encoded(for: source)
            let shared = try Scene(assets: loaded, frame: BlobBytes(encoded))
            let alone = try Scene(assets: bytes, frame: encoded)
            #expect(self.pixels(shared) == self.pixels(alone))
        }
    }

    @Test
    func `empty blobs are refused`() {
        #expect(throws: SceneBlobError.self) { try LoadedAssets(BlobBytes([])) }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(throws: SceneBlobError.self) { try LoadedAssets(BlobBytes(borrowing: nothing) {}) }
    }
}

/// Counts how many blobs were let go.
private final class Released: Sendable {
    private let counter = Mutex(0)

    var count: Int { self.counter.withLock { $0 } }

    func add() { self.counter.withLock { $0 += 1 } }
}
