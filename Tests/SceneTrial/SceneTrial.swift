import Glibc
import ImageCodec
import RenderCore
import SceneImport

/// Imports one scene file and renders it small; `Tests/SceneTrial/run` does so with all files of a directory.
///
///     scenetrial FILE PICTURE.png [--import-only]
///     scenetrial --sheet SHEET.png PICTURE.png...
///     scenetrial --looks DIRECTORY
///     scenetrial --measure FILE
///
/// `--looks` writes small versions of the looks as blobs, NAME.assets and NAME.frame, for `Tests/Determinism/run`;
/// `--measure` imports, encodes and validates, and says in JSON what that took, for `Tests/Benchmarks/import`.
/// Prints one line of fields between tabs: `ok` or `refused` or `failed`, seconds of the import, megabytes of the scene
/// blob, peak memory in megabytes, triangles, and what the importer says. Ends with 0 in each of these cases.
@main
struct SceneTrial {
    private static let width = 240
    private static let height = 160

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if arguments.first == "--sheet", arguments.count > 2 {
                try self.sheet(arguments[1], Array(arguments[2...]))
            } else if arguments.first == "--looks", arguments.count == 2 {
                try self.writeLooks(arguments[1])
            } else if arguments.first == "--measure", arguments.count == 2 {
                try self.measure(arguments[1])
            } else if arguments.count >= 2 {
                self.trial(arguments[0], picture: arguments[1], options: Set(arguments[2...]))
            } else {
                print(
                    "usage: scenetrial FILE PICTURE.png [--import-only] | scenetrial --sheet SHEET.png PICTURE.png... "
                        + "| scenetrial --looks DIRECTORY | scenetrial --measure FILE"
                )
                exit(64)
            }
        } catch {
            print("scenetrial: \(error)")
            exit(1)
        }
    }

    private static func writeLooks(_ directory: String) throws {
        for look in ExampleLook.allCases {
            let shot = try ShotImporter().importShot(look.file(.small), directory: directory)
            let path = "\(directory)/\(look.rawValue)"
            try AtomicFile.write(try shot.assets.encoded(), to: path + ".assets")
            try AtomicFile.write(try shot.frame(1).encoded(for: shot.assets), to: path + ".frame")
        }
    }

    private static func measure(_ file: String) throws {
        let start = (self.seconds, self.processorSeconds)
        let assets = try ShotImporter().importShot(at: file).encodedAssets()
        let done = (self.seconds, self.processorSeconds)
        let peak = self.peakMegabytes
        // Once so that the file is in memory, as far as it fits.
        var limits = SceneLimits()
        limits.blobBytesMax = .max
        _ = try LoadedAssets(assets, limits: limits)
        let warm = (self.seconds, self.processorSeconds)
        _ = try LoadedAssets(assets, limits: limits)
        print(
            """
            {"seconds": \(done.0 - start.0), "processorSeconds": \(done.1 - start.1), "peakMegabytes": \(peak), \
            "blobBytes": \(assets.count), "validationSeconds": \(self.seconds - warm.0), \
            "validationProcessorSeconds": \(self.processorSeconds - warm.1)}
            """
        )
    }

    private static func trial(_ file: String, picture: String, options: Set<String>) {
        let start = self.seconds
        do {
            var import_ = ImportOptions()
            import_.aspect = Double(self.width) / Double(self.height)
            let shot = try ShotImporter(options: import_).importShot(at: file)
            let imported = self.seconds - start
            let assets = try shot.assets.encoded()
            let number = (shot.lastFrame + 1) / 2
            let frame = try shot.frame(number).encoded(for: shot.assets)
            let encoded = self.seconds - start
            var triangles = 0
            if !options.contains("--import-only") {
                let scene = try Scene(assets: assets, frame: frame)
                triangles = scene.triangleCount
                try PNGEncoder.write(self.render(scene), to: picture)
            }
            let size = Double(assets.count + frame.count) / 1e6
            self.report("ok", imported, encoded, size, triangles, shot.notes.joined(separator: " "))
        } catch let error as ImportError {
            let kind = error.code == .unsupported || error.code == .tooLarge ? "refused" : "failed"
            self.report(kind, self.seconds - start, 0, 0, 0, "[\(error.code.rawValue)] \(error.message)")
        } catch {
            self.report("failed", self.seconds - start, 0, 0, 0, "\(error)")
        }
    }

    private static func render(_ scene: Scene) -> Picture {
        let settings = RenderSettings(width: self.width, height: self.height, samples: 16)
        let renderer = BlockRenderer(scene: scene, settings: settings)
        var picture = Picture(width: self.width, height: self.height)
        for y in stride(from: 0, to: self.height, by: 8) {
            for x in stride(from: 0, to: self.width, by: 8) {
                let block = renderer.render(x: x, y: y, width: 8, height: 8)
                for row in 0 ..< 8 {
                    for column in 0 ..< 8 {
                        let at = 3 * (8 * row + column)
                        picture[x + column, y + row] = SIMD3(
                            block.pixels[at],
                            block.pixels[at + 1],
                            block.pixels[at + 2]
                        )
                    }
                }
            }
        }
        return picture
    }

    private static func sheet(_ path: String, _ files: [String]) throws {
        var pictures: [Picture] = []
        for file in files {
            guard let stream = fopen(file, "r") else { continue }
            var bytes = [UInt8](repeating: 0, count: 1 << 22)
            bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, stream))
            fclose(stream)
            let texture = try ImageDecoder.decodeTexture(bytes)
            var picture = Picture(width: texture.width, height: texture.height)
            for y in 0 ..< texture.height {
                for x in 0 ..< texture.width {
                    let at = 4 * (y * texture.width + x)
                    func linear(_ k: Int) -> Float { pow(Float(texture.pixels[at + k]) / 255, 2.2) }
                    picture[x, y] = SIMD3(linear(0), linear(1), linear(2))
                }
            }
            pictures.append(picture)
        }
        try AtomicFile.write(PNGEncoder.encode(ContactSheet.compose(pictures, columns: 8)), to: path)
    }

    private static func report(
        _ status: String,
        _ imported: Double,
        _ encoded: Double,
        _ size: Double,
        _ triangles: Int,
        _ text: String
    ) {
        func short(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }
        let memory = self.peakMegabytes
        print(
            "\(status)\t\(short(imported))\t\(short(encoded))\t\(short(size))\t\(short(memory))\t\(triangles)\t\(text)"
        )
    }

    private static var peakMegabytes: Double {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1_000
    }

    private static var seconds: Double { self.clock(CLOCK_MONOTONIC) }

    private static var processorSeconds: Double { self.clock(CLOCK_PROCESS_CPUTIME_ID) }

    private static func clock(_ clock: clockid_t) -> Double {
        var now = timespec()
        clock_gettime(clock, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }
}

extension PNGEncoder {
    fileprivate static func write(_ picture: Picture, to path: String) throws {
        try AtomicFile.write(self.encode(picture, view: .filmic), to: path)
    }
}
