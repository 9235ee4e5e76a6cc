import GridWire
import RenderCore
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Renders a shot on this machine alone, to the same bits as a grid.
///
/// ```swift
/// let render = LocalRender(shot: ShotRequest(file: "scene.glb"), output: FrameOutput(path: "out.png"), threads: 8)
/// let summary = try await render.run { progress in print(progress) }
/// ```
public struct LocalRender: Sendable {
    /// What happens while it renders.
    public enum Progress: Sendable {
        /// Something about the input that a person should know, in a sentence.
        case note(String)
        /// Blocks done, of all blocks of all frames.
        case blocks(done: Int, total: Int)
        /// A frame was written; the paths of its files.
        case frameWritten(Int, files: [String])
    }

    /// How the samples of a pixel are spread around its middle.
    public enum Filter: String, Sendable, CaseIterable {
        /// Evenly over the pixel.
        case box
        /// A window of a pixel and a half to each side, as grids render.
        case blackmanHarris = "blackman-harris"

        /// The core's name for it.
        var pixelFilter: PixelFilter {
            switch self {
            case .box: .box
            case .blackmanHarris: .blackmanHarris
            }
        }
    }

    /// What was done.
    public struct Summary: Codable, Sendable, Equatable {
        /// The frames, ascending.
        public var frames: [Int]
        /// The files that were written.
        public var files: [String]
        /// Seconds of wall time, import included.
        public var seconds: Double
        /// Seconds of wall time until the file was imported.
        public var importSeconds: Double
        /// Processor seconds of rendering alone.
        public var renderCoreSeconds: Double
        /// Processor seconds of the threads that built scenes.
        public var buildSeconds: Double
        /// Processor seconds of making files: denoising, if it is wanted, and encoding.
        public var outputCoreSeconds: Double
        /// Camera, bounce and shadow rays.
        public var rays: UInt64
        /// Samples whose value was no number and was counted as black.
        public var zeroedSamples: UInt64
    }

    private let shot: ShotRequest
    private let output: FrameOutput
    private let filter: Filter
    private let noiseTarget: Float
    private let threads: Int
    private let memoryMax: UInt64

    /// How often progress is told at most.
    private static let progressInterval = Duration.milliseconds(100)

    /// Creates a render; `threads` must be at least 1.
    ///
    /// - Parameters:
    ///   - noiseTarget: the standard error of a pixel, relative to its light, at which it gets no more samples; 0 gives all
    ///     pixels the same number, as grids do.
    ///   - memoryMax: the most bytes that a scene may take beside its blobs, which are mapped where they are large.
    public init(
        shot: ShotRequest,
        output: FrameOutput,
        filter: Filter = .blackmanHarris,
        noiseTarget: Float = 0,
        threads: Int,
        memoryMax: UInt64 = .max
    ) {
        precondition(threads >= 1, "rendering needs a thread, got \(threads)")
        self.memoryMax = memoryMax
        self.shot = shot
        self.output = output
        self.filter = filter
        self.noiseTarget = noiseTarget
        self.threads = threads
    }

    /// Renders all frames and writes them one by one; stops soon after the task is cancelled.
    ///
    /// - Throws: ``NodeError``, the importer's or the image writer's error, each a sentence for people.
    public func run(progress: @escaping @Sendable (Progress) -> Void) async throws -> Summary {
        let start = ContinuousClock.now
        guard let geometry = FrameGeometry(width: self.shot.width, height: self.shot.height) else {
            throw NodeError(
                .invalidInput,
                "a picture of \(self.shot.width)x\(self.shot.height) pixels is not possible; edges are "
                    + "1 to \(FrameGeometry.frameEdgeMax)"
            )
        }
        try self.output.prepare()
        let pool = RenderPool(threads: self.threads)
        defer { pool.shutDown() }
        let shot = self.shot
        let source = try await pool.run { try ShotSource(shot, memoryMax: self.memoryMax) }
        let importSeconds = start.duration(to: .now) / .seconds(1)
        for note in source.notes { progress(.note(note)) }
        try self.output.check(frameCount: source.frames.count)
        let assetChunks = source.assets.withUnsafeBytes { Chunker.split($0).blob.chunks }
        let settings = RenderSettings(
            width: self.shot.width,
            height: self.shot.height,
            samples: self.shot.samples,
            maxDepth: self.shot.maxDepth,
            seed: self.shot.seed,
            filter: self.filter.pixelFilter,
            channels: self.output.channels,
            noiseTarget: self.noiseTarget
        )
        let blocksPerFrame = (0 ..< geometry.tileCount).reduce(0) { $0 + geometry.blockCount(ofTile: $1) }
        let total = blocksPerFrame * source.frames.count
        var summary = Summary(
            frames: [],
            files: [],
            seconds: 0,
            importSeconds: importSeconds,
            renderCoreSeconds: 0,
            buildSeconds: 0,
            outputCoreSeconds: 0,
            rays: 0,
            zeroedSamples: 0
        )
        progress(.blocks(done: 0, total: total))
        let limits = SceneLimits.memory(
            Int(clamping: self.memoryMax),
            blobBytesMax: Int(clamping: SceneIndex.blobSizeMax)
        )
        let assets = try await pool.run { try Self.limited { try LoadedAssets(source.assets, limits: limits) } }
        for frame in source.frames {
            try Task.checkCancellation()
            let buildStart = ContinuousClock.now
            let (scene, frameChunks) = try await pool.run {
                let bytes = try source.frameBlob(frame)
                let scene = try Self.limited {
                    try Scene(assets: assets, frame: BlobBytes(bytes), limits: limits) { pool.share($0, $1) }
                }
                return (scene, Chunker.split(bytes).blob.chunks)
            }
            summary.buildSeconds += buildStart.duration(to: .now) / .seconds(1)
            let doneBefore = summary.frames.count * blocksPerFrame
            let result = try await Self.render(scene, settings: settings, geometry: geometry, pool: pool) {
                progress(.blocks(done: doneBefore + $0, total: total))
            }
            summary.renderCoreSeconds += result.cpuTime / .seconds(1)
            summary.rays += result.work.rays
            summary.zeroedSamples += result.work.zeroedSamples
            let provenance = FrameProvenance(
                assets: assetChunks,
                frameChunks: frameChunks,
                frame: frame,
                samples: self.shot.samples,
                maxDepth: self.shot.maxDepth,
                seed: self.shot.seed,
                filter: self.filter,
                noiseTarget: self.noiseTarget,
                coreVersion: GoldenScene.expectedVersion
            )
            let layers = self.output.layers
            let names = try await pool.run { try source.matteNames(frame, for: layers) }
            let (output, film) = (self.output, result.film)
            let processorTime = Self.processorTime()
            let files = try await pool.run {
                try output.write(film, frame: frame, provenance: provenance, names: names)
            }
            summary.outputCoreSeconds += (Self.processorTime() - processorTime) / .seconds(1)
            summary.frames.append(frame)
            summary.files += files
            progress(.frameWritten(frame, files: files))
        }
        summary.seconds = start.duration(to: .now) / .seconds(1)
        return summary
    }

    /// Says of a scene that is too large what can be done.
    private static func limited<Result>(_ load: () throws -> Result) throws -> Result {
        do {
            return try load()
        } catch let error as SceneBlobError where error.code == .limitExceeded {
            throw NodeError(
                .invalidInput,
                error.message,
                hint: "allow more with --memory GB, if the machine has it, or use instances and fewer triangles"
            )
        }
    }

    /// What all threads of this program have used so far.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private struct FrameResult {
        var film: Film
        var work = WorkCounter()
        var cpuTime = Duration.zero
    }

    private static func render(
        _ scene: Scene,
        settings: RenderSettings,
        geometry: FrameGeometry,
        pool: RenderPool,
        progress: @escaping @Sendable (_ blocks: Int) -> Void
    ) async throws -> FrameResult {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: ([BlockBounds], RenderOutcome).self) { group in
                for tile in 0 ..< geometry.tileCount {
                    let blocks = (0 ..< geometry.blockCount(ofTile: tile)).map {
                        geometry.pixels(ofBlock: $0, inTile: tile)
                    }
                    group.addTask {
                        let outcome = await pool.render(
                            scene: scene,
                            settings: settings,
                            blocks: blocks,
                            cancellation: flag
                        )
                        return (blocks, outcome)
                    }
                }
                var result = FrameResult(film: Film(geometry: geometry, channels: settings.channels))
                var done = 0
                var told = ContinuousClock.now
                for try await (blocks, outcome) in group {
                    guard case .rendered(let films, let cpuTime) = outcome else { throw CancellationError() }
                    for (bounds, block) in zip(blocks, films) {
                        result.film.insert(block, at: bounds)
                        result.work += block.work
                    }
                    result.cpuTime += cpuTime
                    done += blocks.count
                    if told.duration(to: .now) >= Self.progressInterval {
                        told = .now
                        progress(done)
                    }
                }
                return result
            }
        } onCancel: {
            flag.cancel()
        }
    }
}
