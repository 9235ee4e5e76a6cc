import GridWire

/// The secret that all nodes of a private grid share.
///
/// ```swift
/// let key = try PreSharedKey(parsing: fileText)
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

    /// Reads the text of a key file as libp2p programs write it: header, `/base16/`, 64 hexadecimal digits.
    public convenience init(parsing text: String) throws(ParsingError) {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            String(line.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
        guard lines.first == Self.header else { throw .noHeader }
        guard lines.count >= 2, lines[1] == Self.encoding else { throw .unknownEncoding }
        guard lines.count == 3, var bytes = Hex.decode(lines[2].lowercased()), bytes.count == Sodium.keySize else {
            throw .malformedKey
        }
        self.init(secret: SecretBytes(moving: &bytes))
    }

    /// Makes a new key from the operating system's randomness.
    public static func generate() -> PreSharedKey {
        var bytes = Sodium.randomBytes(Sodium.keySize)
        return PreSharedKey(secret: SecretBytes(moving: &bytes))
    }

    /// The text of a key file.
    public var fileText: String {
        let digits = self.secret.withUnsafeBytes { Hex.encode([UInt8]($0)) }
        return "\(Self.header)\n\(Self.encoding)\n\(digits)\n"
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
