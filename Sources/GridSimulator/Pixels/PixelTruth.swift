import GridWire
import RenderCore

/// The renderer of a simulation with pixels: the golden scene, small and with few samples.
final class PixelTruth {
    /// What a unit is.
    struct Unit {
        let payloads: [[UInt8]]
        let leaves: [Digest]
        let workCount: UInt64

        var film: SimulatedFilm {
            SimulatedFilm(root: MerkleTree(self.leaves).root, payloads: Array(self.payloads.joined()))
        }
    }

    private static let scene: Scene = {
        do {
            return try GoldenScene.scene()
        } catch {
            preconditionFailure("the golden scene cannot be loaded: \(error)")
        }
    }()

    private let manifest: JobManifest
    private let geometry: FrameGeometry
    private var renderers: [Int: BlockRenderer] = [:]

    init?(manifest: JobManifest) {
        guard let geometry = FrameGeometry(width: manifest.width, height: manifest.height) else { return nil }
        self.manifest = manifest
        self.geometry = geometry
    }

    /// Renders a unit.
    func render(_ id: UnitID) -> Unit {
        let renderer = self.renderer(id.frame)
        let blocks = (id.firstBlock ..< id.firstBlock + id.blockCount).map { block in
            let bounds = self.geometry.pixels(ofBlock: block, inTile: id.tile)
            return renderer.render(x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height)
        }
        let payloads = blocks.map(\.payload)
        return Unit(
            payloads: payloads,
            leaves: payloads.map { LeafHash.digest(ofPayload: $0) },
            workCount: blocks.reduce(0) { $0 &+ $1.work.weighted }
        )
    }

    /// The leaf of one block, rendered alone.
    func leaf(_ id: UnitID, block: Int) -> Digest {
        let bounds = self.geometry.pixels(ofBlock: id.firstBlock + block, inTile: id.tile)
        let film = self.renderer(id.frame).render(x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height)
        return LeafHash.digest(ofPayload: film.payload)
    }

    /// A whole frame, rendered at once: three numbers a pixel.
    func frame(_ frame: Int) -> [Float] {
        self.renderer(frame).render(x: 0, y: 0, width: self.geometry.width, height: self.geometry.height).pixels
    }

    /// Puts the pixels of a unit where they belong in a frame; false when they are no film at all.
    func place(_ payloads: [UInt8], of id: UnitID, in frame: inout [Float]) -> Bool {
        var offset = 0
        for block in id.firstBlock ..< id.firstBlock + id.blockCount {
            let bounds = self.geometry.pixels(ofBlock: block, inTile: id.tile)
            let size = FilmBlock.payloadSize(width: bounds.width, height: bounds.height)
            guard payloads.count - offset >= size,
                let film = FilmBlock(
                    payload: Array(payloads[offset ..< offset + size]),
                    width: bounds.width,
                    height: bounds.height
                )
            else { return false }
            offset += size
            for y in 0 ..< bounds.height {
                let row = 3 * ((bounds.y + y) * self.geometry.width + bounds.x)
                let source = film.pixels[3 * y * bounds.width ..< 3 * (y + 1) * bounds.width]
                frame.replaceSubrange(row ..< row + 3 * bounds.width, with: source)
            }
        }
        return offset == payloads.count
    }

    /// The root of payloads as those of a unit; nothing when their size is another.
    func root(of payloads: [UInt8], _ id: UnitID) -> Digest? {
        let leaves = self.leaves(of: payloads, id)
        return leaves.isEmpty ? nil : MerkleTree(leaves).root
    }

    /// The leaves of payloads as those of a unit; none when their size is another.
    func leaves(of payloads: [UInt8], _ id: UnitID) -> [Digest] {
        var offset = 0
        var leaves: [Digest] = []
        for block in id.firstBlock ..< id.firstBlock + id.blockCount {
            let bounds = self.geometry.pixels(ofBlock: block, inTile: id.tile)
            let size = FilmBlock.payloadSize(width: bounds.width, height: bounds.height)
            guard payloads.count - offset >= size else { return [] }
            leaves.append(LeafHash.digest(ofPayload: payloads[offset ..< offset + size]))
            offset += size
        }
        return offset == payloads.count ? leaves : []
    }

    private func renderer(_ frame: Int) -> BlockRenderer {
        if let renderer = self.renderers[frame] { return renderer }
        // Frames differ by their noise alone, and each is asked for in about one piece.
        if self.renderers.count > 8 { self.renderers = [:] }
        let settings = RenderSettings(
            width: self.manifest.width,
            height: self.manifest.height,
            samples: self.manifest.samples,
            maxDepth: self.manifest.maxDepth,
            seed: self.manifest.seed &+ UInt32(truncatingIfNeeded: frame)
        )
        let renderer = BlockRenderer(scene: Self.scene, settings: settings)
        self.renderers[frame] = renderer
        return renderer
    }
}
