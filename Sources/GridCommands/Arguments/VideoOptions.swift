import ArgumentParser
import GridNode

/// Whether a video is made of the frames.
struct VideoOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also make a video of the frames, by ffmpeg where it is installed.",
            discussion: "H.264 in an MP4 file, as many frames a second as --fps says.",
            valueName: "file.mp4"
        )
    )
    var video: String?

    func validate() throws {
        guard let path = self.video else { return }
        guard path.lowercased().hasSuffix(".mp4") else {
            throw ValidationError("--video must end in .mp4, got \(path)")
        }
    }

    /// The video to be made, with ffmpeg found.
    func prepared(framesPerSecond: Double) throws -> FrameVideo? {
        try self.video.map { try FrameVideo(path: $0, framesPerSecond: framesPerSecond) }
    }
}

extension FrameVideo {
    /// Makes the video of delivered frames, PNG files where there are some, and prints its path.
    func make(of frames: [Int], in output: FrameOutput, isQuiet: Bool, printsPath: Bool) async throws {
        let files = frames.compactMap { frame in
            let all = output.files(ofFrame: frame)
            return all.first { $0.lowercased().hasSuffix(".png") } ?? all.first
        }
        try await self.make(of: files, look: output, isQuiet: isQuiet, printsPath: printsPath)
    }

    /// Makes the video of picture files and prints its path.
    func make(of files: [String], look: FrameOutput, isQuiet: Bool, printsPath: Bool) async throws {
        let line = ProgressLine(unit: "frames", isQuiet: isQuiet)
        defer { line.finish() }
        try await self.write(files, look: look) { line.update(done: $0, total: files.count, detail: "video") }
        line.finish()
        if printsPath { Terminal.data(self.path) }
    }
}
