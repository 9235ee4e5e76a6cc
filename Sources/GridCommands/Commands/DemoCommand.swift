import ArgumentParser
import GridNode
import Logging

/// `tessera demo`: a shot on a grid of three nodes on this machine.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Render a shot on a grid of three nodes on this machine, and check it.",
        discussion: """
            tessera demo Sources/SceneImport/Examples/leviathan.glb --output demo

            Starts three nodes on the loopback interface, which find each other, hands the shot to one of them, and \
            writes the frames as they become final, each verified by two nodes. Then renders two of them without the \
            grid and compares the files. All processes have ended when it ends.
            """
    )

    @Argument(help: ArgumentHelp("The scene: a glTF 2.0 file (.glb or .gltf).", valueName: "scene"))
    var scene: String

    @Option(help: ArgumentHelp("The directory for frames, contact sheet and logs.", valueName: "directory"))
    var output = "demo"

    @Option(help: ArgumentHelp("The frames, such as 1-8.", valueName: "first-last"))
    var frames: FrameRange?

    @Option(help: ArgumentHelp("The picture's size in pixels.", valueName: "WxH"))
    var size = PictureSize(width: 640, height: 360)

    @Option(help: ArgumentHelp("Samples of a pixel.", valueName: "count"))
    var spp = 64

    @Option(help: ArgumentHelp("The first node's dashboard on 127.0.0.1; 0 takes any free port.", valueName: "port"))
    var dashboard = 0

    @Flag(name: .customLong("no-dashboard"), help: "Do not serve the dashboard.")
    var hasNoDashboard = false

    func run() async throws {
        try await Interruption.cancellable {
            try await Demo(
                shot: ShotRequest(
                    file: self.scene,
                    frames: self.frames?.frames,
                    width: self.size.width,
                    height: self.size.height,
                    samples: self.spp
                ),
                directory: self.output,
                dashboardPort: self.hasNoDashboard ? nil : self.dashboard
            ).run()
        }
    }
}
