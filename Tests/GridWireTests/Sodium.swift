import CSodium
import GridWire

/// libsodium as the oracle for hashes and signatures.
enum Sodium {
    private static let isReady: Bool = sodium_init() >= 0

    static func blake2b256(_ message: [UInt8]) -> [UInt8] {
        precondition(self.isReady)
        var output = [UInt8](repeating: 0, count: 32)
        crypto_generichash(&output, output.count, message, UInt64(message.count), nil, 0)
        return output
    }

    /// A key pair from a number, with the signing function.
    static func identity(_ number: UInt8) -> (peer: PeerID, sign: Signer) {
        precondition(self.isReady)
        let seed = [UInt8](repeating: number, count: 32)
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 64)
        crypto_sign_seed_keypair(&publicKey, &secretKey, seed)
        guard let peer = PeerID(publicKey: publicKey) else { preconditionFailure("32 bytes make a peer id") }
        let key = secretKey
        return (
            peer,
            { message in
                var signature = [UInt8](repeating: 0, count: 64)
                crypto_sign_detached(&signature, nil, message, UInt64(message.count), key)
                return signature
            }
        )
    }

    static let verifier: SignatureVerifier = { signature, message, signer in
        signature.count == 64
            && crypto_sign_verify_detached(signature, message, UInt64(message.count), signer.publicKey) == 0
    }
}
