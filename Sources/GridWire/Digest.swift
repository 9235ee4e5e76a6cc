/// A BLAKE2b-256 hash value (RFC 7693, 32 bytes of output, no key).
///
/// Its text is 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Sendable, Comparable {
    /// The number of bytes of a digest.
    public static let byteCount = Bytes32.count

    private let storage: Bytes32

    /// Creates a digest from exactly 32 bytes, or nothing from any other number.
    public init?(_ bytes: some Collection<UInt8>) {
        guard let storage = Bytes32(bytes) else { return nil }
        self.storage = storage
    }

    /// The digest of a message.
    public init(hashing message: some Sequence<UInt8>) {
        var hash = Blake2b256()
        hash.update(message)
        self = hash.finalize()
    }

    fileprivate init(storage: Bytes32) {
        self.storage = storage
    }

    /// Creates a digest from its bytes as four little-endian words.
    package init(littleEndianWords words: SIMD4<UInt64>) {
        self.storage = Bytes32(littleEndianWords: words)
    }

    /// Calls a closure with the 32 bytes, without copying them to an array.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.storage.withUnsafeBytes(body)
    }

    /// The 32 bytes, in the order in which BLAKE2b gives them.
    public var bytes: [UInt8] {
        self.storage.bytes
    }

    /// Lexicographic order of the bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.storage < b.storage
    }
}

extension Digest: LosslessStringConvertible {
    /// Creates a digest from 64 hexadecimal digits of either case, or nothing from anything else.
    public init?(_ description: String) {
        guard let bytes = Hex.decode(description) else { return nil }
        self.init(bytes)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        Hex.encode(self.bytes)
    }

    /// The first eight hexadecimal digits, for tables and log lines.
    public var shortDescription: String {
        Hex.encode(self.bytes.prefix(4))
    }
}

extension Blake2b256 {
    /// Appends the 32 bytes of a digest to the message.
    public mutating func update(_ digest: Digest) {
        digest.withUnsafeBytes { self.update($0) }
    }

    /// The hash of the message so far.
    public func finalize() -> Digest {
        Digest(storage: Bytes32(littleEndianWords: self.finalizeWords()))
    }
}
