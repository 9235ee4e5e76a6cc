/// Why a job, its manifest or its records cannot be used.
///
/// Errors are equal when their codes are; the message is for people and names the value.
public struct JobError: Error, Hashable, Sendable {
    /// The kind of refusal.
    ///
    /// More codes may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The manifest's signature or encoding is wrong, or the record is no manifest.
        public static let badManifest = Self(description: "bad manifest")
        /// The frames do not fit a job: an edge, a count or a number of units is out of range.
        public static let badGeometry = Self(description: "bad geometry")
        /// The frame is not one of the job's.
        public static let noSuchFrame = Self(description: "no such frame")
    }

    /// The kind of refusal.
    public let code: Code
    /// What was refused, in a sentence for people.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the two errors have the same code.
    public static func == (a: Self, b: Self) -> Bool {
        a.code == b.code
    }

    /// Feeds the code to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
    }
}

extension JobError: CustomStringConvertible {
    /// The code and the message.
    public var description: String {
        "\(self.code): \(self.message)"
    }
}
