import ArgumentParser
import GridNode

/// `tessera video`.
struct VideoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "video",
        abstract: "Make a video of frames, by ffmpeg where it is installed.",
        discussion: """
            tessera video frames/ -o shot.mp4
            tessera video film/sc010_0010/ film/sc010_0020/ --fps 23.976 -o scene.mp4

            Of a directory its PNG frames are taken, or its OpenEXR frames where it has no PNG, in the order of their \
            numbers. The video is H.264 in an MP4 file.
            """
    )

    @OptionGroup var frames: FrameArguments

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The video's file.", valueName: "file.mp4")
    )
    var output: String

    @Option(help: ArgumentHelp("Frames in a second, 0.001 to 1000.", valueName: "rate"))
    var fps = 24.0

    @Flag(name: [.short, .long], help: "No progress.")
    var quiet = false

    func validate() throws {
        guard self.output.lowercased().hasSuffix(".mp4") else {
            throw ValidationError("a video is written as .mp4, not as \(self.output)")
        }
        guard ShotOptions.rateRange.contains(self.fps) else {
            throw ValidationError("--fps must be 0.001 to 1000, got \(self.fps)")
        }
    }

    func run() async throws {
        let video = try FrameVideo(path: self.output, framesPerSecond: self.fps)
        let files = try FrameFiles.listed(self.frames.paths)
        let (look, isQuiet) = (self.frames.look, self.quiet)
        try await Interruption.cancellable {
            try await video.make(of: files, look: look, isQuiet: isQuiet, printsPath: true)
        }
    }
}
