import ChildProcesses
import FoundationEssentials
import ImageCodec

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A video of frames, made by ffmpeg where it is installed.
///
/// ```swift
/// let video = try FrameVideo(path: "film.mp4", framesPerSecond: 24)
/// try await video.write(files, look: output) { done in print(done) }
/// ```
/// H.264 in an MP4 file with the colours of BT.709, which every player shows. ffmpeg gets bare pixels over a pipe: it
/// parses no file, and no name of a frame reaches its command line.
public struct FrameVideo: Sendable {
    /// The path of the file.
    public let path: String
    private let framesPerSecond: Double
    private let program: String

    /// The longest edge that the codec takes, in pixels.
    public static let edgeMax = 8_192
    /// How long ffmpeg may take after the last frame.
    private static let patience = Duration.seconds(600)

    /// Finds ffmpeg and checks that a file can be written, so that this fails before hours of rendering.
    ///
    /// - Parameters:
    ///   - path: ends in `.mp4`; what is there is replaced once the video is whole.
    ///   - framesPerSecond: 0.001...1000.
    ///   - searchPath: directories that may hold ffmpeg, with colons between them; nil takes the variable PATH.
    /// - Throws: ``NodeError`` that says what to do.
    public init(
        path: String,
        framesPerSecond: Double,
        searchPath: String? = nil
    ) throws {
        precondition((0.001 ... 1_000).contains(framesPerSecond), "a rate of \(framesPerSecond) is not possible")
        guard path.lowercased().hasSuffix(".mp4"), !path.utf8.contains(0) else {
            throw NodeError(.invalidInput, "a video is written as .mp4, not as \(path)", hint: "such as film.mp4")
        }
        let places = searchPath ?? getenv("PATH").map { String(cString: $0) } ?? ""
        // Relative entries would run whatever lies in the current directory.
        let programs = places.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/ffmpeg" }
        let found = programs.first { (program: String) -> Bool in access(program, X_OK) == 0 }
        guard let found else {
            throw NodeError(
                .invalidInput,
                "ffmpeg is not installed, and a video is made by it",
                hint: "install it (Debian: apt install ffmpeg), or leave the video out: the frames do not need it"
            )
        }
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard access(parent, W_OK) == 0 else {
            throw NodeError(.storage, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.framesPerSecond = framesPerSecond
        self.program = found
    }

    /// Makes the video of picture files, in their order; all must have one size.
    ///
    /// - Throws: ``NodeError`` that names the file that does not fit, or says what ffmpeg said.
    public func write(
        _ files: [String],
        look: FrameOutput,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async throws {
        guard let first = files.first else { throw NodeError(.invalidInput, "a video needs a frame") }
        let pool = RenderPool(threads: 1)
        defer { pool.shutDown() }
        let view = look.transform
        let shape = try await pool.run { try FrameFiles.read(first, view: view) }
        guard shape.width <= Self.edgeMax, shape.height <= Self.edgeMax else {
            throw NodeError(
                .invalidInput,
                "frames of \(shape.width)x\(shape.height) pixels are too large for a video: \(Self.edgeMax) are the most"
            )
        }
        let partial = "\(self.path).partial-\(getpid())"
        let log = "\(partial).log"
        defer {
            unlink(partial)
            unlink(log)
        }
        let encoder = try ChildProcess(
            executable: self.program,
            arguments: self.arguments(width: shape.width, height: shape.height, to: partial),
            input: .pipe,
            output: .file(log),
            errors: .file(log)
        )
        do {
            for (i, file) in files.enumerated() {
                try Task.checkCancellation()
                let isWritten = try await pool.run {
                    let frame = try FrameFiles.read(file, view: view)
                    guard frame.width == shape.width, frame.height == shape.height else {
                        throw NodeError(
                            .invalidInput,
                            "\(file) has \(frame.width)x\(frame.height) pixels, the first frame \(shape.width)x"
                                + "\(shape.height)",
                            hint: "a video has frames of one size"
                        )
                    }
                    return encoder.write(frame.pixels)
                }
                guard isWritten else { break }
                progress(i + 1)
            }
            encoder.closeInput()
            _ = await encoder.waitUntilExit(within: Self.patience)
            try Task.checkCancellation()
        } catch {
            await encoder.stop(after: .seconds(1))
            throw error
        }
        await encoder.stop(after: .seconds(1))
        guard encoder.exitStatus == 0, rename(partial, self.path) == 0 else {
            let words = FileManager.default.contents(atPath: log).map {
                String(decoding: $0.suffix(400), as: UTF8.self)
            }
            throw NodeError(
                .storage,
                "ffmpeg could not make \(self.path): \((words ?? "").split(separator: "\n").last ?? "it says not why")",
                hint: "the frames themselves are whole"
            )
        }
    }

    /// Nothing in them comes from a file: numbers, fixed words, and the path behind `file:`, which is no option and names
    /// no protocol.
    private func arguments(width: Int, height: Int, to path: String) -> [String] {
        [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
            "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", "\(width)x\(height)",
            "-framerate", "\(self.framesPerSecond)", "-i", "pipe:0",
            // The codec wants even edges; the last row or column is repeated rather than cut off or made black.
            "-vf",
            "pad=ceil(iw/2)*2:ceil(ih/2)*2,fillborders=right=\(width % 2):bottom=\(height % 2):mode=smear,"
                + "scale=in_range=pc:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int,"
                + "format=yuv420p",
            "-c:v", "libx264", "-preset", "slow", "-crf", "16",
            "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "iec61966-2-1", "-color_range", "tv",
            "-movflags", "+faststart", "-f", "mp4", "file:\(path)",
        ]
    }
}
