/// Why a scene cannot be encoded or rendered.
///
/// Two errors are equal when their codes are.
public struct SceneBlobError: Error, Sendable, Equatable {
    /// The kind of failure.
    public struct Code: Sendable, Equatable {
        private let value: UInt8

        /// The bytes are not a scene blob of this version.
        public static let notASceneBlob = Code(value: 0)
        /// The bytes end early, go on too long, or their parts do not fit together.
        public static let malformed = Code(value: 1)
        /// An index, a number or a size is outside what a scene may hold.
        public static let invalidValue = Code(value: 2)
        /// The scene is larger than ``SceneLimits`` allow.
        public static let limitExceeded = Code(value: 3)
        /// A ``BlobOutput`` did not take bytes, or a mesh could not be had.
        public static let notWritten = Code(value: 4)
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, on which value, and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a ``BlobOutput`` throws, and who gives meshes to ``SceneAssets/encode(to:mesh:)``.
    public static func notWritten(_ message: String) -> SceneBlobError { SceneBlobError(.notWritten, message) }

    /// Whether the codes are equal; messages may differ.
    public static func == (left: SceneBlobError, right: SceneBlobError) -> Bool {
        left.code == right.code
    }
}

extension SceneBlobError: CustomStringConvertible {
    /// The message.
    public var description: String { self.message }
}
