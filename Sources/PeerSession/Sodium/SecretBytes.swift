/// Secret bytes in locked memory that are wiped when the last reference goes.
package final class SecretBytes: @unchecked Sendable {
    // Sound: the memory is written in the initialisers alone, before any other thread can know it, and freed in deinit.
    private let storage: UnsafeMutableRawBufferPointer

    /// Creates `count` bytes that `fill` writes; they are zero before.
    package init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        precondition(count > 0, "a secret must have at least one byte, got \(count)")
        self.storage = LockedMemory.allocate(count)
        fill(self.storage)
    }

    /// Takes the bytes out of `bytes`, which is overwritten with zeros and left empty.
    package convenience init(moving bytes: inout [UInt8]) {
        self.init(count: bytes.count) { memory in
            memory.copyBytes(from: bytes)
        }
        bytes.withUnsafeMutableBytes { Sodium.wipe($0) }
        bytes = []
    }

    /// Copies `bytes`, which stay as they are.
    package convenience init(copying bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { memory in
            memory.copyBytes(from: bytes)
        }
    }

    deinit {
        LockedMemory.release(self.storage)
    }

    /// The number of bytes.
    package var count: Int {
        self.storage.count
    }

    /// Calls `body` with the bytes, which are valid during the call only.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(self.storage))
    }
}
