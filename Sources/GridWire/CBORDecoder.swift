/// Reads deterministic CBOR, item by item, and refuses everything that the encoder would not have written.
///
/// Lengths and counts are compared with the bytes that are left before anything is allocated.
package struct CBORDecoder: Sendable {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Creates a decoder at the front of some bytes.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads one value that takes all of the bytes.
    ///
    /// - Throws: ``WireError`` from the closure, or when bytes are left over.
    package static func decode<Value>(
        _ bytes: [UInt8],
        _ read: (inout CBORDecoder) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        var decoder = Self(bytes)
        let value = try read(&decoder)
        guard decoder.remaining == 0 else {
            throw WireError(.malformed, "\(decoder.remaining) bytes are left over after a value")
        }
        return value
    }

    /// The number of bytes that were not read yet.
    package var remaining: Int {
        self.bytes.count - self.position
    }

    /// Reads an unsigned integer.
    package mutating func unsigned() throws(WireError) -> UInt64 {
        let (type, value) = try self.head()
        guard type == .unsigned else { throw self.mismatch("an unsigned integer", type) }
        return value
    }

    /// Reads an integer within a range.
    package mutating func integer(_ range: ClosedRange<Int>, _ name: StaticString) throws(WireError) -> Int {
        let (type, magnitude) = try self.head()
        guard type == .unsigned || type == .negative else { throw self.mismatch("an integer", type) }
        guard let magnitude = Int(exactly: magnitude) else {
            throw WireError(.outOfRange, "\(name) takes more than 63 bits")
        }
        let value = type == .unsigned ? magnitude : -1 - magnitude
        guard range.contains(value) else {
            throw WireError(.outOfRange, "\(name) is \(value), not within \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    /// Reads a boolean.
    package mutating func bool() throws(WireError) -> Bool {
        let (type, value) = try self.head()
        guard type == .simple else { throw self.mismatch("a boolean", type) }
        return value == 1
    }

    /// Reads a byte string whose size is within a range.
    package mutating func byteString(_ sizes: ClosedRange<Int>, _ name: StaticString) throws(WireError) -> [UInt8] {
        Array(try self.bytes(sizes, name))
    }

    /// Reads a byte string whose size is within a range, without copying it.
    mutating func bytes(_ sizes: ClosedRange<Int>, _ name: StaticString) throws(WireError) -> ArraySlice<UInt8> {
        try self.string(.bytes, sizes, name)
    }

    /// Reads a text of at most `sizeMax` bytes of UTF-8 without control characters.
    package mutating func text(sizeMax: Int, _ name: StaticString) throws(WireError) -> String {
        let bytes = try self.string(.text, 0 ... sizeMax, name)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WireError(.malformed, "\(name) is not UTF-8")
        }
        guard !text.unicodeScalars.contains(where: CBOR.isControl) else {
            throw WireError(.outOfRange, "\(name) holds a control character")
        }
        return text
    }

    /// Reads an array of at most `countMax` elements, each by a closure.
    package mutating func array<Element>(
        countMax: Int,
        _ name: StaticString,
        _ read: (inout CBORDecoder) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let (type, value) = try self.head()
        guard type == .array else { throw self.mismatch("an array", type) }
        guard value <= UInt64(countMax) else {
            throw WireError(.outOfRange, "\(name) holds \(value) elements, more than \(countMax)")
        }
        // Every element takes at least a byte.
        guard value <= UInt64(self.remaining) else {
            throw WireError(.malformed, "\(name) claims \(value) elements in \(self.remaining) bytes")
        }
        try self.enter()
        var elements: [Element] = []
        elements.reserveCapacity(min(Int(value), Self.reservedMax))
        for _ in 0 ..< Int(value) {
            elements.append(try read(&self))
        }
        self.depth -= 1
        return elements
    }

    /// Reads an array of exactly `count` items by one closure.
    package mutating func array<Value>(
        exactly count: Int,
        _ name: StaticString,
        _ read: (inout CBORDecoder) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        let (type, value) = try self.head()
        guard type == .array else { throw self.mismatch("an array", type) }
        guard value == UInt64(count) else {
            throw WireError(.malformed, "\(name) holds \(value) items, not \(count)")
        }
        try self.enter()
        let result = try read(&self)
        self.depth -= 1
        return result
    }

    /// Reads a message: an array whose first item is a tag that says how many items follow and what they are.
    package mutating func message<Value>(
        _ name: StaticString,
        _ read: (inout CBORDecoder, _ tag: Int, _ itemCount: Int) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        let (type, count) = try self.head()
        guard type == .array else { throw self.mismatch("an array", type) }
        guard (1 ... 16).contains(count) else {
            throw WireError(.malformed, "\(name) holds \(count) items")
        }
        try self.enter()
        let tag = try self.integer(0 ... 255, "the tag of a message")
        let result = try read(&self, tag, Int(count) - 1)
        self.depth -= 1
        return result
    }

    /// Reads a map of exactly `count` pairs by one closure, which reads each key with ``key(_:)``.
    package mutating func map<Value>(
        exactly count: Int,
        _ name: StaticString,
        _ read: (inout CBORDecoder) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        let (type, value) = try self.head()
        guard type == .map else { throw self.mismatch("a map", type) }
        guard value == UInt64(count) else {
            throw WireError(.malformed, "\(name) holds \(value) pairs, not \(count)")
        }
        try self.enter()
        let result = try read(&self)
        self.depth -= 1
        return result
    }

    /// Reads the key of a map that must come next.
    ///
    /// Since all keys of a schema are read in ascending order, unsorted, double, missing and unknown keys are all
    /// refused here.
    package mutating func key(_ key: Int) throws(WireError) {
        let (type, value) = try self.head()
        guard type == .unsigned, value == UInt64(key) else {
            throw WireError(.malformed, "a map has another key where \(key) must stand")
        }
    }

    /// For so many elements room is made before they are read; for more when they are there.
    private static let reservedMax = 64

    private mutating func enter() throws(WireError) {
        self.depth += 1
        guard self.depth <= CBOR.depthMax else {
            throw WireError(.outOfRange, "values are nested more than \(CBOR.depthMax) deep")
        }
    }

    private mutating func string(
        _ expected: CBOR.MajorType,
        _ sizes: ClosedRange<Int>,
        _ name: StaticString
    ) throws(WireError) -> ArraySlice<UInt8> {
        let (type, value) = try self.head()
        guard type == expected else {
            throw self.mismatch(expected == .bytes ? "a byte string" : "a text string", type)
        }
        guard value <= UInt64(self.remaining) else {
            throw WireError(.malformed, "\(name) claims \(value) bytes, \(self.remaining) are left")
        }
        let size = Int(value)
        guard sizes.contains(size) else {
            throw WireError(.outOfRange, "\(name) has \(size) bytes, not \(sizes.lowerBound)...\(sizes.upperBound)")
        }
        defer { self.position += size }
        return self.bytes[self.position ..< (self.position + size)]
    }

    private func mismatch(_ expected: StaticString, _ type: CBOR.MajorType) -> WireError {
        WireError(.malformed, "\(expected) must stand where major type \(type.rawValue) was found")
    }

    /// Reads the initial byte and the argument behind it.
    private mutating func head() throws(WireError) -> (type: CBOR.MajorType, value: UInt64) {
        guard self.position < self.bytes.count else {
            throw WireError(.malformed, "the bytes end where a value must begin")
        }
        let initial = self.bytes[self.position]
        self.position += 1
        guard let type = CBOR.MajorType(rawValue: initial >> 5), type != .tag else {
            throw WireError(.malformed, "a tag was found; the protocol has none")
        }
        let information = initial & 31
        if type == .simple {
            guard information == 20 || information == 21 else {
                throw WireError(.malformed, "simple value or float \(information); the protocol has only booleans")
            }
            return (.simple, UInt64(information - 20))
        }
        guard information >= 24 else { return (type, UInt64(information)) }
        guard information <= 27 else {
            throw WireError(.malformed, "an indefinite or reserved length was found")
        }
        let size = 1 << Int(information - 24)
        guard size <= self.remaining else {
            throw WireError(.malformed, "the bytes end inside a number")
        }
        var value: UInt64 = 0
        for byte in self.bytes[self.position ..< (self.position + size)] {
            value = value << 8 | UInt64(byte)
        }
        self.position += size
        let least: UInt64 = information == 24 ? 24 : 1 << UInt64(4 * size)
        guard value >= least else {
            throw WireError(.notCanonical, "the number \(value) is written with \(size) bytes")
        }
        return (type, value)
    }
}
