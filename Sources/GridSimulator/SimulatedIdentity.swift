import GridWire
import PeerSession

/// Keys and signatures that are good enough where nobody forges: a "signature" is a checksum of the key and the message.
enum SimulatedIdentity {
    /// The peer id with a number.
    static func peer(_ number: UInt64, seed: UInt64) -> PeerID {
        var hash = Blake2b256()
        hash.update("tessera-simulated-peer:".utf8)
        for word in [seed, number] {
            hash.update((0 ..< 8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) })
        }
        guard let peer = PeerID(publicKey: hash.finalizeBytes()) else { preconditionFailure("32 bytes make a peer id") }
        return peer
    }

    /// The key of a node that finds others, whose sessions and records are proved in earnest.
    static func key(_ number: UInt64, seed: UInt64) -> IdentityKey {
        let bytes = Self.peer(number, seed: seed).publicKey
        guard let key = try? IdentityKey(seed: bytes) else { preconditionFailure("32 bytes are a seed") }
        return key
    }

    /// Signs for a peer.
    static func signer(_ peer: PeerID) -> Signer {
        { message in self.signature(of: message, by: peer) }
    }

    /// Checks what ``signer(_:)`` made.
    static let verifier: SignatureVerifier = { signature, message, peer in
        signature == Self.signature(of: message, by: peer)
    }

    /// A checksum of the key and the message, eight bytes at a time: most of what is simulated is checked five times.
    private static func signature(of message: [UInt8], by peer: PeerID) -> [UInt8] {
        var state: UInt64 = 0x243f_6a88_85a3_08d3
        for bytes in [peer.publicKey, message] {
            bytes.withUnsafeBytes { buffer in
                var offset = 0
                while offset + 8 <= buffer.count {
                    let word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    state = SeededRandom.mix(state ^ word) &+ 0x9e37_79b9_7f4a_7c15
                    offset += 8
                }
                while offset < buffer.count {
                    state = SeededRandom.mix(state ^ UInt64(buffer[offset])) &+ 1
                    offset += 1
                }
            }
        }
        var signature: [UInt8] = []
        signature.reserveCapacity(SignedRecord.signatureSize)
        for word in 0 ..< UInt64(8) {
            let part = SeededRandom.mix(state ^ word)
            withUnsafeBytes(of: part.littleEndian) { signature.append(contentsOf: $0) }
        }
        return signature
    }
}
