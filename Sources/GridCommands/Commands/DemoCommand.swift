import ArgumentParser
import GridNode
import Logging

/// `tessera demo`: a shot on a grid of three nodes on this machine.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Render a shot on a grid of three nodes on this machine, and check it.",
        discussion: """
            tessera demo
            tessera demo shot.glb --frames 1-8 --fps 24 --output demo

            Starts three nodes on the loopback interface, which find each other, hands the shot to one of them, and \
            writes the frames as they become final, each verified by two nodes. Then renders two of them without the \
            grid and compares the files. All processes have ended when it ends.
            """
    )

    @Argument(
        help: ArgumentHelp("A glTF 2.0 file; without it the example shot \"leviathan\".", valueName: "scene")
    )
    var scene: String?

    @Option(help: ArgumentHelp("The directory for frames, contact sheet and logs.", valueName: "directory"))
    var output = "demo"

    @Option(help: ArgumentHelp("The frames, such as 1-8.", valueName: "first-last"))
    var frames: FrameRange?

    @Option(help: ArgumentHelp("Frames in a second of the file's animation.", valueName: "rate"))
    var fps = 4.0

    @Option(help: ArgumentHelp("The picture's size in pixels.", valueName: "WxH"))
    var size = PictureSize(width: 480, height: 270)

    @Option(help: ArgumentHelp("Samples of a pixel.", valueName: "count"))
    var spp = 32

    @Option(help: ArgumentHelp("The first node's dashboard on 127.0.0.1; 0 takes any free port.", valueName: "port"))
    var dashboard = 0

    @Flag(name: .customLong("no-dashboard"), help: "Do not serve the dashboard.")
    var hasNoDashboard = false

    /// Two seconds of animation at the standard rate.
    private static let frames = 1 ... 8

    func run() async throws {
        let directory = self.output
        let scene = try self.scene ?? Self.writeExample(into: directory)
        try await Interruption.cancellable {
            try await Demo(
                shot: ShotRequest(
                    file: scene,
                    frames: self.frames?.frames ?? Self.frames,
                    width: self.size.width,
                    height: self.size.height,
                    samples: self.spp,
                    framesPerSecond: self.fps
                ),
                directory: directory,
                dashboardPort: self.hasNoDashboard ? nil : self.dashboard
            ).run()
        }
    }

    private static func writeExample(into directory: String) throws -> String {
        try FrameOutput(path: directory).prepare()
        let path = directory + "/leviathan.glb"
        try ExampleFile.write("leviathan", to: path)
        return path
    }
}
