/// Why bytes or text from outside were refused.
///
/// Errors are equal when their codes are; the message is for people and names the value.
public struct WireError: Error, Hashable, Sendable {
    /// The kind of refusal.
    ///
    /// More codes may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The bytes end too early, go on too long, or are not of the expected type.
        public static let malformed = Self(description: "malformed")
        /// The same value could be written in another way: only one way is accepted.
        public static let notCanonical = Self(description: "not canonical")
        /// A number, length, count or order is outside what the protocol allows.
        public static let outOfRange = Self(description: "out of range")
        /// A kind or a message that this version does not know.
        public static let unknown = Self(description: "unknown")
        /// The signature does not fit the content and the signer.
        public static let badSignature = Self(description: "bad signature")
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

extension WireError: CustomStringConvertible {
    /// The code and the message.
    public var description: String {
        "\(self.code): \(self.message)"
    }
}
