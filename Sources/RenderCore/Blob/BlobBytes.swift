/// The bytes of a blob and who keeps them alive.
///
/// Bytes that lie at a multiple of 64, as mapped files do, are used in place; others are copied once.
public struct BlobBytes: Sendable {
    private let storage: Storage

    /// `@unchecked Sendable` is sound: the bytes do not change, which the initialisers' callers promise or a copy ensures.
    private final class Storage: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
        private let release: @Sendable () -> Void

        init(_ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
            self.bytes = bytes
            self.release = release
        }

        deinit { self.release() }
    }

    /// Copies bytes.
    public init(_ bytes: [UInt8]) {
        self.init(copying: bytes.count) { copy in
            bytes.withUnsafeBytes { copy.copyMemory(from: $0) }
        }
    }

    /// Borrows bytes until `release` is called, which happens when nothing refers to them any more, on any thread.
    ///
    /// They must not change meanwhile: what was checked must stay as it is. Of a mapped file that means that nobody else
    /// writes it or cuts it short; a node's own chunk store, whose files are written whole and then renamed, is such a
    /// place.
    public init(borrowing bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
        guard let base = bytes.baseAddress, Int(bitPattern: base) & (BlobFormat.alignment - 1) == 0 else {
            self.init(copying: bytes.count) { $0.copyMemory(from: bytes) }
            release()
            return
        }
        self.init(Storage(bytes, release: release))
    }

    private init(_ storage: Storage) {
        self.storage = storage
    }

    private init(copying count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: BlobFormat.alignment)
        fill(UnsafeMutableRawBufferPointer(rebasing: copy[..<count]))
        // Only the address goes into the closure: a buffer pointer is not Sendable.
        let address = UInt(bitPattern: copy.baseAddress)
        self.init(
            Storage(UnsafeRawBufferPointer(rebasing: copy[..<count])) {
                UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
            }
        )
    }

    /// The number of bytes.
    public var count: Int { self.storage.bytes.count }

    /// Lends the bytes to code that does not keep the pointer.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self.storage) { body(self.storage.bytes) }
    }

    /// The bytes; they live as long as this value does.
    var buffer: UnsafeRawBufferPointer { self.storage.bytes }
}
