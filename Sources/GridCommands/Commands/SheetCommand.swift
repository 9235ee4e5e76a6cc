import ArgumentParser
import GridNode

/// `tessera sheet`.
struct SheetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sheet",
        abstract: "Make a contact sheet of frames: one PNG with many small pictures.",
        discussion: """
            tessera sheet frames/ -o sheet.png
            tessera sheet film/sc010_0010/ film/sc010_0020/ --columns 8 -o sheet.png
            tessera sheet beauty.0001.exr beauty.0048.exr --exposure 1 -o sheet.png

            Of a directory its PNG frames are taken, or its OpenEXR frames where it has no PNG, in the order of their \
            numbers. Of more than \(FrameSheet.frameCountMax) frames evenly spaced ones are shown.
            """
    )

    @OptionGroup var frames: FrameArguments

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The sheet's file.", valueName: "file.png")
    )
    var output: String

    @Option(help: ArgumentHelp("Frames in a row, 1 to \(FrameSheet.frameCountMax).", valueName: "count"))
    var columns: Int?

    @Option(
        help: ArgumentHelp(
            "Width of a frame on the sheet in pixels, 16 to \(FrameSheet.cellWidthMax).",
            valueName: "pixels"
        )
    )
    var width = 480

    func validate() throws {
        guard self.output.lowercased().hasSuffix(".png") else {
            throw ValidationError("a contact sheet is written as .png, not as \(self.output)")
        }
        if let columns = self.columns, !(1 ... FrameSheet.frameCountMax).contains(columns) {
            throw ValidationError("--columns must be 1 to \(FrameSheet.frameCountMax), got \(columns)")
        }
        guard (16 ... FrameSheet.cellWidthMax).contains(self.width) else {
            throw ValidationError("--width must be 16 to \(FrameSheet.cellWidthMax), got \(self.width)")
        }
    }

    func run() async throws {
        let files = try FrameFiles.listed(self.frames.paths)
        try FrameSheet.write(
            files,
            columns: self.columns,
            cellWidth: self.width,
            look: self.frames.look,
            to: self.output
        )
        Terminal.data(self.output)
    }
}

/// Frames that are files already.
struct FrameArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("Picture files, or directories of them.", valueName: "frames"))
    var paths: [String]

    @Option(help: ArgumentHelp("Brightness of OpenEXR frames in stops, -20 to 20.", valueName: "stops"))
    var exposure: Float = 0

    @Option(help: ArgumentHelp("How OpenEXR frames are shown: standard or filmic.", valueName: "view"))
    var view = FrameOutput.View.filmic

    func validate() throws {
        guard self.exposure.isFinite, (-20 ... 20).contains(self.exposure) else {
            throw ValidationError("--exposure must be -20 to 20, got \(self.exposure)")
        }
    }

    /// How frames of light become pictures of a screen.
    var look: FrameOutput {
        FrameOutput(path: "", view: self.view, exposure: self.exposure)
    }
}
