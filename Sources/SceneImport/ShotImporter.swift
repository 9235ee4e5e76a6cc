import ImageCodec
import RenderCore

/// Reads glTF 2.0: `.gltf` with files beside it or data URIs, and `.glb`.
///
/// ```swift
/// let shot = try ShotImporter(options: ImportOptions()).importShot(at: "dragon.glb")
/// let assets = try shot.assets.encoded()
/// let frame = try shot.frame(1).encoded(for: shot.assets)
/// ```
/// Equal files and options give equal assets and frames on every machine. Damaged or hostile files lead to an
/// ``ImportError``, never to a crash, and never to memory beyond ``ImportLimits``.
public struct ShotImporter: Sendable {
    /// What a person chose.
    public let options: ImportOptions

    /// Creates an importer.
    public init(options: ImportOptions = ImportOptions()) {
        self.options = options
    }

    /// Imports the scene that the options name, or that the file shows by default.
    /// - Throws: ``ImportError`` that names the file and what is wrong where in it.
    public func importShot(at path: String) throws(ImportError) -> ImportedShot {
        let file = ByteView(try MappedFile(path, maxBytes: self.options.limits.maxFileBytes))
        let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { slash in
            slash == path.utf8.startIndex ? "/" : String(path[..<slash])
        }
        do throws(ImportError) {
            return try self.importShot(file, directory: directory ?? ".")
        } catch {
            throw error.located(at: path)
        }
    }

    /// Imports a file's bytes; external files are looked for in `directory`.
    package func importShot(_ bytes: [UInt8], directory: String) throws(ImportError) -> ImportedShot {
        try self.importShot(ByteView(bytes), directory: directory)
    }

    private func importShot(_ file: ByteView, directory: String) throws(ImportError) -> ImportedShot {
        try self.checkOptions()
        let limits = self.options.limits
        var json = file
        var binary: ByteView?
        if file.starts(with: GLBContainer.magic) {
            let container = try GLBContainer(file)
            json = container.json
            binary = container.binary
        } else if !file.withUnsafeBytes({ $0.contains(UInt8(ascii: "{")) }) {
            throw ImportError(.malformed, "it is neither a .glb nor a .gltf file: export the scene as glTF 2.0")
        }
        let document = try self.document(json)
        var resources = ResourceLoader(directory: directory, limits: limits)
        var notes = try Extensions.check(document)
        let views = try BufferViews(document: document, binary: binary, resources: &resources, limits: limits)
        return try ShotAssembly(
            document: document,
            accessors: AccessorReader(document: document, views: views),
            resources: resources,
            options: self.options
        ).assemble(&notes)
    }

    private func document(_ json: ByteView) throws(ImportError) -> GLTF.Document {
        let limits = self.options.limits
        do throws(ImportError) {
            let document = try JSONText.decode(GLTF.Document.self, from: json, limits: limits)
            try Extensions.check(version: document.asset)
            return document
        } catch {
            // Files of other versions differ in everything but this, which says more than what did not fit first.
            if error.code == .malformed,
                let other = try? JSONText.decode(GLTF.Versioned.self, from: json, limits: limits)
            {
                try Extensions.check(version: other.asset)
            }
            throw error
        }
    }

    private func checkOptions() throws(ImportError) {
        let options = self.options
        guard options.framesPerSecond > 0, options.framesPerSecond.isFinite else {
            throw ImportError(
                .badRequest,
                "\(options.framesPerSecond) frames per second are not possible: give 24 or so"
            )
        }
        guard options.shutterAngle >= 0, options.shutterAngle <= 360 else {
            throw ImportError(
                .badRequest,
                "a shutter of \(options.shutterAngle) degrees is not possible: give 0 to 360"
            )
        }
        guard options.aspect > 0, options.aspect.isFinite, options.startTime.isFinite else {
            throw ImportError(.badRequest, "the picture's aspect and the start time must be usable numbers")
        }
        if let sky = options.skyColor, sky.min() < 0 || !(sky.max() < .infinity) || sky.x.isNaN || sky.y.isNaN {
            throw ImportError(.badRequest, "the sky colour \(sky) is no light: give numbers from 0")
        }
    }
}
