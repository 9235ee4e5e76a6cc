import GridWire

/// multistream-select 1.0: lines that agree on what a byte stream speaks.
///
/// A message is a varint length, text, and a newline.
package enum Multistream {
    /// What both sides send first.
    package static let header = "/multistream/1.0.0"
    /// The answer to a proposal that is not spoken.
    package static let notAvailable = "na"
    /// The most bytes of a line, its newline counted.
    package static let lineSizeMax = 1024
    /// The most proposals that a listener hears in one negotiation.
    package static let proposalCountMax = 10

    /// The other side broke the rules; the byte stream is of no more use.
    package enum Violation: Error, Hashable {
        /// A length that does not fit, or is longer than needed; or a line without its newline.
        case malformedLine
        /// The first line is not the header.
        case noHeader
        /// A dialer got an answer that is neither its proposal nor `na`.
        case unexpectedAnswer
        /// Ten proposals and none fits.
        case tooManyProposals
    }

    /// A line as it travels.
    package static func encode(_ text: String) -> [UInt8] {
        let size = text.utf8.count + 1
        precondition(size <= Self.lineSizeMax, "a multistream line has at most \(Self.lineSizeMax) bytes, got \(size)")
        return Varint.encode(UInt64(size)) + text.utf8 + [UInt8(ascii: "\n")]
    }

    /// What a dialer sends for one proposal, in one write.
    package static func opening(_ name: String) -> [UInt8] {
        Self.encode(Self.header) + Self.encode(name)
    }

    /// Collects lines from bytes that come in any pieces.
    package struct Reader {
        private var size: Int?
        private var pending: [UInt8] = []
        private var lineCount = 0

        package init() {}

        /// The sizes that the next line may have: whoever begins with another line than the header is not waited for.
        private var sizes: ClosedRange<Int> {
            let headerSize = Multistream.header.utf8.count + 1
            return self.lineCount == 0 ? headerSize ... headerSize : 1 ... Multistream.lineSizeMax
        }

        /// The next line without its newline, or nothing when `bytes` end before it does.
        ///
        /// `offset` moves behind the line: what follows belongs to whoever speaks next.
        package mutating func next(_ bytes: Span<UInt8>, _ offset: inout Int) throws(Violation) -> [UInt8]? {
            while offset < bytes.count {
                let byte = bytes[offset]
                offset += 1
                self.pending.append(byte)
                guard let size else {
                    if byte & 0x80 == 0 {
                        let value = self.pending.reversed().reduce(0) { $0 << 7 | Int($1 & 0x7F) }
                        let isMinimal = byte != 0 || self.pending.count == 1
                        guard isMinimal, self.sizes.contains(value) else { throw .malformedLine }
                        self.size = value
                        self.pending = []
                    } else if self.pending.count == 2 {
                        throw .malformedLine
                    }
                    continue
                }
                if self.pending.count == size {
                    guard self.pending.removeLast() == UInt8(ascii: "\n") else { throw .malformedLine }
                    defer {
                        self.pending = []
                        self.size = nil
                        self.lineCount += 1
                    }
                    return self.pending
                }
            }
            return nil
        }
    }

    /// The side that proposes, with a single candidate.
    package struct Dialer {
        private let proposal: [UInt8]
        private var reader = Reader()
        private var hasHeader = false

        package init(proposal: String) {
            self.proposal = [UInt8](proposal.utf8)
        }

        /// Whether this is what was proposed.
        package func isFor(_ name: String) -> Bool {
            self.proposal.elementsEqual(name.utf8)
        }

        /// Whether the proposal was accepted, or nothing while the answer is incomplete.
        package mutating func read(_ bytes: Span<UInt8>, _ offset: inout Int) throws(Violation) -> Bool? {
            while let line = try self.reader.next(bytes, &offset) {
                if !self.hasHeader {
                    guard line.elementsEqual(Multistream.header.utf8) else { throw .noHeader }
                    self.hasHeader = true
                } else if line == self.proposal {
                    return true
                } else if line.elementsEqual(Multistream.notAvailable.utf8) {
                    return false
                } else {
                    throw .unexpectedAnswer
                }
            }
            return nil
        }
    }

    /// The side that chooses.
    package struct Listener {
        private var reader = Reader()
        private var hasHeader = false
        private var proposalCount = 0

        package init() {}

        /// Whether a proposal was answered with `na`.
        package var hasRefused: Bool {
            self.proposalCount > 0
        }

        /// The agreed protocol, or nothing while none is; what must be sent is appended to `reply`.
        package mutating func read(
            _ bytes: Span<UInt8>,
            _ offset: inout Int,
            reply: inout [UInt8],
            isSupported: (String) -> Bool
        ) throws(Violation) -> String? {
            while let line = try self.reader.next(bytes, &offset) {
                if !self.hasHeader {
                    guard line.elementsEqual(Multistream.header.utf8) else { throw .noHeader }
                    self.hasHeader = true
                    reply += Multistream.encode(Multistream.header)
                    continue
                }
                self.proposalCount += 1
                // Names are compared as bytes: text that is not UTF-8 becomes another text here, but never a supported one.
                let name = String(decoding: line, as: UTF8.self)
                if isSupported(name), name.utf8.elementsEqual(line) {
                    reply += Multistream.encode(name)
                    return name
                }
                guard self.proposalCount < Multistream.proposalCountMax else { throw .tooManyProposals }
                reply += Multistream.encode(Multistream.notAvailable)
            }
            return nil
        }
    }
}
