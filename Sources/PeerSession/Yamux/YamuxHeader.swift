/// The 12 bytes before every Yamux frame.
package struct YamuxHeader: Hashable {
    /// The bytes of a header.
    package static let size = 12
    /// The receive window that every stream starts with, in bytes, in both directions.
    package static let initialWindow = 256 << 10

    /// What a frame is.
    package enum Kind: UInt8 {
        /// `length` bytes of a stream follow.
        case data = 0
        /// `length` more bytes may be sent.
        case windowUpdate = 1
        /// `length` is an opaque value to be returned.
        case ping = 2
        /// `length` is the reason for leaving.
        case goAway = 3
    }

    /// What a frame says besides.
    package struct Flags: OptionSet, Hashable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// The stream begins; or a ping asks.
        package static let syn = Self(rawValue: 1)
        /// The stream is accepted; or a ping is answered.
        package static let ack = Self(rawValue: 2)
        /// The sender sends no more.
        package static let fin = Self(rawValue: 4)
        /// The stream is gone.
        package static let rst = Self(rawValue: 8)
    }

    package var kind: Kind
    package var flags: Flags
    package var stream: UInt32
    package var length: UInt32

    package init(_ kind: Kind, _ flags: Flags = [], stream: UInt32, length: UInt32) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.length = length
    }

    /// Reads a header from 12 bytes; nothing when the version is not 0 or the type is unknown.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.size, bytes[0] == 0, let kind = Kind(rawValue: bytes[1]) else { return nil }
        func number(_ range: Range<Int>) -> UInt32 {
            range.reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
        }
        self.kind = kind
        self.flags = Flags(rawValue: UInt16(truncatingIfNeeded: number(2 ..< 4)))
        self.stream = number(4 ..< 8)
        self.length = number(8 ..< 12)
    }

    /// Writes the 12 bytes to the front of `memory`, which must have room for them.
    package func write(to memory: UnsafeMutableRawBufferPointer) {
        memory[0] = 0
        memory[1] = self.kind.rawValue
        memory.storeBytes(of: self.flags.rawValue.bigEndian, toByteOffset: 2, as: UInt16.self)
        memory.storeBytes(of: self.stream.bigEndian, toByteOffset: 4, as: UInt32.self)
        memory.storeBytes(of: self.length.bigEndian, toByteOffset: 8, as: UInt32.self)
    }

    /// The 12 bytes.
    package var encoded: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { self.write(to: $0) }
        return bytes
    }
}
