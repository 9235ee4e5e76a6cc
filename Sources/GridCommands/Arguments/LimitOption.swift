import ArgumentParser
import GridNode

/// A limit of imports that is moved, written `triangles=2000000000`.
struct LimitOption: Hashable, Sendable {
    let name: String
    let number: Int

    /// Reads one; throws `ValidationError` with the names that there are.
    init(argument: String) throws {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[1]), number > 0 else {
            throw ValidationError("it needs a name and a number above zero, such as triangles=2000000000")
        }
        let name = String(parts[0])
        guard ShotRequest.limitNames.contains(name) else {
            let names = ShotRequest.limitNames.joined(separator: ", ")
            throw ValidationError("there is no limit \"\(name)\"; there are: \(names)")
        }
        (self.name, self.number) = (name, number)
    }
}
