/// Room for the text of one Noise message, made when first used.
final class PlaintextBuffer {
    /// The most bytes of a Noise message.
    static let messageSizeMax = 65_535
    /// The most bytes of its text.
    static let textSizeMax = messageSizeMax - ChaChaPoly.tagSize

    private var storage: UnsafeMutableRawBufferPointer?

    /// The memory, valid as long as this object.
    var memory: UnsafeMutableRawBufferPointer {
        if let storage { return storage }
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.messageSizeMax, alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        self.storage = storage
        return storage
    }

    deinit {
        if let storage {
            Sodium.wipe(storage)
            storage.deallocate()
        }
    }
}
