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

    @Option(help: ArgumentHelp("Bits of a sample of PNG pictures, 8 or 16.", valueName: "count"))
    var bits = 8

    @Option(help: ArgumentHelp("Values of OpenEXR pictures: half or float.", valueName: "sample"))
    var exrSample = FrameOutput.Sample.float

    @Option(
        help: ArgumentHelp(
            "How OpenEXR pictures are packed: none, zip, or dwaa with a small loss.",
            valueName: "compression"
        )
    )
    var exrCompression = FrameOutput.Compression.zip

    @Flag(
        help: ArgumentHelp(
            "Take noise out with Intel Open Image Denoise, where it is installed.",
            discussion: "PNG shows the result; OpenEXR keeps the light as rendered and gets the result as a layer."
        )
    )
    var denoise = false

    @Option(
        help: ArgumentHelp(
            "What OpenEXR pictures hold beside the light, such as albedo,normal,depth,object,material.",
            discussion: "Object and material give mattes by name (Cryptomatte), as Blender and Nuke read them.",
            valueName: "names"
        ),
        transform: LayerList.init(argument:)
    )
    var layers: LayerList?

    @Option(help: ArgumentHelp("Brightness of PNG pictures in stops, -20 to 20.", valueName: "stops"))
    var exposure: Float = 0

    @Option(help: ArgumentHelp("How PNG pictures show light: standard or filmic.", valueName: "view"))
    var view = FrameOutput.View.filmic

    func validate() throws {
        guard self.exposure.isFinite, (-20 ... 20).contains(self.exposure) else {
            throw ValidationError("--exposure must be -20 to 20, got \(self.exposure)")
        }
        guard self.bits == 8 || self.bits == 16 else {
            throw ValidationError("--bits must be 8 or 16, got \(self.bits)")
        }
        guard self.output?.isEmpty != true else {
            throw ValidationError("-o needs a path, such as -o out.png")
        }
    }

    /// What frames must carry beside the light for what is asked for.
    var carried: Set<FrameOutput.Layer> {
        (self.layers?.layers ?? []).union(self.denoise ? [.guides] : [])
    }

    /// The options as the node's library takes them; nil without a path.
    var request: FrameOutput? {
        self.output.map { path in
            var output = FrameOutput(path: path, view: self.view, exposure: self.exposure)
            output.isDeep = self.bits == 16
            output.sample = self.exrSample
            output.compression = self.exrCompression
            output.denoises = self.denoise
            output.layers = self.layers?.layers ?? []
            return output
        }
    }
}

extension FrameOutput.View: ExpressibleByArgument {}
extension FrameOutput.Sample: ExpressibleByArgument {}
extension FrameOutput.Compression: ExpressibleByArgument {}
