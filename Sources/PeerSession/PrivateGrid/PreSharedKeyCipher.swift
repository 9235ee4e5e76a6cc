/// One direction of a connection of a private grid: XSalsa20 over all bytes (libp2p's pnet specification, version 1).
///
/// A reference type, because a copy would use the same key stream twice.
package final class PreSharedKeyCipher {
    private let key: SecretBytes
    private let nonce: [UInt8]
    private var nextBlock: UInt64 = 0
    /// What is left of the block that was begun.
    private var rest: ArraySlice<UInt8> = []

    package init(key: PreSharedKey, nonce: [UInt8]) {
        self.key = key.secret
        self.nonce = nonce
    }

    /// Encrypts or decrypts the next bytes in place.
    package func apply(to memory: UnsafeMutableRawBufferPointer) {
        var offset = 0
        offset += self.useRest(on: memory)
        let size = Sodium.streamBlockSize
        let whole = (memory.count - offset) / size * size
        if whole > 0 {
            Sodium.applyStream(
                to: UnsafeMutableRawBufferPointer(rebasing: memory[offset ..< (offset + whole)]),
                nonce: self.nonce,
                firstBlock: self.nextBlock,
                key: self.key
            )
            self.nextBlock += UInt64(whole / size)
            offset += whole
        }
        guard offset < memory.count else { return }
        var block = [UInt8](repeating: 0, count: size)
        block.withUnsafeMutableBytes {
            Sodium.applyStream(to: $0, nonce: self.nonce, firstBlock: self.nextBlock, key: self.key)
        }
        self.nextBlock += 1
        self.rest = block[...]
        _ = self.useRest(on: UnsafeMutableRawBufferPointer(rebasing: memory[offset...]))
    }

    private func useRest(on memory: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(memory.count, self.rest.count)
        for (index, byte) in self.rest.prefix(count).enumerated() { memory[index] ^= byte }
        self.rest = self.rest.dropFirst(count)
        return count
    }
}

/// The layer of a private grid below everything else of a connection.
///
/// Each side sends 24 random bytes, and enciphers all that follows under them and the grid's key.
final class PreSharedKeyLayer {
    private let key: PreSharedKey
    private let ownNonce: [UInt8]
    private let sender: PreSharedKeyCipher
    private var hasSentNonce = false
    private var peerNonce: [UInt8] = []
    private var receiver: PreSharedKeyCipher?

    init(key: PreSharedKey, entropy: Entropy) {
        self.key = key
        self.ownNonce = entropy(Sodium.streamNonceSize)
        self.sender = PreSharedKeyCipher(key: key, nonce: self.ownNonce)
    }

    /// The bytes that ``seal(_:)`` adds to the next output.
    var overhead: Int {
        self.hasSentNonce ? 0 : Sodium.streamNonceSize
    }

    /// Output as it travels.
    func seal(_ output: [UInt8]) -> [UInt8] {
        var output = output
        output.withUnsafeMutableBytes { self.sender.apply(to: $0) }
        guard !self.hasSentNonce else { return output }
        self.hasSentNonce = true
        return self.ownNonce + output
    }

    /// What came, deciphered; empty while only the nonce came.
    func open(_ bytes: borrowing Span<UInt8>) -> [UInt8] {
        let missing = min(Sodium.streamNonceSize - self.peerNonce.count, bytes.count)
        for index in 0 ..< missing { self.peerNonce.append(bytes[index]) }
        guard self.peerNonce.count == Sodium.streamNonceSize else { return [] }
        let receiver = self.receiver ?? PreSharedKeyCipher(key: self.key, nonce: self.peerNonce)
        self.receiver = receiver
        var text = bytes.extracting(missing ..< bytes.count).withUnsafeBufferPointer { [UInt8]($0) }
        text.withUnsafeMutableBytes { receiver.apply(to: $0) }
        return text
    }
}
