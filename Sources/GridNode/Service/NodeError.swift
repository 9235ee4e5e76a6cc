/// Why something could not be done, in a sentence that tells what to do next.
public struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Code: String, Hashable, Sendable {
        /// A file or directory cannot be read or written.
        case storage
        /// No session with a peer could be made or kept.
        case network
        /// A peer refused what was asked.
        case refused
        /// The input is not what it should be.
        case invalidInput
        /// This build of the core does not give the golden leaves.
        case coreMismatch
        /// Delivered data does not match what was signed.
        case verification
        /// The work was stopped.
        case cancelled
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, on which value.
    public let message: String
    /// What to do next, if there is something.
    public let hint: String?

    /// Creates an error.
    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message, for people.
    public var description: String {
        self.message
    }
}
