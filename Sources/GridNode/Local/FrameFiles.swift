import FoundationEssentials
import ImageCodec

/// Files of rendered frames, whoever wrote them.
public enum FrameFiles {
    /// The endings of files that are read as frames; in a directory, those of the first kind that is there are taken.
    private static let endings = [".png", ".exr", ".jpg", ".jpeg", ".webp", ".hdr"]

    /// The files that paths name: files as they are, of a directory its frames in the order of their numbers.
    ///
    /// - Throws: ``NodeError`` when there is nothing at a path, or no frame in a directory.
    public static func listed(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path in
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw NodeError(.invalidInput, "there is no file or directory \(path)")
            }
            guard isDirectory else { return [path] }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
            for ending in Self.endings {
                let frames = names.filter { $0.lowercased().hasSuffix(ending) }
                guard frames.isEmpty else {
                    let prefix = path.hasSuffix("/") ? path : path + "/"
                    return frames.sorted { self.order($0) < self.order($1) }.map { prefix + $0 }
                }
            }
            throw NodeError(
                .invalidInput,
                "there are no frames in \(path)",
                hint: "files are read that end in \(Self.endings.joined(separator: ", "))"
            )
        }
    }

    /// What sorts `frame.9.png` before `frame.10.png`: the name before its last number, then the number.
    private static func order(_ name: String) -> (String, Int, String) {
        let bytes = Array(name.utf8)
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains(byte) }
        guard let last = bytes.lastIndex(where: isDigit) else { return (name, 0, name) }
        let first = bytes[...last].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
        let number = Int(String(decoding: bytes[first ... last], as: UTF8.self)) ?? .max
        return (String(decoding: bytes[..<first], as: UTF8.self), number, name)
    }

    /// A frame as a screen shows it; OpenEXR files go through the view.
    static func read(_ path: String, view: ViewTransform) throws -> DecodedTexture {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NodeError(.storage, "\(path) cannot be read")
        }
        do {
            return try ImageDecoder.decodeFrame([UInt8](data), view: view)
        } catch {
            throw NodeError(.invalidInput, "\(path): \(error)")
        }
    }
}
