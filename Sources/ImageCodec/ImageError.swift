/// Why a picture could not be read or written.
///
/// Two errors are equal when their codes are: the message is for people.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, for logs.
        public let rawValue: String

        /// Creates a code by its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The bytes are no picture of a kind that is read here.
        public static let unknownFormat = Code(rawValue: "unknown format")
        /// The picture is damaged: cut off, or its contents contradict each other.
        public static let malformed = Code(rawValue: "malformed")
        /// The picture is sound, and of a sort that is not read here.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The picture exceeds ``ImageLimits``, or claims more than its bytes can hold.
        public static let tooLarge = Code(rawValue: "too large")
        /// The picture has more pixels than ``ImageLimits/maxPixels``.
        public static let tooManyPixels = Code(rawValue: "too many pixels")
        /// A picture could not be encoded.
        public static let encodingFailed = Code(rawValue: "encoding failed")
        /// The path names a directory or a device, or its directory does not exist.
        public static let badPath = Code(rawValue: "bad path")
        /// The disk or the quota is full.
        public static let noSpace = Code(rawValue: "no space")
        /// The operating system refused for another reason.
        public static let fileSystem = Code(rawValue: "file system")
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// What failed, on which value, and what to do about it: one sentence or two.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { self.message }

    /// Compares codes only.
    public static func == (lhs: ImageError, rhs: ImageError) -> Bool {
        lhs.code == rhs.code
    }

    /// Hashes the code only.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
    }
}
