import GridWire

/// The secret that all nodes of a private grid share.
///
/// ```swift
/// let key = try PreSharedKey(parsing: fileBytes)
/// settings.preSharedKey = key
/// ```
/// libp2p's private networks: every connection is wrapped in XSalsa20 under this key, so that whoever lacks it cannot say a
/// word to a node, not even try a handshake. It keeps strangers out and adds nothing to Noise's secrecy: who has left the
/// grid keeps the key.
public final class PreSharedKey: Sendable {
    /// Why text is not a key.
    public enum ParsingError: Error, Hashable, CustomStringConvertible {
        /// The first line is not `/key/swarm/psk/1.0.0/`.
        case noHeader
        /// The second line names an encoding that is not known.
        case unknownEncoding
        /// The third line is not 32 bytes in the named encoding.
        case malformedKey

        /// What is wrong, in a sentence.
        public var description: String {
            switch self {
            case .noHeader: "a swarm key begins with the line \(PreSharedKey.header)"
            case .unknownEncoding: "the second line of a swarm key is /base16/"
            case .malformedKey: "the third line of a swarm key has 64 hexadecimal digits"
            }
        }
    }

    /// The first line of a key file.
    public static let header = "/key/swarm/psk/1.0.0/"
    private static let encoding = "/base16/"
    /// The most bytes of a key file that are worth reading.
    public static let fileSizeMax = 4 << 10

    let secret: SecretBytes

    private init(secret: SecretBytes) {
        self.secret = secret
    }

    /// Reads a key file as libp2p programs write it: header, `/base16/`, 64 hexadecimal digits.
    ///
    /// No digit is copied but into locked memory; whoever has the file's bytes wipes them.
    public convenience init(parsing text: [UInt8]) throws(ParsingError) {
        let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        let lines = text.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { line in
            let rest = line.drop { blanks.contains($0) }
            return rest.prefix(rest.lastIndex { !blanks.contains($0) }.map { $0 + 1 - rest.startIndex } ?? 0)
        }.filter { !$0.isEmpty }
        guard lines.first?.elementsEqual(Self.header.utf8) ?? false else { throw .noHeader }
        guard lines.count >= 2, lines[1].elementsEqual(Self.encoding.utf8) else { throw .unknownEncoding }
        guard lines.count == 3, lines[2].count == 2 * Sodium.keySize,
            lines[2].allSatisfy({ Hex.value(of: $0) != nil })
        else { throw .malformedKey }
        let digits = lines[2]
        self.init(
            secret: SecretBytes(count: Sodium.keySize) { memory in
                for i in memory.indices {
                    let first = digits.startIndex + 2 * i
                    let (high, low) = (Hex.value(of: digits[first]), Hex.value(of: digits[first + 1]))
                    memory[i] = (high ?? 0) << 4 | (low ?? 0)
                }
            }
        )
    }

    /// Makes a new key from the operating system's randomness.
    public static func generate() -> PreSharedKey {
        var bytes = Sodium.randomBytes(Sodium.keySize)
        return PreSharedKey(secret: SecretBytes(moving: &bytes))
    }

    /// The bytes of a key file, which are to be wiped after use.
    public var fileBytes: [UInt8] {
        let head = Array("\(Self.header)\n\(Self.encoding)\n".utf8)
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        // Enough at once: what is grown leaves copies behind.
        bytes.reserveCapacity(head.count + 2 * Sodium.keySize + 1)
        bytes += head
        self.secret.withUnsafeBytes { secret in
            for byte in secret {
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// 32 bytes that only those who have the key can know, different for each purpose: names of the grid elsewhere are
    /// made of them.
    public func derived(for purpose: String) -> [UInt8] {
        Sodium.keyedHash([UInt8]("tessera private grid: \(purpose)".utf8), key: self.secret)
    }

    /// Eight bytes in hexadecimal by which people compare keys without showing them.
    public var fingerprint: String {
        Hex.encode(Array(self.derived(for: "fingerprint").prefix(8)))
    }
}
