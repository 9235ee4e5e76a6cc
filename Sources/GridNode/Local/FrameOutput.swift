import FoundationEssentials
import GridWire
import ImageCodec
import RenderCore

/// Where frames are written, and how.
///
/// A path that ends in `.png` or `.exr` names the file; `####` in it stands for the frame number. Any other path is a
/// directory that gets `frame.####.png` and `frame.####.exr`. Files appear whole, under their final name, or not at all.
public struct FrameOutput: Sendable {
    /// How the picture file shows light; OpenEXR files always hold linear light.
    public enum View: String, Sendable, CaseIterable {
        /// The sRGB curve; brighter than white is cut off.
        case standard
        /// A film-like curve that keeps highlights.
        case filmic
    }

    /// How OpenEXR files store a value.
    public enum Sample: String, Sendable, CaseIterable {
        /// In 16 bits.
        case half
        /// In 32 bits: the values as they were rendered.
        case float
    }

    /// How OpenEXR files are packed.
    public enum Compression: String, Sendable, CaseIterable {
        /// Not at all.
        case none
        /// Without loss.
        case zip
        /// With a small loss.
        case dwaa
    }

    /// What OpenEXR files hold beside the light, under names that Blender and Nuke know.
    public enum Layer: String, Sendable, CaseIterable {
        /// The colour of the surfaces seen first: `albedo.R`, `.G`, `.B`.
        case albedo
        /// Their normals in the world: `normal.X`, `.Y`, `.Z`.
        case normal
        /// Their distance in metres, 1e10 where there is nothing: `Z`.
        case depth
        /// Mattes of the objects by name (Cryptomatte), of the first sample of each pixel: `CryptoObject00.R` and so on.
        case object
        /// The same of the materials: `CryptoMaterial00.R` and so on.
        case material
        /// The number of samples: `samples`.
        case samples
        /// What guides denoisers, mirrors and clear glass looked through: `denoisingAlbedo.R` and so on and
        /// `denoisingNormal.X` and so on.
        case guides

        /// The film's channel.
        var channel: FilmChannels {
            switch self {
            case .albedo: .albedo
            case .normal: .normal
            case .depth: .depth
            case .object, .material: .object
            case .samples: .sampleCount
            case .guides: .guides
            }
        }
    }

    /// The path as it was given.
    public private(set) var path: String
    /// The curve of PNG files.
    public let view: View
    /// Exposure of PNG files in stops.
    public let exposure: Float
    /// Whether PNG files have 16 bits a sample instead of 8.
    public var isDeep = false
    /// How OpenEXR files store a value.
    public var sample = Sample.float
    /// How OpenEXR files are packed.
    public var compression = Compression.zip
    /// Whether noise is taken out: for PNG files, and as a further layer of OpenEXR files.
    ///
    /// What was verified stays as it is: the plain channels of OpenEXR files are the pixels that were rendered.
    public var denoises = false

    /// The samples a pixel from which on guides are good enough to be taken at their word: measured, with fewer the particles
    /// of a monster come out worse, with more everything better.
    private static let cleanSamples = 16
    /// Made when it is first wanted, once: to begin takes the library longer than a small picture.
    private static let denoiser = Result { () throws(ImageError) in try Denoiser() }

    /// What OpenEXR files hold beside the light, as far as the film has it.
    public var layers: Set<Layer> = []

    /// What a film must have for the layers and for the denoiser.
    var channels: FilmChannels {
        self.layers.channels.union(self.denoises ? .guides : [])
    }

    private enum Kind: String, CaseIterable {
        case png
        case exr
    }

    /// Creates an output.
    public init(path: String, view: View = .filmic, exposure: Float = 0) {
        self.path = path
        self.view = view
        self.exposure = exposure
    }

    /// The same way of writing, to another place.
    public func at(_ path: String) -> FrameOutput {
        var output = self
        output.path = path
        return output
    }

    private var fileKind: Kind? {
        Kind.allCases.first { self.path.lowercased().hasSuffix("." + $0.rawValue) }
    }

    /// Checks that frames can be written there, and makes the directory where one is needed.
    ///
    /// - Parameter makesParent: whether the directory of a path that names files is made, too.
    /// - Throws: ``NodeError`` when the path is a directory although it looks like a file, or cannot be made, names a picture of
    ///   another kind, or one that holds no layers where some are wanted; the image writer's error when the denoiser is wanted
    ///   and not installed.
    public func prepare(makesParent: Bool = false) throws {
        try self.checkKind()
        if self.denoises { _ = try Self.denoiser.get() }
        let manager = FileManager.default
        var isDirectory = false
        let exists = manager.fileExists(atPath: self.path, isDirectory: &isDirectory)
        if self.fileKind != nil {
            guard !exists || !isDirectory else {
                throw NodeError(
                    .storage,
                    "\(self.path) is a directory",
                    hint: "give a file name, or a directory whose name does not end in .png or .exr"
                )
            }
            let parent = Self.parent(of: self.path)
            if makesParent { try Self.makeDirectory(parent) }
            guard manager.fileExists(atPath: parent, isDirectory: &isDirectory), isDirectory else {
                throw NodeError(.storage, "there is no directory \(parent) to write \(self.path) into")
            }
            return
        }
        guard !exists || isDirectory else {
            throw NodeError(
                .storage,
                "\(self.path) is a file that is no .png or .exr",
                hint: "give a directory, or a name that ends in .png or .exr"
            )
        }
        try Self.makeDirectory(self.path)
    }

    private func checkKind() throws {
        if self.fileKind == .png, !self.layers.isEmpty {
            throw NodeError(
                .invalidInput,
                "\(self.path) is a PNG file, and those hold no layers",
                hint: "give a name that ends in .exr, or a directory, which gets both"
            )
        }
        let ending = self.path.lowercased().split(separator: "/").last?.split(separator: ".").dropFirst().last
        guard self.fileKind == nil, let ending, Self.otherKinds.contains(String(ending)) else { return }
        throw NodeError(
            .invalidInput,
            "\(self.path) would be a picture of a kind that is not written",
            hint: "give a name that ends in .png or .exr, or a directory; --video makes a video"
        )
    }

    /// What people call pictures and videos, and hardly ever directories.
    private static let otherKinds: Set = [
        "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "tga", "hdr", "dpx", "avif", "mp4", "mov", "mkv", "webm",
    ]

    private static func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw NodeError(.storage, "the directory \(path) cannot be made")
        }
    }

    /// Refuses to write several frames into one file.
    ///
    /// - Throws: ``NodeError`` that says how to name a pattern.
    public func check(frameCount: Int) throws {
        guard frameCount > 1, let kind = self.fileKind, !self.path.contains("#") else { return }
        throw NodeError(
            .invalidInput,
            "\(frameCount) frames do not fit into the one file \(self.path)",
            hint: "write -o \(self.path.dropLast(4)).####.\(kind.rawValue) or give a directory"
        )
    }

    /// The files of a frame.
    public func files(ofFrame frame: Int) -> [String] {
        if self.fileKind != nil { return [Self.number(self.path, frame: frame)] }
        let directory = self.path.hasSuffix("/") ? self.path : self.path + "/"
        return Kind.allCases.map { Self.number("\(directory)frame.####.\($0.rawValue)", frame: frame) }
    }

    /// Whether all files of a frame are there.
    func isComplete(frame: Int) -> Bool {
        self.files(ofFrame: frame).allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    /// Writes a frame.
    ///
    /// - Returns: The paths of its files.
    /// - Throws: `ImageError` when a file cannot be written; nothing half-written is left under a final name.
    /// `names` gives those of the instances for ``Layer/object`` and ``Layer/material``.
    func write(
        _ film: Film,
        frame: Int,
        provenance: FrameProvenance,
        names: MatteNames = MatteNames()
    ) throws -> [String] {
        let picture = Picture(width: film.width, height: film.height, pixels: film.pixels)
        let guides =
            film.guideAlbedo.isEmpty
            ? nil
            : Denoiser.Guides(
                albedo: film.guideAlbedo,
                normal: film.guideNormal,
                areClean: provenance.samples >= Self.cleanSamples
            )
        let clean = self.denoises ? try Self.denoiser.get().denoise(picture, guides: guides) : nil
        let files = self.files(ofFrame: frame)
        for file in files {
            let bytes =
                file.lowercased().hasSuffix(".exr")
                ? try self.openEXR(film, picture, denoised: clean, names: names, provenance)
                : try PNGEncoder.encode(
                    clean ?? picture,
                    view: self.transform,
                    depth: self.isDeep ? .sixteen : .eight,
                    metadata: provenance.attributes
                )
            try AtomicFile.write(bytes, to: file)
        }
        return files
    }

    private func openEXR(
        _ film: Film,
        _ picture: Picture,
        denoised: Picture?,
        names: MatteNames,
        _ provenance: FrameProvenance
    ) throws(ImageError) -> [UInt8] {
        let sample: OpenEXREncoder.Sample = self.sample == .half ? .half : .float
        let compression: OpenEXREncoder.Compression =
            switch self.compression {
            case .none: .none
            case .zip: .zip
            case .dwaa: .dwaa
            }
        var channels = PictureChannel.colors(picture, sample: sample)
        if let denoised { channels += PictureChannel.colors(denoised, layer: "denoised", sample: sample) }
        var attributes = provenance.attributes
        if self.layers.contains(.albedo), !film.albedo.isEmpty {
            let albedo = Picture(width: film.width, height: film.height, pixels: film.albedo)
            channels += PictureChannel.colors(albedo, layer: "albedo", sample: sample)
        }
        if self.layers.contains(.normal), !film.normal.isEmpty {
            channels += PictureChannel.vectors(
                film.normal,
                layer: "normal",
                names: ["X", "Y", "Z"],
                sample: sample
            )
        }
        if self.layers.contains(.depth), !film.depth.isEmpty {
            channels.append(
                PictureChannel("Z", .float(film.depth.map { (metres: Float) -> Float in metres > 0 ? metres : 1e10 }))
            )
        }
        if self.layers.contains(.samples), !film.sampleCount.isEmpty {
            channels.append(PictureChannel("samples", .words(film.sampleCount)))
        }
        if self.layers.contains(.guides), !film.guideAlbedo.isEmpty {
            let albedo = Picture(width: film.width, height: film.height, pixels: film.guideAlbedo)
            channels += PictureChannel.colors(albedo, layer: "denoisingAlbedo", sample: sample)
            channels += PictureChannel.vectors(
                film.guideNormal,
                layer: "denoisingNormal",
                names: ["X", "Y", "Z"],
                sample: sample
            )
        }
        let mattes: [(layer: Layer, name: String, names: [String])] = [
            (.object, "CryptoObject", names.objects), (.material, "CryptoMaterial", names.materials),
        ]
        for (layer, name, names) in mattes where self.layers.contains(layer) && !film.object.isEmpty && !names.isEmpty {
            let mattes = Cryptomatte(layer: name, names: names)
            channels += mattes.channels(
                width: film.width,
                height: film.height,
                coverage: { (x: Int, y: Int) -> [(thing: Int, share: Float)] in
                    // The film counts objects from 1.
                    let object = Int(film.object[y * film.width + x])
                    return object > 0 ? [(thing: object - 1, share: Float(1))] : []
                }
            )
            attributes.merge(mattes.attributes) { own, _ in own }
        }
        return try OpenEXREncoder.encode(
            channels,
            width: picture.width,
            height: picture.height,
            compression: compression,
            attributes: attributes
        )
    }

    /// The curve and exposure of what a screen shows.
    var transform: ViewTransform {
        switch self.view {
        case .standard: ViewTransform(.standard, exposure: self.exposure)
        case .filmic: ViewTransform(.filmic, exposure: self.exposure)
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Replaces the last run of `#` by the frame number, padded with zeros.
    private static func number(_ pattern: String, frame: Int) -> String {
        guard let last = pattern.lastIndex(of: "#") else { return pattern }
        var first = last
        while first > pattern.startIndex, pattern[pattern.index(before: first)] == "#" {
            first = pattern.index(before: first)
        }
        let width = pattern.distance(from: first, to: last) + 1
        let digits = String(frame)
        let padding = String(repeating: "0", count: max(0, width - digits.count))
        return pattern[..<first] + padding + digits + pattern[pattern.index(after: last)...]
    }
}

/// The names of a frame's instances, for mattes; none where there are no mattes of a kind.
struct MatteNames: Sendable {
    /// Of the objects that they belong to.
    var objects: [String] = []
    /// Of their materials.
    var materials: [String] = []
}

extension Set<FrameOutput.Layer> {
    /// Whether names are needed with them.
    var haveNames: Bool { !self.isDisjoint(with: [.object, .material]) }

    /// What a film must have for them.
    var channels: FilmChannels { self.reduce([]) { $0.union($1.channel) } }
}

/// Where a picture comes from, as written into its file.
///
/// It holds what decides the pixels and nothing else, so that a frame from the grid and the same frame rendered at home
/// are equal files.
struct FrameProvenance: Sendable {
    /// The digest of the names of the chunks that the frame is rendered from.
    let scene: Digest
    /// The frame number.
    let frame: Int
    /// The samples of a pixel.
    let samples: Int
    /// The most scattering events of a path.
    let maxDepth: Int
    /// The seed of the sampler.
    let seed: UInt32
    /// How samples are spread around the middle of their pixel.
    let filter: LocalRender.Filter
    /// The standard error at which pixels got no more samples; 0 where all got the same number.
    let noiseTarget: Float
    /// The version of the path-tracing core.
    let coreVersion: String

    init(
        assets: [ChunkID],
        frameChunks: [ChunkID],
        frame: Int,
        samples: Int,
        maxDepth: Int,
        seed: UInt32,
        filter: LocalRender.Filter,
        noiseTarget: Float = 0,
        coreVersion: String
    ) {
        self.scene = Digest(hashing: (assets + frameChunks).flatMap(\.digest.bytes))
        self.frame = frame
        self.samples = samples
        self.maxDepth = maxDepth
        self.seed = seed
        self.filter = filter
        self.noiseTarget = noiseTarget
        self.coreVersion = coreVersion
    }

    /// Names and values of the file's attributes.
    var attributes: [String: String] {
        [
            "tessera:scene": "\(self.scene)",
            "tessera:frame": "\(self.frame)",
            "tessera:samples": "\(self.samples)",
            "tessera:depth": "\(self.maxDepth)",
            "tessera:seed": "\(self.seed)",
            "tessera:filter": self.filter.rawValue,
            "tessera:core": self.coreVersion,
            "Software": "Tessera",
        ].merging(self.noiseTarget > 0 ? ["tessera:noise": "\(self.noiseTarget)"] : [:]) { $1 }
    }
}
