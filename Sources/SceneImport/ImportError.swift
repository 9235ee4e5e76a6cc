/// Why a scene file could not become a shot.
///
/// Two errors are equal when their codes are: the message is for people.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, for logs.
        public let rawValue: String

        /// Creates a code by its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A file could not be found or opened, or is no regular file.
        public static let unreadable = Code(rawValue: "unreadable")
        /// The file is no glTF 2.0, is cut off, or its contents contradict each other.
        public static let malformed = Code(rawValue: "malformed")
        /// The file is sound and requires something that is not read here.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The file exceeds ``ImportLimits``.
        public static let tooLarge = Code(rawValue: "too large")
        /// The scene takes more memory than ``ImportLimits/maxSceneBytes``.
        public static let tooMuchMemory = Code(rawValue: "too much memory")
        /// A path in the file leads out of the file's directory or is no path at all.
        public static let badPath = Code(rawValue: "bad path")
        /// A texture or an environment picture is missing or damaged.
        public static let badImage = Code(rawValue: "bad image")
        /// The caller asked for something that the shot does not have: a camera, a frame, a rate.
        public static let badRequest = Code(rawValue: "bad request")
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// What failed, on which value, and what to do about it: one sentence or two.
    public let message: String
    /// The limit that was exceeded, where it may be moved.
    public let limit: ImportLimits.Name?

    /// Creates an error.
    public init(_ code: Code, _ message: String, limit: ImportLimits.Name? = nil) {
        self.code = code
        self.message = message
        self.limit = limit
    }

    /// The message.
    public var description: String { self.message }

    /// Compares codes only.
    public static func == (lhs: ImportError, rhs: ImportError) -> Bool {
        lhs.code == rhs.code
    }

    /// Hashes the code only.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
    }

    /// What helps against errors of this kind, where the message does not say it for the case at hand.
    public var cure: String? {
        switch self.code {
        case .malformed:
            "the file is damaged, or was written so: copy or export it again (Khronos' glTF Validator names such faults, too)"
        case .badImage:
            "open the picture in another program and save it anew: PNG, JPEG or WebP for surfaces, Radiance HDR or "
                + "OpenEXR for light"
        case .tooMuchMemory:
            "allow more with --memory GB, if the machine has it, or use instances and fewer triangles"
        default:
            nil
        }
    }

    /// The same error with a place in front of its message.
    func located(at place: String) -> ImportError {
        ImportError(self.code, "\(place): \(self.message)", limit: self.limit)
    }
}
