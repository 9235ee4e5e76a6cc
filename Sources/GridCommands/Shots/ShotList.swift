package import FoundationEssentials
import GridNode
import GridWire

/// The shots of a production, as a spreadsheet has them: a CSV file whose first line names the columns.
///
/// ```csv
/// shot,file,frames,camera,size,samples,priority,deadline
/// sc010_0010,reef.glb,1-48,wide,1920x1080,256,2,8h
/// sc010_0020,reef.glb,1-96,close,1920x1080,512,,
/// ```
/// `shot` and `file` are needed; an empty field takes what the command line says. Files are looked for beside the list.
package struct ShotList: Sendable {
    /// What may stand in the first line.
    package enum Column: String, CaseIterable, Sendable {
        case shot, file, frames, camera, scene, variant, env, size, samples, fps, seed, priority, deadline, output

        /// What belongs into the column.
        var cure: String {
            switch self {
            case .shot: "a name of 1 to 64 letters, digits, '-', '_' and '.', which becomes a directory's"
            case .file: "the path of a glTF 2.0 file, from the directory of the list"
            case .frames: "first-last such as 1-48, or one number"
            case .camera, .scene, .variant: "a name in the file"
            case .env: "the path of a Radiance HDR or OpenEXR panorama, from the directory of the list"
            case .size: "width x height in pixels such as 1920x1080"
            case .samples:
                "a number of \(ShotOptions.samplesRange.lowerBound) to \(ShotOptions.samplesRange.upperBound)"
            case .fps: "frames in a second, such as 24 or 23.976"
            case .seed: "a number of 0 to \(UInt32.max)"
            case .priority: "a number of 0 to \(JobOrder.priorityMax)"
            case .deadline: "90m, 8h or 2d from now, or a time such as 2026-12-01T18:00:00Z"
            case .output: "a file name such as beauty.####.exr, without directories"
            }
        }
    }

    /// One shot.
    package struct Entry: Sendable, Equatable {
        /// Its name, and that of the directory of its frames.
        package var shot = ""
        /// The glTF file.
        package var file = ""
        package var frames: ClosedRange<Int>?
        package var camera: String?
        package var scene: String?
        package var variant: String?
        package var environment: String?
        package var width: Int?
        package var height: Int?
        package var samples: Int?
        package var framesPerSecond: Double?
        package var seed: UInt32?
        package var priority: Int?
        /// Milliseconds since 1970.
        package var deadline: UInt64?
        /// The name of the picture files in the shot's directory.
        package var output: String?

        /// Creates an entry in which nothing is said.
        package init() {}
    }

    /// The most shots of a list.
    package static let shotsMax = 1_000
    /// The most mistakes that are told at a time.
    private static let mistakesMax = 20

    /// The shots, in the order of the list.
    package let entries: [Entry]

    /// Reads a list; every file that it names must be there.
    ///
    /// - Throws: ``NodeError`` that names file, line, column and cure of each mistake.
    static func read(_ path: String) throws -> ShotList {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NodeError(.invalidInput, "the list of shots \(path) cannot be read", hint: "is there such a file?")
        }
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        return try ShotList([UInt8](data), named: path, directory: directory, now: Date()) { file in
            var isDirectory = false
            return FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) && !isDirectory
        }
    }

    /// Reads the bytes of a list.
    ///
    /// - Parameters:
    ///   - directory: what is put before relative paths, with a slash at its end, or empty.
    ///   - now: what deadlines are counted from.
    ///   - isFile: whether there is a file of that path.
    /// - Throws: As ``read(_:)``.
    package init(
        _ bytes: [UInt8],
        named name: String,
        directory: String,
        now: Date,
        isFile: (String) -> Bool
    ) throws {
        let text = try CSVText(bytes, named: name)
        guard let header = text.records.first, text.records.count > 1 else {
            throw NodeError(
                .invalidInput,
                "\(name) lists no shot",
                hint: "its first line names the columns (shot,file,frames,...), each further line is a shot"
            )
        }
        guard text.records.count - 1 <= Self.shotsMax else {
            throw NodeError(
                .invalidInput,
                "\(name) lists \(text.records.count - 1) shots; \(Self.shotsMax) are the most",
                hint: "split it into several lists"
            )
        }
        let columns = try Self.columns(header, named: name)
        var mistakes: [String] = []
        var entries: [Entry] = []
        var places: [String: CSVText.Place] = [:]
        for record in text.records.dropFirst() {
            var entry = Entry()
            for (column, field) in zip(columns, record) {
                guard !field.text.isEmpty else {
                    if column == .shot || column == .file {
                        mistakes.append("\(name):\(field.place): \(column) is empty; it needs \(column.cure)")
                    }
                    continue
                }
                if let mistake = entry.take(field.text, as: column, directory: directory, now: now, isFile: isFile) {
                    mistakes.append("\(name):\(field.place): \(mistake)")
                } else if column == .shot {
                    // Some file systems take names for one that differ in case alone.
                    if let other = places.updateValue(field.place, forKey: field.text.lowercased()) {
                        mistakes.append(
                            "\(name):\(field.place): the shot \(field.text) is there already, at \(other); "
                                + "give it another name"
                        )
                    }
                }
            }
            entries.append(entry)
        }
        guard mistakes.isEmpty else {
            let shown = mistakes.prefix(Self.mistakesMax).joined(separator: "\n")
            let more = mistakes.count - Self.mistakesMax
            throw NodeError(
                .invalidInput,
                shown + (more > 0 ? "\nand \(more) more" : ""),
                hint: "nothing was submitted; correct the list and submit it again"
            )
        }
        self.entries = entries
    }

    private static func columns(_ header: [CSVText.Field], named name: String) throws -> [Column] {
        let known = Column.allCases.map(\.rawValue).joined(separator: ", ")
        var columns: [Column] = []
        for field in header {
            guard let column = Column(rawValue: field.text) else {
                let isOtherwiseSeparated = header.count == 1 && field.text.contains { $0 == ";" || $0 == "\t" }
                throw CSVText.error(
                    name,
                    field.place,
                    isOtherwiseSeparated
                        ? "the columns are not separated by commas"
                        : "there is no column \"\(field.text.prefix(40))\"",
                    hint: isOtherwiseSeparated ? "save the list with commas" : "there are: \(known)"
                )
            }
            guard !columns.contains(column) else {
                throw CSVText.error(
                    name,
                    field.place,
                    "the column \(column) is there twice",
                    hint: "remove one of them"
                )
            }
            columns.append(column)
        }
        for column in [Column.shot, .file] where !columns.contains(column) {
            throw CSVText.error(
                name,
                CSVText.Place(line: 1, column: 1),
                "the column \(column) is missing",
                hint: "name it in the first line; it has \(column.cure)"
            )
        }
        return columns
    }
}

extension ShotList.Entry {
    /// Takes a field that is not empty; gives what is wrong with it.
    fileprivate mutating func take(
        _ text: String,
        as column: ShotList.Column,
        directory: String,
        now: Date,
        isFile: (String) -> Bool
    ) -> String? {
        let bad = "\(column) is \"\(text.prefix(80))\"; write \(column.cure)"
        switch column {
        case .shot:
            guard Self.isName(text) else { return bad }
            self.shot = text
        case .file, .env:
            let path = text.hasPrefix("/") ? text : directory + text
            guard isFile(path) else { return "there is no file \(path); \(column) is \(column.cure)" }
            if column == .file { self.file = path } else { self.environment = path }
        case .frames:
            guard let range = FrameRange(argument: text) else { return bad }
            self.frames = range.frames
        case .camera: self.camera = text
        case .scene: self.scene = text
        case .variant: self.variant = text
        case .size:
            guard let size = PictureSize(argument: text) else { return bad }
            (self.width, self.height) = (size.width, size.height)
        case .samples:
            guard let samples = Int(text), ShotOptions.samplesRange.contains(samples) else { return bad }
            self.samples = samples
        case .fps:
            guard let rate = Double(text), ShotOptions.rateRange.contains(rate) else { return bad }
            self.framesPerSecond = rate
        case .seed:
            guard let seed = UInt32(text) else { return bad }
            self.seed = seed
        case .priority:
            guard let priority = Int(text), (0 ... JobOrder.priorityMax).contains(priority) else { return bad }
            self.priority = priority
        case .deadline:
            guard let deadline = DeadlineText(text, now: now) else { return bad }
            self.deadline = deadline.milliseconds
        case .output:
            guard Self.isPattern(text) else { return bad }
            self.output = text
        }
        return nil
    }

    /// Whether a text can name a directory everywhere, and no other one than a new one.
    private static func isName(_ text: String) -> Bool {
        (1 ... 64).contains(text.utf8.count) && !text.hasPrefix(".")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
                    UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func isPattern(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return (5 ... 128).contains(text.utf8.count) && !text.contains("/") && !text.hasPrefix(".")
            && (lowered.hasSuffix(".png") || lowered.hasSuffix(".exr"))
    }
}
