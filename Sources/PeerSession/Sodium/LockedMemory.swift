import CSodium
import Synchronization

/// Memory for secrets that the system does not write to swap space or core dumps, between guard pages.
///
/// libsodium's guarded allocations cost system calls and whole pages, and a handshake makes dozens of short-lived secrets.
/// So small secrets share guarded blocks, cut into slots; larger ones get an allocation of their own. Where the system's limit
/// on locked memory is used up, the guard pages remain and the locking is lost, as with libsodium itself.
enum LockedMemory {
    /// The bytes of a slot: the longest of the usual secrets, an Ed25519 secret key.
    static let slotSize = 64
    /// The slots of a block.
    private static let slotCount = 256

    /// The addresses of the free slots.
    private static let free = Mutex<[UInt]>([])

    /// Memory of `count` bytes, all zero; at least one.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let memory: UnsafeMutableRawPointer? =
            if count <= Self.slotSize {
                UnsafeMutableRawPointer(bitPattern: Self.takeSlot())
            } else {
                Self.guarded(count)
            }
        let buffer = UnsafeMutableRawBufferPointer(start: memory, count: count)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        return buffer
    }

    /// Wipes memory of ``allocate(_:)`` and takes it back.
    static func release(_ memory: UnsafeMutableRawBufferPointer) {
        Sodium.wipe(memory)
        guard memory.count <= Self.slotSize else {
            sodium_free(memory.baseAddress)
            return
        }
        let slot = UInt(bitPattern: memory.baseAddress)
        Self.free.withLock { $0.append(slot) }
    }

    private static func takeSlot() -> UInt {
        Self.free.withLock { free in
            if let slot = free.popLast() { return slot }
            // Blocks are never given back: their number is that of the secrets that were held at one time.
            let block = UInt(bitPattern: Self.guarded(Self.slotSize * Self.slotCount))
            free = (1 ..< Self.slotCount).map { block + UInt($0 * Self.slotSize) }
            return block
        }
    }

    private static func guarded(_ count: Int) -> UnsafeMutableRawPointer {
        Sodium.prepare()
        guard let memory = sodium_malloc(count) else {
            preconditionFailure("the system gives no \(count) bytes of memory for secrets")
        }
        return memory
    }
}
