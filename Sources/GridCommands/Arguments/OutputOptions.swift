public import ArgumentParser
public import GridNode

/// Where pictures go and how they look.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp(
            "Where to write: out.png, out.exr, frame.####.png, or a directory.",
            discussion: "A directory gets PNG and OpenEXR of each frame. OpenEXR holds the light as it is.",
            valueName: "path"
        )
    )
    var output: String?

    @Option(help: ArgumentHelp("Brightness of PNG pictures in stops, -20 to 20.", valueName: "stops"))
    var exposure: Float = 0

    @Option(help: ArgumentHelp("How PNG pictures show light: standard or filmic.", valueName: "view"))
    var view = FrameOutput.View.filmic

    func validate() throws {
        guard self.exposure.isFinite, (-20 ... 20).contains(self.exposure) else {
            throw ValidationError("--exposure must be -20 to 20, got \(self.exposure)")
        }
        guard self.output?.isEmpty != true else {
            throw ValidationError("-o needs a path, such as -o out.png")
        }
    }

    /// The options as the node's library takes them; nil without a path.
    var request: FrameOutput? {
        self.output.map { FrameOutput(path: $0, view: self.view, exposure: self.exposure) }
    }
}

extension FrameOutput.View: ExpressibleByArgument {}
