/// Where the bytes of a blob go.
public protocol BlobOutput {
    /// Takes bytes in any order; what is never written is zero.
    ///
    /// - Throws: ``SceneBlobError/notWritten(_:)``.
    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SceneBlobError)

    /// Takes note that all is written, and how many bytes it is.
    ///
    /// - Throws: ``SceneBlobError/notWritten(_:)``.
    mutating func finish(byteCount: Int) throws(SceneBlobError)
}

/// A blob in memory.
struct BlobInMemory: BlobOutput {
    private(set) var bytes: [UInt8] = []

    /// A `capacity` in bytes that is right spares copies of everything written so far.
    init(capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    mutating func write(_ piece: UnsafeRawBufferPointer, at offset: Int) throws(SceneBlobError) {
        self.extend(to: offset)
        let inside = min(piece.count, self.bytes.count - offset)
        if inside > 0 {
            self.bytes.withUnsafeMutableBytes { all in
                UnsafeMutableRawBufferPointer(rebasing: all[offset ..< offset + inside])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<inside]))
            }
        }
        self.bytes.append(contentsOf: piece[inside...])
    }

    mutating func finish(byteCount: Int) throws(SceneBlobError) {
        self.extend(to: byteCount)
    }

    private mutating func extend(to count: Int) {
        guard count > self.bytes.count else { return }
        self.bytes.append(contentsOf: repeatElement(0, count: count - self.bytes.count))
    }
}
