import GridNode

/// The records of a text of comma-separated values (RFC 4180), and where each field begins.
///
/// ```swift
/// let text = try CSVText(bytes, named: "shots.csv")
/// text.records[0].map(\.text)  // the header
/// ```
/// Nothing is guessed: records end with CR LF or LF, a quote opens at the beginning of a field or not at all, and every
/// record has as many fields as the first one. A byte order mark, as spreadsheets write one, is skipped.
package struct CSVText: Sendable {
    /// One value.
    package struct Field: Sendable, Equatable {
        /// What it says, without quotes.
        package var text: String
        /// Where it begins.
        package var place: Place
    }

    /// A place in the text, for people.
    package struct Place: Sendable, Equatable, CustomStringConvertible {
        /// The line, from 1; a line break inside of quotes counts.
        package var line: Int
        /// The character in the line, from 1.
        package var column: Int

        /// As compilers write it after a file's name: `3:14`.
        package var description: String { "\(self.line):\(self.column)" }
    }

    /// The largest text that is read, in bytes.
    package static let bytesMax = 8 << 20

    /// All records in order, the header first; each has the same number of fields.
    package let records: [[Field]]

    /// Reads a text.
    ///
    /// - Parameter name: the file's name, for errors.
    /// - Throws: ``NodeError`` that names the file, line and column, and says what belongs there.
    package init(_ bytes: [UInt8], named name: String) throws {
        guard bytes.count <= Self.bytesMax else {
            throw NodeError(
                .invalidInput,
                "\(name) has \(bytes.count) bytes; \(Self.bytesMax) are the most",
                hint: "split it into several lists"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NodeError(.invalidInput, "\(name) is not UTF-8 text", hint: "save it as \"CSV UTF-8\"")
        }
        var reader = Reader(text: text, name: name)
        self.records = try reader.records()
    }
}

extension CSVText {
    /// An error at a place of a file.
    static func error(_ name: String, _ place: Place, _ what: String, hint: String? = nil) -> NodeError {
        NodeError(.invalidInput, "\(name):\(place): \(what)", hint: hint)
    }

    /// Walks the scalars: a CR LF is one character to Swift, and two bytes to the RFC.
    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private let name: String
        private var next = 0
        private var place = Place(line: 1, column: 1)

        init(text: String, name: String) {
            let scalars = Array(text.unicodeScalars)
            self.scalars = scalars.first == "\u{FEFF}" ? Array(scalars.dropFirst()) : scalars
            self.name = name
        }

        mutating func records() throws -> [[Field]] {
            var records: [[Field]] = []
            while self.next < self.scalars.count {
                let record = try self.record()
                if let count = records.first?.count, record.count != count {
                    throw self.miscounted(record, expected: count)
                }
                records.append(record)
            }
            return records
        }

        private func miscounted(_ record: [Field], expected: Int) -> NodeError {
            let place = record.first?.place ?? self.place
            guard record.count > 1 || record.first?.text.isEmpty == false else {
                return CSVText.error(self.name, place, "the line is empty", hint: "remove it")
            }
            return CSVText.error(
                self.name,
                record.count > expected ? record[expected].place : place,
                "the record has \(record.count) field\(record.count == 1 ? "" : "s"), the header has \(expected)",
                hint: "write one comma fewer than there are columns; text that has a comma stands in double quotes"
            )
        }

        /// The fields up to the end of the record, which is taken too.
        private mutating func record() throws -> [Field] {
            var fields: [Field] = []
            while true {
                fields.append(try self.field())
                guard self.peek == "," else { break }
                self.take()
            }
            try self.lineBreak()
            return fields
        }

        private mutating func field() throws -> Field {
            let start = self.place
            guard self.peek == "\"" else { return Field(text: try self.plain(), place: start) }
            self.take()
            var text = String.UnicodeScalarView()
            while let scalar = self.peek {
                self.take()
                guard scalar == "\"" else {
                    text.append(scalar)
                    continue
                }
                if self.peek == "\"" {
                    self.take()
                    text.append("\"")
                    continue
                }
                switch self.peek {
                case nil, ",", "\r", "\n": return Field(text: String(text), place: start)
                default:
                    throw CSVText.error(
                        self.name,
                        self.place,
                        "a quoted field goes on after its closing quote",
                        hint: "write a quote inside of quotes twice: \"\""
                    )
                }
            }
            throw CSVText.error(
                self.name,
                start,
                "the quote that opens here is never closed",
                hint: "close it, or write a quote inside of quotes twice: \"\""
            )
        }

        private mutating func plain() throws -> String {
            var text = String.UnicodeScalarView()
            while let scalar = self.peek, scalar != ",", scalar != "\r", scalar != "\n" {
                guard scalar != "\"" else {
                    throw CSVText.error(
                        self.name,
                        self.place,
                        "a quote stands in a field that does not begin with one",
                        hint: "put the whole field in double quotes, and write the quote in it twice"
                    )
                }
                text.append(scalar)
                self.take()
            }
            return String(text)
        }

        private mutating func lineBreak() throws {
            guard let scalar = self.peek else { return }
            if scalar == "\r" {
                self.take()
                guard self.peek == "\n" else {
                    throw CSVText.error(
                        self.name,
                        self.place,
                        "a carriage return stands alone",
                        hint: "save the file with line breaks of Unix or Windows"
                    )
                }
            }
            self.take()
        }

        private var peek: Unicode.Scalar? {
            self.next < self.scalars.count ? self.scalars[self.next] : nil
        }

        private mutating func take() {
            // Inside of quotes a line may end, too.
            if self.scalars[self.next] == "\n" {
                self.place = Place(line: self.place.line + 1, column: 1)
            } else {
                self.place.column += 1
            }
            self.next += 1
        }
    }
}
