import ArgumentParser

/// A linear colour, written `0.6,0.7,0.9`; the parts are radiance and may exceed 1.
struct RadianceColor: ExpressibleByArgument, Hashable, Sendable {
    /// The largest part.
    static let partMax: Float = 1_000_000

    let red: Float
    let green: Float
    let blue: Float

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
        guard parts.count == 3, let red = parts[0], let green = parts[1], let blue = parts[2],
            [red, green, blue].allSatisfy({ $0.isFinite && (0 ... Self.partMax).contains($0) })
        else { return nil }
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    var defaultValueDescription: String {
        "\(self.red),\(self.green),\(self.blue)"
    }
}
