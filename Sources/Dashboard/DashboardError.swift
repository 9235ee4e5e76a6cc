/// Why the dashboard does not serve, in a sentence that says what to do; equal by code.
public struct DashboardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure; more kinds may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind.
        public let description: String

        /// Another program listens on the port.
        public static let portInUse = Code(description: "portInUse")
        /// This user may not listen on the port.
        public static let portForbidden = Code(description: "portForbidden")
        /// This machine has no such address.
        public static let noSuchAddress = Code(description: "noSuchAddress")
        /// The port is not a number from 0 to 65,535.
        public static let badPort = Code(description: "badPort")
        /// The server ended for another reason.
        public static let serverFailed = Code(description: "serverFailed")
    }

    /// The kind of the failure.
    public let code: Code
    /// What failed, on which value, and what to do, for people.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String {
        self.message
    }

    /// Whether the two errors are of one kind.
    public static func == (a: Self, b: Self) -> Bool {
        a.code == b.code
    }

    /// Feeds the code to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
    }
}
