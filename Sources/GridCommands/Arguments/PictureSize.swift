import ArgumentParser

/// A picture's size in pixels, written `1280x720`.
struct PictureSize: ExpressibleByArgument, Hashable, Sendable {
    /// The longest edge in pixels.
    static let edgeMax = 16_384

    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
            (1 ... Self.edgeMax).contains(width), (1 ... Self.edgeMax).contains(height)
        else { return nil }
        self.init(width: width, height: height)
    }

    var defaultValueDescription: String {
        "\(self.width)x\(self.height)"
    }
}
