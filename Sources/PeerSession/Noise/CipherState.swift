/// One direction's key and counter (Noise specification, section 5.1).
///
/// A reference type, because a copy would use the same nonce twice.
package final class CipherState {
    private let key: SecretBytes
    private let messagesMax: UInt64
    private var nonce: UInt64 = 0

    /// Creates a counter at zero; after `messagesMax` messages nothing more is sealed or opened.
    package init(key: SecretBytes, messagesMax: UInt64 = .max) {
        self.key = key
        self.messagesMax = messagesMax
    }

    /// The messages that can still be sealed or opened.
    package var messagesLeft: UInt64 {
        self.messagesMax - self.nonce
    }

    /// Encrypts the first `count` bytes of `memory` in place and puts the tag behind them.
    ///
    /// Says false, and does nothing, once all messages are spent.
    package func seal(_ memory: UnsafeMutableRawBufferPointer, count: Int, associatedData: [UInt8] = []) -> Bool {
        guard self.nonce < self.messagesMax else { return false }
        ChaChaPoly.seal(memory, count: count, associatedData: associatedData, nonce: self.nonce, key: self.key)
        self.nonce += 1
        return true
    }

    /// Decrypts `message` (text and tag) into `memory`; says false, and keeps the counter, when it is not authentic.
    package func open(
        _ message: UnsafeRawBufferPointer,
        into memory: UnsafeMutableRawBufferPointer,
        associatedData: [UInt8] = []
    ) -> Bool {
        guard self.nonce < self.messagesMax,
            ChaChaPoly.open(message, into: memory, associatedData: associatedData, nonce: self.nonce, key: self.key)
        else { return false }
        self.nonce += 1
        return true
    }

    /// Encrypts a short message; nothing once the counter is spent.
    package func seal(_ text: [UInt8], associatedData: [UInt8] = []) -> [UInt8]? {
        var message = text + [UInt8](repeating: 0, count: ChaChaPoly.tagSize)
        let isSealed = message.withUnsafeMutableBytes {
            self.seal($0, count: text.count, associatedData: associatedData)
        }
        return isSealed ? message : nil
    }

    /// Decrypts a short message; nothing when it is not authentic.
    package func open(_ message: [UInt8], associatedData: [UInt8] = []) -> [UInt8]? {
        guard message.count >= ChaChaPoly.tagSize else { return nil }
        // One byte more than the text, so that the buffer of an empty text has an address.
        var text = [UInt8](repeating: 0, count: message.count - ChaChaPoly.tagSize + 1)
        let isAuthentic = text.withUnsafeMutableBytes { text in
            message.withUnsafeBytes { self.open($0, into: text, associatedData: associatedData) }
        }
        guard isAuthentic else { return nil }
        text.removeLast()
        return text
    }
}
