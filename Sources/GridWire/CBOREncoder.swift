/// Writes deterministic CBOR, item by item.
///
/// The caller states the number of items of an array or map first and then writes exactly so many; the keys of a map
/// are written in ascending order.
package struct CBOREncoder: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    /// Creates an encoder that writes behind other bytes.
    ///
    /// - Parameter room: for how many bytes in all room is made at once; there may be more.
    package init(after bytes: some Collection<UInt8> = [], room: Int = 0) {
        self.bytes.reserveCapacity(room)
        self.bytes.append(contentsOf: bytes)
    }

    /// Writes an unsigned integer.
    package mutating func unsigned(_ value: UInt64) {
        self.head(.unsigned, value)
    }

    /// Writes an integer.
    package mutating func integer(_ value: Int) {
        if value >= 0 {
            self.head(.unsigned, UInt64(value))
        } else {
            self.head(.negative, UInt64(-1 - value))
        }
    }

    /// Writes a boolean.
    package mutating func bool(_ value: Bool) {
        self.bytes.append(value ? 0xf5 : 0xf4)
    }

    /// Writes a byte string.
    package mutating func byteString(_ value: some Collection<UInt8>) {
        self.head(.bytes, UInt64(value.count))
        self.bytes.append(contentsOf: value)
    }

    /// Writes a text string as it is.
    package mutating func text(_ value: String) {
        self.head(.text, UInt64(value.utf8.count))
        self.bytes.append(contentsOf: value.utf8)
    }

    /// Writes a text that is only for people, made fit: control characters become spaces, and what is over
    /// `sizeMax` bytes is cut off between two characters.
    package mutating func sentence(_ value: String, sizeMax: Int) {
        var fit = String.UnicodeScalarView()
        var size = 0
        for scalar in value.unicodeScalars {
            let scalar = CBOR.isControl(scalar) ? " " : scalar
            size += UTF8.width(scalar)
            guard size <= sizeMax else { break }
            fit.append(scalar)
        }
        self.text(String(fit))
    }

    /// Begins an array of `count` items.
    package mutating func array(_ count: Int) {
        self.head(.array, UInt64(count))
    }

    /// Begins a map of `count` pairs.
    package mutating func map(_ count: Int) {
        self.head(.map, UInt64(count))
    }

    /// Writes a key of a map; its value must follow.
    package mutating func key(_ key: Int) {
        self.integer(key)
    }

    /// Writes an array, each element by a closure.
    package mutating func array<Element>(
        _ elements: some Collection<Element>,
        _ write: (inout CBOREncoder, Element) -> Void
    ) {
        self.array(elements.count)
        for element in elements {
            write(&self, element)
        }
    }

    private mutating func head(_ type: CBOR.MajorType, _ value: UInt64) {
        let type = type.rawValue << 5
        let size: Int
        switch value {
        case 0 ..< 24:
            self.bytes.append(type | UInt8(value))
            return
        case 24 ..< 0x100:
            self.bytes.append(type | 24)
            size = 1
        case 0x100 ..< 0x1_0000:
            self.bytes.append(type | 25)
            size = 2
        case 0x1_0000 ..< 0x1_0000_0000:
            self.bytes.append(type | 26)
            size = 4
        default:
            self.bytes.append(type | 27)
            size = 8
        }
        for i in (0 ..< size).reversed() {
            self.bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i)))
        }
    }
}
