/// Some of the bytes of an array or of a mapped file; copies share them.
struct ByteView: Sendable {
    private enum Storage: Sendable {
        case array([UInt8])
        case file(MappedFile)
    }

    private let storage: Storage
    private let range: Range<Int>

    /// No bytes.
    static let empty = ByteView([])

    init(_ array: [UInt8]) {
        self.storage = .array(array)
        self.range = 0 ..< array.count
    }

    init(_ file: MappedFile) {
        self.storage = .file(file)
        self.range = 0 ..< file.bytes.count
    }

    private init(storage: Storage, range: Range<Int>) {
        self.storage = storage
        self.range = range
    }

    var count: Int { self.range.count }

    /// A part, counted from the beginning of this one; it must lie inside.
    subscript(part: Range<Int>) -> ByteView {
        precondition(part.lowerBound >= 0 && part.upperBound <= self.count, "\(part) of \(self.count) bytes")
        let start = self.range.lowerBound
        return ByteView(storage: self.storage, range: start + part.lowerBound ..< start + part.upperBound)
    }

    /// Lends the bytes to code that does not keep the pointer.
    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self.storage {
        case .array(let array):
            // Typed throws do not pass through the standard library's function here.
            let result: Swift.Result<Result, Failure> = array.withUnsafeBytes { whole in
                do throws(Failure) {
                    return .success(try body(UnsafeRawBufferPointer(rebasing: whole[self.range])))
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        case .file(let file):
            return try withExtendedLifetime(file) { () throws(Failure) in
                try body(UnsafeRawBufferPointer(rebasing: file.bytes[self.range]))
            }
        }
    }

    /// Gives back the memory that bytes of a file take since they were looked at.
    func releasePages() {
        if case .file(let file) = self.storage { file.releasePages() }
    }

    /// A copy of the bytes.
    var array: [UInt8] {
        if case .array(let array) = self.storage, self.count == array.count { return array }
        return self.withUnsafeBytes { Array($0) }
    }

    func starts(with prefix: [UInt8]) -> Bool {
        self.withUnsafeBytes { $0.starts(with: prefix) }
    }
}
