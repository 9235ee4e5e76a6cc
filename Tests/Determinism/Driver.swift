// What the hosts (host.c, host.mjs) see of the core: C functions over plain memory, the same in every build.
//
// This file is compiled together with RenderCore and Blake2b256 as one module, Embedded Swift included.

/// The golden scenes and looks with one acceleration structure each, for all threads.
///
/// `@unchecked Sendable` is sound: the host adds all looks before it starts threads.
final class Session: @unchecked Sendable {
    let golden: GoldenScenes
    let bvh: BVHSettings
    var looks: [Scene] = []

    init(golden: GoldenScenes, bvh: BVHSettings) {
        self.golden = golden
        self.bvh = bvh
    }
}

/// Renders the leaves of a session; one for each thread.
final class Renderer {
    private let golden: GoldenRenderer
    private let looks: [BlockRenderer]

    init(_ session: Session, settings: (RenderSettings) -> RenderSettings) {
        self.golden = GoldenRenderer(session.golden, settings: settings)
        self.looks = session.looks.map {
            let look = RenderSettings(width: 128, height: 72, samples: 8, seed: 5, channels: .all)
            return BlockRenderer(scene: $0, settings: settings(look))
        }
    }

    /// Of looks every fourth block of each third row.
    func payload(of leaf: Int) -> [UInt8] {
        let other = leaf - GoldenScene.blockCount
        guard other >= 0 else { return self.golden.payload(of: leaf) }
        let block = other % leavesOfLook
        return self.looks[other / leavesOfLook]
            .render(x: 8 + 32 * (block % 4), y: 24 * (block / 4), width: 8, height: 8).payload
    }
}

/// How many leaves of each look are rendered.
private let leavesOfLook = 12

/// The acceleration structures of the test: pictures must not depend on them.
private func bvhSettings(_ variant: Int32) -> BVHSettings {
    variant == 0 ? .standard : BVHSettings(bins: 7, leafSize: 1)
}

/// Opens the golden scenes with BVH settings 0 or 1; when the core refuses it, null and at most 255 bytes of reason.
@_cdecl("tessera_session_open")
public func sessionOpen(_ bvh: Int32, _ reason: UnsafeMutablePointer<UInt8>) -> UnsafeMutableRawPointer? {
    do throws(SceneBlobError) {
        let golden = try GoldenScenes(bvh: bvhSettings(bvh))
        return Unmanaged.passRetained(Session(golden: golden, bvh: bvhSettings(bvh))).toOpaque()
    } catch {
        copy(Array(error.message.utf8.prefix(255)), to: reason)
        return nil
    }
}

/// Adds a look by the bytes of its assets and of its frame; when the core refuses it, 0 and at most 255 bytes of reason.
@_cdecl("tessera_session_add")
public func sessionAdd(
    _ session: UnsafeMutableRawPointer,
    _ assets: UnsafePointer<UInt8>,
    _ assetsCount: Int32,
    _ frame: UnsafePointer<UInt8>,
    _ frameCount: Int32,
    _ reason: UnsafeMutablePointer<UInt8>
) -> Int32 {
    let session = Unmanaged<Session>.fromOpaque(session).takeUnretainedValue()
    do throws(SceneBlobError) {
        let scene = try Scene(
            assets: Array(UnsafeBufferPointer(start: assets, count: Int(assetsCount))),
            frame: Array(UnsafeBufferPointer(start: frame, count: Int(frameCount))),
            bvh: session.bvh
        )
        session.looks.append(scene)
        return 1
    } catch {
        copy(Array(error.message.utf8.prefix(255)), to: reason)
        return 0
    }
}

/// How many golden leaves there are, which make the version.
@_cdecl("tessera_golden_count")
public func goldenCount() -> Int32 {
    Int32(GoldenScene.blockCount)
}

/// How many leaves of each look follow them.
@_cdecl("tessera_look_count")
public func lookCount() -> Int32 {
    Int32(leavesOfLook)
}

/// A renderer for one thread: of the leaves with seed 0, else of as many others with one sample a pixel.
@_cdecl("tessera_renderer_open")
public func rendererOpen(_ session: UnsafeMutableRawPointer, _ seed: Int32) -> UnsafeMutableRawPointer {
    let session = Unmanaged<Session>.fromOpaque(session).takeUnretainedValue()
    let renderer = Renderer(session) { settings in
        guard seed != 0 else { return settings }
        return RenderSettings(
            width: settings.width,
            height: settings.height,
            samples: 1,
            maxDepth: settings.maxDepth,
            seed: UInt32(bitPattern: seed),
            channels: settings.channels
        )
    }
    return Unmanaged.passRetained(renderer).toOpaque()
}

/// Ends what ``rendererOpen(_:_:)`` began.
@_cdecl("tessera_renderer_close")
public func rendererClose(_ renderer: UnsafeMutableRawPointer) {
    Unmanaged<Renderer>.fromOpaque(renderer).release()
}

/// Renders one block and writes its leaf hash, 32 bytes.
@_cdecl("tessera_leaf_hash")
public func leafHash(_ renderer: UnsafeMutableRawPointer, _ index: Int32, _ hash: UnsafeMutablePointer<UInt8>) {
    let renderer = Unmanaged<Renderer>.fromOpaque(renderer).takeUnretainedValue()
    var state = Blake2b256()
    state.update("tessera-leaf-v1:".utf8)
    state.update(renderer.payload(of: Int(index)))
    copy(state.finalizeBytes(), to: hash)
}

/// Writes what `count` leaf hashes make together, 32 bytes: of the golden ones the version.
@_cdecl("tessera_version")
public func version(_ hashes: UnsafePointer<UInt8>, _ count: Int32, _ hash: UnsafeMutablePointer<UInt8>) {
    var state = Blake2b256()
    state.update(UnsafeRawBufferPointer(start: hashes, count: 32 * Int(count)))
    copy(state.finalizeBytes(), to: hash)
}

/// Writes the version that the core says it has: 64 hexadecimal digits.
@_cdecl("tessera_expected_version")
public func expectedVersion(_ text: UnsafeMutablePointer<UInt8>) {
    for (i, digit) in GoldenScene.expectedVersion.utf8.enumerated() where i < 64 {
        text[i] = digit
    }
}

private func copy(_ bytes: [UInt8], to memory: UnsafeMutablePointer<UInt8>) {
    for (i, byte) in bytes.enumerated() {
        memory[i] = byte
    }
}
