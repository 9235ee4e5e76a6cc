import Glibc
public import RenderCore

/// A blob in a file without a name, for scenes that are too large for memory; the file goes with the last reference.
public struct BlobFile: BlobOutput {
    private final class Descriptor {
        let number: Int32

        init(_ number: Int32) { self.number = number }

        deinit { close(self.number) }
    }

    private let descriptor: Descriptor
    private let directory: String
    private var byteCount = 0

    /// `TMPDIR`, or `/var/tmp`, which lies on a disk where `/tmp` may be memory.
    public static var standardDirectory: String {
        guard let path = getenv("TMPDIR"), path.pointee != 0 else { return "/var/tmp" }
        return String(cString: path)
    }

    /// Makes an empty file.
    ///
    /// - Throws: `SceneBlobError/notWritten(_:)`.
    public init(in directory: String) throws(SceneBlobError) {
        self.directory = directory
        var name = Array("\(directory)/tessera-scene-XXXXXX".utf8CString)
        let number = mkstemp(&name)
        guard number >= 0 else { throw Self.failure(directory, errno) }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        unlink(name)
        self.descriptor = Descriptor(number)
    }

    /// Writes bytes where they belong.
    public mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SceneBlobError) {
        var done = 0
        while done < bytes.count, let start = bytes.baseAddress {
            let step = pwrite(self.descriptor.number, start + done, bytes.count - done, off_t(offset + done))
            if step > 0 {
                done += step
            } else if step == 0 || errno != EINTR {
                throw Self.failure(self.directory, step == 0 ? ENOSPC : errno)
            }
        }
    }

    /// Gives the file its size.
    public mutating func finish(byteCount: Int) throws(SceneBlobError) {
        guard ftruncate(self.descriptor.number, off_t(byteCount)) == 0 else {
            throw Self.failure(self.directory, errno)
        }
        self.byteCount = byteCount
    }

    /// The finished blob, mapped: it is read from the disk where it is looked at.
    func mapped() throws(SceneBlobError) -> BlobBytes {
        let count = self.byteCount
        guard let base = mmap(nil, max(count, 1), PROT_READ, MAP_SHARED, self.descriptor.number, 0), base != MAP_FAILED
        else { throw Self.failure(self.directory, errno) }
        // Only the address goes into the closure: a pointer is not Sendable.
        let address = UInt(bitPattern: base)
        return BlobBytes(borrowing: UnsafeRawBufferPointer(start: base, count: count)) {
            if let base = UnsafeMutableRawPointer(bitPattern: address) { munmap(base, max(count, 1)) }
        }
    }

    private static func failure(_ directory: String, _ code: Int32) -> SceneBlobError {
        let reason =
            switch code {
            case ENOSPC, EDQUOT: "is full"
            case ENOENT, ENOTDIR: "does not exist"
            case EACCES, EPERM, EROFS: "may not be written"
            default: "cannot be written (\(String(cString: strerror(code))))"
            }
        return .notWritten(
            "\(directory) \(reason), where a large scene is put together: set TMPDIR to a directory with room for it"
        )
    }
}
