import ArgumentParser
import GridNode

/// A limit of imports that is moved, written `triangles=2000000000`.
struct LimitOption: ExpressibleByArgument, Hashable, Sendable {
    let name: String
    let number: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, ShotRequest.limitNames.contains(String(parts[0])), let number = Int(parts[1]),
            number > 0
        else { return nil }
        (self.name, self.number) = (String(parts[0]), number)
    }

    var defaultValueDescription: String { "\(self.name)=\(self.number)" }
}
