import GridWire
import RenderCore
import SceneImport

/// Where the chunks of a shot lie until the peer has them.
protocol ShotChunks: Sendable {
    /// The size of a chunk in bytes, or nil when it is not of this shot.
    func size(of id: ChunkID) -> Int?
    /// A chunk's bytes, or nil when it is not of this shot.
    func get(_ id: ChunkID) async throws -> [UInt8]?
}

/// A shot as the grid takes it: encoded, cut into chunks, with its table of contents.
struct ShotPackage: ShotChunks {
    /// The table of contents.
    let index: SceneIndex
    /// The chunk that holds the encoded index.
    let root: ChunkID
    /// All chunks, the index's own included, by name: parts of blobs.
    private let chunks: [ChunkID: (blob: BlobBytes, range: Range<Int>)]
    /// What a person should know of the input.
    let notes: [String]
    /// The most bytes of memory that a node takes to render one of its frames.
    let memory: UInt64

    /// The sum of all chunk sizes in bytes.
    var totalSize: Int {
        self.chunks.values.reduce(0) { $0 + $1.range.count }
    }

    /// The names of all chunks.
    var chunkNames: [ChunkID] { self.chunks.keys.sorted() }

    /// Imports and encodes a shot; computes for long.
    ///
    /// - Throws: ``NodeError`` or the importer's error, each a sentence for people.
    init(_ request: ShotRequest) throws {
        try self.init(ShotSource(request))
    }

    /// Encodes an imported shot; computes for long.
    ///
    /// - Throws: As ``init(_:)``.
    init(_ source: ShotSource) throws {
        var chunks: [ChunkID: (blob: BlobBytes, range: Range<Int>)] = [:]
        func add(_ bytes: BlobBytes) -> SceneIndex.Blob {
            let (blob, pieces) = bytes.withUnsafeBytes { Chunker.split($0) }
            for piece in pieces { chunks[piece.id] = (bytes, piece.range) }
            return blob
        }
        let assets = add(source.assets)
        var memory: UInt64 = 0
        // What is handed over is not rendered here: whether a node has the memory is another matter.
        let limits = SceneLimits.memory(.max, blobBytesMax: Int(clamping: SceneIndex.blobSizeMax))
        let loaded = try LoadedAssets(source.assets, limits: limits)
        let frames = try source.frames.map { frame in
            let bytes = BlobBytes(try source.frameBlob(frame))
            let building = try Scene.bytesNeeded(assets: loaded, frame: bytes, limits: limits)
            let frameMemory = FrameMemory(assets: source.assets.count, frame: bytes.count, pixels: source.pixels)
            memory = max(memory, frameMemory.total(building: building))
            return add(bytes)
        }
        var index = SceneIndex(assets: assets, firstFrame: source.frames.lowerBound, frames: frames)
        if let names = try source.objectNames {
            let encoded = names.encoded()
            guard encoded.count <= ObjectNames.encodedSizeMax else {
                throw NodeError(.invalidInput, "the names of its objects are too long for mattes")
            }
            index.names = add(BlobBytes(encoded))
        }
        let encoded = index.encoded()
        guard encoded.count <= SceneIndex.encodedSizeMax else {
            throw NodeError(.invalidInput, "the shot has too many chunks for one job", hint: "submit fewer frames")
        }
        let root = ChunkID(Digest(hashing: encoded))
        chunks[root] = (BlobBytes(encoded), 0 ..< encoded.count)
        self.index = index
        self.root = root
        self.chunks = chunks
        self.notes = source.notes
        self.memory = memory
    }

    func size(of id: ChunkID) -> Int? {
        self.chunks[id]?.range.count
    }

    func get(_ id: ChunkID) -> [UInt8]? {
        self.chunks[id].map { chunk in chunk.blob.withUnsafeBytes { Array($0[chunk.range]) } }
    }
}

/// An imported shot that gives the blobs of its frames.
struct ShotSource: Sendable {
    /// The blob that all frames share.
    let assets: BlobBytes
    /// The frames that are wanted.
    let frames: ClosedRange<Int>
    /// The pixels of a frame.
    let pixels: Int
    /// What a person should know of the input.
    let notes: [String]

    private let shot: ImportedShot
    private let layers: Set<FrameOutput.Layer>
    private let file: String
    private let options: ImportOptions

    /// Imports a file.
    ///
    /// - Parameters:
    ///   - memoryMax: the most bytes that the scene may take beside its blobs where it is rendered.
    ///   - last: what was imported before; taken where it is the same, so that several shots of one scene are imported once.
    /// - Throws: ``NodeError`` or the importer's error.
    init(_ request: ShotRequest, memoryMax: UInt64 = .max, reusing last: ShotSource? = nil) throws {
        var options = Self.options(request)
        options.limits.maxSceneBytes = Int(clamping: memoryMax)
        let isSame = last.map { $0.file == request.file && $0.options == options } ?? false
        let known = isSame ? last : nil
        let shot = try known?.shot ?? Self.imported(request.file, options)
        self.pixels = request.width * request.height
        let frames = request.frames ?? 1 ... max(1, shot.lastFrame)
        guard frames.lowerBound >= 0, frames.upperBound <= ImportedShot.frameMax,
            frames.count <= JobManifest.frameCountMax
        else {
            throw NodeError(
                .invalidInput,
                "frames \(frames.lowerBound)-\(frames.upperBound) are not possible; at most "
                    + "\(JobManifest.frameCountMax) frames, numbered 0 to \(ImportedShot.frameMax)"
            )
        }
        var notes = shot.notes
        if frames.upperBound > max(1, shot.lastFrame) {
            notes.append("The animation ends with frame \(shot.lastFrame); later frames show its last moment.")
        }
        self.shot = shot
        self.layers = request.layers
        self.file = request.file
        self.options = options
        self.frames = frames
        self.notes = notes
        self.assets = try known?.assets ?? shot.encodedAssets()
    }

    private static func imported(_ file: String, _ options: ImportOptions) throws -> ImportedShot {
        do {
            return try ShotImporter(options: options).importShot(at: file)
        } catch {
            let limit = error.limit.map {
                "if the file is to be trusted, allow more: --limit \($0.rawValue)=NUMBER (now \(options.limits[$0]))"
            }
            throw NodeError(.invalidInput, error.message, hint: limit ?? error.cure)
        }
    }

    private static func options(_ request: ShotRequest) -> ImportOptions {
        var options = ImportOptions()
        options.environment = request.environment
        options.environmentIntensity = request.environmentIntensity
        options.environmentRotation = request.environmentRotation
        if let sky = request.sky, sky.count == 3 { options.skyColor = SIMD3(sky[0], sky[1], sky[2]) }
        options.sceneName = request.scene
        options.variantName = request.variant
        options.spheresBecomeParticles = request.spheresBecomeParticles
        options.cameraName = request.camera
        options.framesPerSecond = request.framesPerSecond
        options.shutterAngle = request.shutterAngle
        for (name, number) in request.limits {
            if let name = ImportLimits.Name(rawValue: name) { options.limits[name] = number }
        }
        options.aspect = Double(request.width) / Double(request.height)
        return options
    }

    /// The names of a frame's instances for those of the layers that show them.
    func matteNames(_ frame: Int, for layers: Set<FrameOutput.Layer>) throws -> MatteNames {
        MatteNames(
            objects: layers.contains(.object) ? try self.shot.objectNames(frame) : [],
            materials: layers.contains(.material) ? try self.shot.materialNames(frame) : []
        )
    }

    /// The names of the objects and materials of all frames where they carry mattes.
    var objectNames: ObjectNames? {
        get throws {
            guard self.layers.haveNames else { return nil }
            var names = ObjectNames()
            let all = try self.frames.map { try self.matteNames($0, for: self.layers) }
            for frame in all { names.append(frame.objects) }
            if self.layers.contains(.material) { for frame in all { names.append(frame.materials) } }
            return names
        }
    }

    /// The blob of a frame.
    func frameBlob(_ frame: Int) throws -> [UInt8] {
        try self.shot.frame(frame).encoded(for: self.shot.assets)
    }
}
