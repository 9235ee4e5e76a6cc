/// A domain name: its labels, in lower case as far as they are ASCII.
package struct DNSName: Hashable {
    /// The most bytes of a name on the wire.
    package static let sizeMax = 255
    /// The most bytes of a label.
    package static let labelSizeMax = 63

    /// The labels, most specific first.
    package var labels: [[UInt8]]

    /// Creates a name from dotted text, such as `_p2p._udp.local`.
    package init(_ text: String) {
        self.labels = text.split(separator: ".").map { [UInt8]($0.utf8) }
    }

    package init(labels: [[UInt8]]) {
        self.labels = labels
    }

    /// Whether this name lies directly under another.
    package func isChild(of parent: DNSName) -> Bool {
        self.labels.count == parent.labels.count + 1 && self.labels.dropFirst().elementsEqual(parent.labels)
    }

    /// The name without compression.
    var encoded: [UInt8] {
        self.labels.reduce(into: []) { $0 += [UInt8(clamping: $1.count)] + $1 } + [0]
    }
}

/// The part of DNS messages (RFC 1035, RFC 6762) that multicast discovery needs.
package struct DNSMessage: Hashable {
    /// Why bytes are not a message; the datagram is dropped.
    package enum Malformed: Error, Hashable {
        /// The message ends inside a part.
        case truncated
        /// A name that is too long, or a pointer that does not lead strictly backwards, or too many of them.
        case badName
        /// More questions or records than any neighbour sends.
        case tooMany
        /// A record's data does not have the size that it says.
        case badRecord
    }

    /// What is asked.
    package struct Question: Hashable {
        package var name: DNSName
        package var type: UInt16

        package init(name: DNSName, type: UInt16) {
            self.name = name
            self.type = type
        }
    }

    /// What is said.
    package struct Record: Hashable {
        /// The content by type.
        package enum Content: Hashable {
            /// PTR.
            case pointer(DNSName)
            /// TXT: its strings, each of at most 255 bytes.
            case text([[UInt8]])
            /// Any other type.
            case other(type: UInt16)
        }

        package var name: DNSName
        /// How long it holds, in seconds; 0 withdraws it.
        package var timeToLive: UInt32
        package var content: Content

        package init(name: DNSName, timeToLive: UInt32, content: Content) {
            self.name = name
            self.timeToLive = timeToLive
            self.content = content
        }
    }

    /// The type numbers of DNS.
    package static let typePointer: UInt16 = 12
    package static let typeText: UInt16 = 16
    package static let typeAny: UInt16 = 255
    /// The most questions and records that are read of one message.
    package static let entryCountMax = 256
    /// The most pointers in one name.
    package static let pointerCountMax = 16

    package var isResponse: Bool
    package var questions: [Question]
    /// Answers, authorities and additional records alike.
    package var records: [Record]

    package init(isResponse: Bool, questions: [Question] = [], records: [Record] = []) {
        self.isResponse = isResponse
        self.questions = questions
        self.records = records
    }

    /// Reads a message.
    ///
    /// Bytes behind the last record are ignored.
    package init(decoding bytes: [UInt8]) throws(Malformed) {
        var reader = Reader(bytes: bytes)
        _ = try reader.number16()
        let flags = try reader.number16()
        let questionCount = Int(try reader.number16())
        let recordCount = Int(try reader.number16()) + Int(try reader.number16()) + Int(try reader.number16())
        guard questionCount + recordCount <= Self.entryCountMax else { throw .tooMany }
        self.isResponse = flags & 0x8000 != 0
        self.questions = []
        self.records = []
        for _ in 0 ..< questionCount {
            let name = try reader.name()
            let type = try reader.number16()
            // The class; its top bit asks for a unicast answer.
            if Self.isInternet(try reader.number16()) {
                self.questions.append(Question(name: name, type: type))
            }
        }
        for _ in 0 ..< recordCount {
            let name = try reader.name()
            let type = try reader.number16()
            // The class; its top bit says that older records are void.
            let isInternet = Self.isInternet(try reader.number16())
            let timeToLive = UInt32(try reader.number16()) << 16 | UInt32(try reader.number16())
            let content = try reader.content(type: type)
            if isInternet {
                self.records.append(Record(name: name, timeToLive: timeToLive, content: content))
            }
        }
    }

    private static func isInternet(_ value: UInt16) -> Bool {
        value & 0x7FFF == 1 || value & 0x7FFF == 255
    }

    /// The message without compression, its first record as the answer and the others as additional ones.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = [0, 0, self.isResponse ? 0x84 : 0, 0]
        func append(_ number: Int) {
            bytes += [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
        }
        append(self.questions.count)
        append(min(self.records.count, 1))
        append(0)
        append(max(self.records.count - 1, 0))
        for question in self.questions {
            bytes += question.name.encoded
            append(Int(question.type))
            append(1)
        }
        for record in self.records {
            bytes += record.name.encoded
            let (type, data): (UInt16, [UInt8]) =
                switch record.content {
                case .pointer(let name): (Self.typePointer, name.encoded)
                case .text(let strings):
                    (Self.typeText, strings.reduce(into: []) { $0 += [UInt8(clamping: $1.count)] + $1.prefix(255) })
                case .other(let type): (type, [])
                }
            append(Int(type))
            append(1)
            append(Int(record.timeToLive >> 16))
            append(Int(record.timeToLive & 0xFFFF))
            append(data.count)
            bytes += data
        }
        return bytes
    }

    /// Reads from the front; names may point backwards.
    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func number16() throws(Malformed) -> UInt16 {
            guard self.bytes.count - self.offset >= 2 else { throw .truncated }
            defer { self.offset += 2 }
            return UInt16(self.bytes[self.offset]) << 8 | UInt16(self.bytes[self.offset + 1])
        }

        /// A name.
        ///
        /// Each pointer must lead before the name (or the part) that it stands in, so there are no loops.
        mutating func name() throws(Malformed) -> DNSName {
            var labels: [[UInt8]] = []
            var size = 1
            var position = self.offset
            // Where the part that is read began: the next pointer must lead before it.
            var partStart = position
            var pointerCount = 0
            while true {
                guard position < self.bytes.count else { throw .truncated }
                let length = Int(self.bytes[position])
                position += 1
                switch length {
                case 0:
                    if pointerCount == 0 { self.offset = position }
                    return DNSName(labels: labels)
                case 1 ... DNSName.labelSizeMax:
                    guard self.bytes.count - position >= length else { throw .truncated }
                    size += 1 + length
                    guard size <= DNSName.sizeMax else { throw .badName }
                    labels.append(self.bytes[position ..< (position + length)].map(Self.lowercased))
                    position += length
                case 0xC0...:
                    guard position < self.bytes.count else { throw .truncated }
                    let target = (length & 0x3F) << 8 | Int(self.bytes[position])
                    position += 1
                    if pointerCount == 0 { self.offset = position }
                    pointerCount += 1
                    guard target < partStart, pointerCount <= DNSMessage.pointerCountMax else { throw .badName }
                    partStart = target
                    position = target
                default:
                    throw .badName
                }
            }
        }

        mutating func content(type: UInt16) throws(Malformed) -> Record.Content {
            let size = Int(try self.number16())
            guard self.bytes.count - self.offset >= size else { throw .truncated }
            let end = self.offset + size
            switch type {
            case DNSMessage.typePointer:
                let name = try self.name()
                guard self.offset == end else { throw .badRecord }
                return .pointer(name)
            case DNSMessage.typeText:
                var strings: [[UInt8]] = []
                while self.offset < end {
                    let length = Int(self.bytes[self.offset])
                    guard end - self.offset > length else { throw .badRecord }
                    strings.append([UInt8](self.bytes[(self.offset + 1) ..< (self.offset + 1 + length)]))
                    self.offset += 1 + length
                }
                return .text(strings)
            default:
                self.offset = end
                return .other(type: type)
            }
        }

        private static func lowercased(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A") ... UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
    }
}
