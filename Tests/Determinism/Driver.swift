// What the hosts (host.c, host.mjs) see of the core: C functions over plain memory, the same in every build.
//
// This file is compiled together with RenderCore and Blake2b256 as one module, Embedded Swift included.

/// The golden scenes with one acceleration structure each, for all threads.
final class GoldenSession: Sendable {
    let scenes: GoldenScenes

    init(scenes: GoldenScenes) {
        self.scenes = scenes
    }
}

/// The acceleration structures of the test: pictures must not depend on them.
private func bvhSettings(_ variant: Int32) -> BVHSettings {
    variant == 0 ? .standard : BVHSettings(bins: 7, leafSize: 1)
}

/// Opens the golden scenes with BVH settings 0 or 1; when the core refuses it, null and at most 255 bytes of reason.
@_cdecl("tessera_session_open")
public func sessionOpen(_ bvh: Int32, _ reason: UnsafeMutablePointer<UInt8>) -> UnsafeMutableRawPointer? {
    do throws(SceneBlobError) {
        let scenes = try GoldenScenes(bvh: bvhSettings(bvh))
        return Unmanaged.passRetained(GoldenSession(scenes: scenes)).toOpaque()
    } catch {
        copy(Array(error.message.utf8.prefix(255)), to: reason)
        return nil
    }
}

/// How many leaves there are.
@_cdecl("tessera_leaf_count")
public func leafCount() -> Int32 {
    Int32(GoldenScene.blockCount)
}

/// A renderer for one thread: of the golden leaves with seed 0, else of as many others with one sample a pixel.
@_cdecl("tessera_renderer_open")
public func rendererOpen(_ session: UnsafeMutableRawPointer, _ seed: Int32) -> UnsafeMutableRawPointer {
    let session = Unmanaged<GoldenSession>.fromOpaque(session).takeUnretainedValue()
    let renderer = GoldenRenderer(session.scenes) { settings in
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
    Unmanaged<GoldenRenderer>.fromOpaque(renderer).release()
}

/// Renders one block and writes its leaf hash, 32 bytes.
@_cdecl("tessera_leaf_hash")
public func leafHash(_ renderer: UnsafeMutableRawPointer, _ index: Int32, _ hash: UnsafeMutablePointer<UInt8>) {
    let renderer = Unmanaged<GoldenRenderer>.fromOpaque(renderer).takeUnretainedValue()
    var state = Blake2b256()
    state.update("tessera-leaf-v1:".utf8)
    state.update(renderer.payload(of: Int(index)))
    copy(state.finalizeBytes(), to: hash)
}

/// Writes the version that `count` leaf hashes make, 32 bytes.
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
