import GridWire

/// Reads the little of Protocol Buffers that libp2p needs: numbered fields of varints and byte strings.
///
/// Unknown fields are for the caller to skip; groups are malformed. Nothing is allocated from an announced length.
package struct ProtobufReader {
    /// A field's value.
    package enum Value: Hashable {
        /// Wire type 0.
        case varint(UInt64)
        /// Wire type 2.
        case bytes([UInt8])
        /// Wire type 1.
        case fixed64(UInt64)
        /// Wire type 5, which nothing here uses.
        case fixed32
    }

    /// The message is not well-formed.
    package struct Malformed: Error, Hashable {}

    private var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) {
        self.rest = bytes
    }

    package init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    /// The next field, or nothing at the end.
    package mutating func next() throws(Malformed) -> (field: UInt64, value: Value)? {
        if self.rest.isEmpty { return nil }
        let tag = try self.varint()
        let field = tag >> 3
        guard field > 0 else { throw Malformed() }
        switch tag & 7 {
        case 0: return (field, .varint(try self.varint()))
        case 1:
            return (field, .fixed64(try self.take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }))
        case 2:
            let count = try self.varint()
            guard count <= UInt64(self.rest.count) else { throw Malformed() }
            return (field, .bytes([UInt8](try self.take(Int(count)))))
        case 5:
            _ = try self.take(4)
            return (field, .fixed32)
        default: throw Malformed()
        }
    }

    private mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard self.rest.count >= count else { throw Malformed() }
        defer { self.rest = self.rest.dropFirst(count) }
        return self.rest.prefix(count)
    }

    /// A varint of up to ten bytes; Protocol Buffers allow encodings that are longer than needed.
    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = self.rest.popFirst() else { throw Malformed() }
            guard shift < 63 || byte <= 1 else { throw Malformed() }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Malformed()
    }
}

/// Writes numbered fields; the caller keeps them in ascending order.
package struct ProtobufWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends a varint field.
    package mutating func append(_ field: UInt64, _ value: UInt64) {
        Varint.append(field << 3, to: &self.bytes)
        Varint.append(value, to: &self.bytes)
    }

    /// Appends a field of eight bytes, little-endian.
    package mutating func append(_ field: UInt64, fixed64 value: UInt64) {
        Varint.append(field << 3 | 1, to: &self.bytes)
        self.bytes += (0 ..< 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Appends a byte string field.
    package mutating func append(_ field: UInt64, _ value: some Collection<UInt8>) {
        Varint.append(field << 3 | 2, to: &self.bytes)
        Varint.append(UInt64(value.count), to: &self.bytes)
        self.bytes.append(contentsOf: value)
    }
}
