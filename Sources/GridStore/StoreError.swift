#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What went wrong with the data directory, in a sentence that says what to do; equal by code.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure; more kinds may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind.
        public let description: String

        /// The database cannot be read as one.
        public static let damagedDatabase = Code(description: "damagedDatabase")
        /// The file is a database of another program.
        public static let foreignDatabase = Code(description: "foreignDatabase")
        /// The database was written by a newer version of this program.
        public static let newerDatabase = Code(description: "newerDatabase")
        /// Another process holds the data directory.
        public static let inUse = Code(description: "inUse")
        /// The directory or a file in it cannot be created or written.
        public static let notWritable = Code(description: "notWritable")
        /// The file system is full, or the user's quota on it is used up.
        public static let diskFull = Code(description: "diskFull")
        /// The chunk store's own quota is used up by chunks that running jobs need.
        public static let quotaExceeded = Code(description: "quotaExceeded")
        /// The bytes are not what their name promises.
        public static let wrongContent = Code(description: "wrongContent")
        /// The device or the file system failed in some other way.
        public static let inputOutput = Code(description: "inputOutput")
    }

    /// The kind of the failure.
    public let code: Code
    /// What failed, on which value, and what to do, for people.
    public let message: String
    /// The file or directory that it is about.
    public let path: String

    /// Creates an error from its parts.
    public init(_ code: Code, path: String, message: String) {
        self.code = code
        self.path = path
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

extension StoreError {
    /// What the operating system said when `action`, such as "create the directory", failed on a path.
    package init(action: String, path: String, errno number: Int32) {
        let reason = Self.reason(of: number)
        switch number {
        case ENOSPC, EDQUOT:
            self = .diskFull(path: path)
        case EACCES, EPERM, EROFS:
            self.init(
                .notWritable,
                path: path,
                message: "cannot \(action) \(path): \(reason); make it writable for this user or choose another data "
                    + "directory"
            )
        case ENOTDIR, EEXIST:
            self.init(
                .notWritable,
                path: path,
                message: "cannot \(action) \(path): \(reason); choose another data directory"
            )
        default:
            self.init(
                .inputOutput,
                path: path,
                message: "cannot \(action) \(path): \(reason); check the disk and start the node again"
            )
        }
    }

    /// The file system that holds `path` is full.
    package static func diskFull(path: String) -> Self {
        Self(
            .diskFull,
            path: path,
            message: "no space is left on the disk that holds \(path); free some space, and work goes on by itself"
        )
    }

    private static func reason(of number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }
}
