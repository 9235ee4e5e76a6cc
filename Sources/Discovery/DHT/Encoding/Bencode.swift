/// A value of BEP 3's encoding.
package enum Bencode: Hashable, Sendable {
    /// `i42e`.
    case integer(Int64)
    /// `4:spam`; text has no type of its own.
    case bytes([UInt8])
    /// `l4:spami42ee`.
    case list([Bencode])
    /// `d3:bar4:spame`.
    case dictionary(Dictionary)

    /// The deepest nesting that is read.
    package static let depthMax = 32
    /// The most values of one message, so that a datagram of empty lists costs bounded memory.
    package static let valueCountMax = 2_048

    /// Pairs in ascending order of their keys.
    package struct Dictionary: Hashable, Sendable {
        /// The pairs; each key once.
        package private(set) var pairs: [Pair] = []

        /// A key and its value.
        package struct Pair: Hashable, Sendable {
            /// The key, compared as bytes.
            package let key: [UInt8]
            /// The value.
            package fileprivate(set) var value: Bencode
        }

        /// Creates an empty dictionary.
        package init() {}

        /// The value of a key; nil removes it.
        package subscript(key: StaticString) -> Bencode? {
            get { key.withUTF8Buffer { key in self.pairs.first { $0.key.elementsEqual(key) }?.value } }
            set { self.set(key.withUTF8Buffer { [UInt8]($0) }, to: newValue) }
        }

        private mutating func set(_ key: [UInt8], to value: Bencode?) {
            let index = self.pairs.firstIndex { !$0.key.lexicographicallyPrecedes(key) } ?? self.pairs.count
            let isPresent = index < self.pairs.count && self.pairs[index].key == key
            switch (value, isPresent) {
            case (let value?, true): self.pairs[index].value = value
            case (let value?, false): self.pairs.insert(Pair(key: key, value: value), at: index)
            case (nil, true): self.pairs.remove(at: index)
            case (nil, false): break
            }
        }

        /// Appends a pair whose key must come after all others.
        fileprivate mutating func append(_ key: [UInt8], _ value: Bencode) -> Bool {
            if let last = self.pairs.last, !last.key.lexicographicallyPrecedes(key) { return false }
            self.pairs.append(Pair(key: key, value: value))
            return true
        }
    }

    /// The integer, if this is one.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The bytes, if this is a string.
    package var bytes: [UInt8]? {
        if case .bytes(let value) = self { value } else { nil }
    }

    /// The elements, if this is a list.
    package var list: [Bencode]? {
        if case .list(let value) = self { value } else { nil }
    }

    /// The pairs, if this is a dictionary.
    package var dictionary: Dictionary? {
        if case .dictionary(let value) = self { value } else { nil }
    }
}

extension Bencode {
    /// The one canonical form.
    package func encoded() -> [UInt8] {
        var output: [UInt8] = []
        self.append(to: &output)
        return output
    }

    // Values that were read are at most `depthMax` deep, own ones a few levels.
    private func append(to output: inout [UInt8]) {
        switch self {
        case .integer(let value):
            output.append(UInt8(ascii: "i"))
            output += "\(value)".utf8
            output.append(UInt8(ascii: "e"))
        case .bytes(let value):
            Self.append(value, to: &output)
        case .list(let values):
            output.append(UInt8(ascii: "l"))
            for value in values { value.append(to: &output) }
            output.append(UInt8(ascii: "e"))
        case .dictionary(let dictionary):
            output.append(UInt8(ascii: "d"))
            for pair in dictionary.pairs {
                Self.append(pair.key, to: &output)
                pair.value.append(to: &output)
            }
            output.append(UInt8(ascii: "e"))
        }
    }

    private static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        output += "\(bytes.count):".utf8
        output += bytes
    }
}

extension Bencode {
    /// Why bytes are not the canonical form of a value.
    package enum Malformed: Error, Hashable {
        /// The bytes end inside a value.
        case truncated
        /// A byte that begins nothing, or an `e` where a value must stand.
        case unexpectedByte
        /// A number with leading zeros, a negative zero, no digits, or over 63 bits.
        case badNumber
        /// A key that is no string, or not in strictly ascending order.
        case badKey
        /// Deeper or more than the limits allow.
        case tooLarge
        /// Bytes are left over behind the value.
        case trailingBytes
    }

    /// Reads one value in canonical form that takes all of the bytes.
    ///
    /// Since nothing but the canonical form is read, encoding the value, or any part of it, gives the very bytes back.
    package init(decoding bytes: [UInt8]) throws(Malformed) {
        var decoder = Decoder(bytes: bytes)
        self = try decoder.value()
        guard decoder.position == bytes.count else { throw .trailingBytes }
    }

    /// Reads with an explicit stack, so that nesting costs no stack of the thread.
    private struct Decoder {
        /// What is open.
        private enum Frame {
            case list([Bencode])
            case dictionary(Dictionary, key: [UInt8]?)
        }

        private let bytes: [UInt8]
        private(set) var position = 0
        private var frames: [Frame] = []
        private var valueCount = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func value() throws(Malformed) -> Bencode {
            while true {
                var finished: Bencode
                let byte = try self.peek()
                // A key, or the end, must stand where a dictionary waits for one.
                if case .dictionary(let dictionary, nil)? = self.frames.last, byte != UInt8(ascii: "e") {
                    guard Self.isDigit(byte) else { throw .badKey }
                    self.frames[self.frames.count - 1] = .dictionary(dictionary, key: try self.string())
                    continue
                }
                switch byte {
                case UInt8(ascii: "i"):
                    self.position += 1
                    finished = .integer(try self.number(until: UInt8(ascii: "e"), isSigned: true))
                case UInt8(ascii: "0") ... UInt8(ascii: "9"):
                    finished = .bytes(try self.string())
                case UInt8(ascii: "l"), UInt8(ascii: "d"):
                    self.position += 1
                    guard self.frames.count < Bencode.depthMax else { throw .tooLarge }
                    self.frames.append(byte == UInt8(ascii: "l") ? .list([]) : .dictionary(Dictionary(), key: nil))
                    continue
                case UInt8(ascii: "e"):
                    self.position += 1
                    switch self.frames.popLast() {
                    case .list(let values): finished = .list(values)
                    case .dictionary(let dictionary, nil): finished = .dictionary(dictionary)
                    // The key has no value, or nothing is open.
                    case .dictionary, nil: throw .unexpectedByte
                    }
                default:
                    throw .unexpectedByte
                }
                self.valueCount += 1
                guard self.valueCount <= Bencode.valueCountMax else { throw .tooLarge }
                switch self.frames.popLast() {
                case nil:
                    return finished
                case .list(var values):
                    values.append(finished)
                    self.frames.append(.list(values))
                case .dictionary(var dictionary, let key):
                    guard let key, dictionary.append(key, finished) else { throw .badKey }
                    self.frames.append(.dictionary(dictionary, key: nil))
                }
            }
        }

        private func peek() throws(Malformed) -> UInt8 {
            guard self.position < self.bytes.count else { throw .truncated }
            return self.bytes[self.position]
        }

        private static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains(byte)
        }

        private mutating func string() throws(Malformed) -> [UInt8] {
            let length = try self.number(until: UInt8(ascii: ":"), isSigned: false)
            guard length <= Int64(self.bytes.count - self.position) else { throw .truncated }
            let end = self.position + Int(length)
            defer { self.position = end }
            return [UInt8](self.bytes[self.position ..< end])
        }

        /// A canonical decimal number and the byte behind it.
        private mutating func number(until end: UInt8, isSigned: Bool) throws(Malformed) -> Int64 {
            var isNegative = false
            if isSigned { isNegative = try self.peek() == UInt8(ascii: "-") }
            if isNegative { self.position += 1 }
            let start = self.position
            var value: Int64 = 0
            while Self.isDigit(try self.peek()) {
                let digit = Int64(self.bytes[self.position] - UInt8(ascii: "0"))
                let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                // Counted downwards where negative, since the least number has no counterpart.
                let (sum, isOver) =
                    isNegative
                    ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
                guard !isTooLarge, !isOver else { throw .badNumber }
                value = sum
                self.position += 1
            }
            let count = self.position - start
            guard try self.peek() == end, count > 0,
                count == 1 ? !(isNegative && value == 0) : self.bytes[start] != UInt8(ascii: "0")
            else { throw .badNumber }
            self.position += 1
            return value
        }
    }
}
