import COpenSSL

/// ChaCha20-Poly1305 (RFC 8439) by OpenSSL's libcrypto, which is two to three times as fast as libsodium's where it knows the
/// processor, and sessions spend most of their time here.
///
/// Keys stay in the locked memory of ``SecretBytes``. libcrypto has a copy during a call only, in a context that it wipes when the
/// context is freed. No C type leaves this file.
enum ChaChaPoly {
    /// The bytes of a key.
    static let keySize = 32
    /// The bytes that a message is longer than its text.
    static let tagSize = 16

    // Sound: a fetched cipher is never changed and may be used by all threads at once; it lives as long as the process.
    nonisolated(unsafe) private static let cipher: OpaquePointer = {
        // Settings of other programs on this machine are none of ours.
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG), nil)
        guard let cipher = EVP_CIPHER_fetch(nil, "ChaCha20-Poly1305", nil) else {
            preconditionFailure("libcrypto has no ChaCha20-Poly1305; install OpenSSL 3 as the system has it")
        }
        return cipher
    }()

    /// Encrypts the first `count` bytes of `memory` in place and appends the tag, for which `memory` must have room.
    static func seal(
        _ memory: UnsafeMutableRawBufferPointer,
        count: Int,
        associatedData: [UInt8],
        nonce: UInt64,
        key: SecretBytes
    ) {
        precondition(count >= 0 && memory.count >= count + Self.tagSize, "no room for the tag of \(count) bytes")
        let text = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        Self.withContext(isSealing: true, nonce: nonce, key: key) { context in
            var size: CInt = 0
            var isDone = Self.update(context, nil, associatedData, associatedData.count, &size)
            isDone = isDone && Self.update(context, text, text, count, &size)
            isDone = isDone && EVP_CipherFinal_ex(context, text?.advanced(by: count), &size) == 1
            isDone =
                isDone
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagSize), text?.advanced(by: count))
                    == 1
            // It fails for want of memory alone, and then the text would leave as it is.
            precondition(isDone, "libcrypto could not encrypt \(count) bytes")
        }
    }

    /// Checks and decrypts `message` (text and tag) into `memory`; says whether it is authentic.
    ///
    /// `memory` must have room for the text, and may be where the message lies. What is in it after a refusal means nothing.
    static func open(
        _ message: UnsafeRawBufferPointer,
        into memory: UnsafeMutableRawBufferPointer,
        associatedData: [UInt8],
        nonce: UInt64,
        key: SecretBytes
    ) -> Bool {
        let count = message.count - Self.tagSize
        guard count >= 0, memory.count >= count else { return false }
        let input = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let output = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return Self.withContext(isSealing: false, nonce: nonce, key: key) { context in
            var size: CInt = 0
            // libcrypto only reads the tag, though its type says otherwise.
            let tag = UnsafeMutableRawPointer(mutating: input?.advanced(by: count))
            return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagSize), tag) == 1
                && Self.update(context, nil, associatedData, associatedData.count, &size)
                && Self.update(context, output, input, count, &size)
                && EVP_CipherFinal_ex(context, output?.advanced(by: count), &size) == 1
        }
    }

    /// Encrypts, decrypts or, without room for an answer, takes in associated data; nothing where there is nothing to do, for to
    /// libcrypto no bytes are the end.
    private static func update(
        _ context: OpaquePointer,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ input: UnsafePointer<UInt8>?,
        _ count: Int,
        _ size: inout CInt
    ) -> Bool {
        count == 0 || EVP_CipherUpdate(context, output, &size, input, CInt(count)) == 1
    }

    /// Calls `body` with a context that has the key and the Noise nonce: four zero bytes and the counter, little-endian.
    private static func withContext<Result>(
        isSealing: Bool,
        nonce: UInt64,
        key: SecretBytes,
        _ body: (OpaquePointer) -> Result
    ) -> Result {
        precondition(key.count == Self.keySize, "a cipher key has 32 bytes, got \(key.count)")
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("no memory for a cipher") }
        // Wipes the key.
        defer { EVP_CIPHER_CTX_free(context) }
        let bytes = (UInt32(0), UInt32(truncatingIfNeeded: nonce).littleEndian, UInt32(nonce >> 32).littleEndian)
        let isReady = withUnsafeBytes(of: bytes) { nonce in
            key.withUnsafeBytes { key in
                EVP_CipherInit_ex(
                    context,
                    Self.cipher,
                    nil,
                    key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    nonce.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    isSealing ? 1 : 0
                ) == 1
            }
        }
        precondition(isReady, "libcrypto did not take a key")
        return body(context)
    }
}
