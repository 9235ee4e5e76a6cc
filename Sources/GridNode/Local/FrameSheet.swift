import ImageCodec

/// A contact sheet: small pictures of many frames in one PNG file.
public enum FrameSheet {
    /// The most frames on a sheet; of more, evenly spaced ones are taken.
    public static let frameCountMax = 48
    /// The widest that a frame may be on the sheet, in pixels.
    public static let cellWidthMax = 2_048

    /// Writes a sheet of picture files, in their order.
    ///
    /// - Parameters:
    ///   - files: at least one; OpenEXR files are shown as `look` shows them.
    ///   - columns: frames in a row; nil takes a number that makes the sheet about as wide as high or wider.
    ///   - cellWidth: the width of a frame on the sheet in pixels.
    /// - Returns: The number of frames on the sheet.
    /// - Throws: ``NodeError`` when a file cannot be read or is no picture, `ImageError` when the sheet cannot be written.
    @discardableResult
    public static func write(
        _ files: [String],
        columns: Int?,
        cellWidth: Int = 480,
        look: FrameOutput,
        to path: String
    ) throws -> Int {
        let step = max(1, (files.count + Self.frameCountMax - 1) / Self.frameCountMax)
        // Scaled one by one: forty-eight frames of a film at full size would fill the memory.
        let pictures = try stride(from: 0, to: files.count, by: step).map { i in
            let frame = try FrameFiles.read(files[i], view: look.transform).light
            return frame.width > cellWidth ? ContactSheet.compose([frame], cellWidth: cellWidth, gap: 0) : frame
        }
        guard !pictures.isEmpty else { throw NodeError(.invalidInput, "a contact sheet needs a frame") }
        let sheet = ContactSheet.compose(pictures, columns: columns, cellWidth: cellWidth)
        try AtomicFile.write(try PNGEncoder.encode(sheet, view: .standard), to: path)
        return pictures.count
    }
}
