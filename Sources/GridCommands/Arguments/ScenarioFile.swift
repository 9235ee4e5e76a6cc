import FoundationEssentials
import GridNode
package import GridSimulator

/// A scenario as a JSON file: what it does not name has the value that the options give it.
package enum ScenarioFile {
    /// The largest file that is read.
    static let bytesMax = 1 << 20

    /// Reads a scenario.
    ///
    /// - Parameters:
    ///   - path: a file that holds a JSON object, as `--print-scenario` writes it or with fewer keys.
    ///   - base: what holds for the keys that the file does not have.
    /// - Throws: ``NodeError`` that names the file and the key.
    static func read(_ path: String, over base: SimulationScenario) throws -> SimulationScenario {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw NodeError(.invalidInput, "the scenario \(path) cannot be read", hint: "is there such a file?")
        }
        guard data.count <= Self.bytesMax else {
            throw NodeError(
                .invalidInput,
                "the scenario \(path) has \(data.count) bytes; \(Self.bytesMax) are the most"
            )
        }
        return try Self.decode([UInt8](data), named: path, over: base)
    }

    /// Reads a scenario from the bytes of a file.
    package static func decode(
        _ bytes: [UInt8],
        named path: String,
        over base: SimulationScenario
    ) throws -> SimulationScenario {
        let data = Data(bytes)
        let hint = "`tessera simulate --print-scenario` shows a whole one"
        do {
            let given = try JSONDecoder().decode(JSONValue.self, from: data)
            let base = Self.completed(base, for: given)
            let whole = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(base))
            let merged = try whole.overlaid(with: given, at: "")
            return try JSONDecoder().decode(SimulationScenario.self, from: JSONEncoder().encode(merged))
        } catch let error as JSONValue.Misfit {
            throw NodeError(.invalidInput, "the scenario \(path): \(error.what)", hint: hint)
        } catch let error as DecodingError {
            throw NodeError(.invalidInput, "the scenario \(path): \(Self.sentence(error))", hint: hint)
        }
    }

    /// Gives what a file names and the options do not have its usual values, so that the file need not name all of it.
    private static func completed(_ base: SimulationScenario, for given: JSONValue) -> SimulationScenario {
        guard case .object(let members) = given else { return base }
        var base = base
        func isNew(_ key: String, _ isAbsent: Bool) -> Bool {
            guard isAbsent, let value = members[key] else { return false }
            if case .null = value { return false }
            return true
        }
        if isNew("energy", base.energy == nil) { base.energy = SimulationScenario.Energy() }
        if isNew("line", base.line == nil) { base.line = NetworkProfile.ladder.first }
        if isNew("peering", base.peering == nil) { base.peering = SimulationScenario.Peering() }
        if isNew("sessionsMax", base.sessionsMax == nil) { base.sessionsMax = base.nodes }
        if isNew("sealAfterSeconds", base.sealAfterSeconds == nil) { base.sealAfterSeconds = 0 }
        if isNew("incidents", base.incidents.isEmpty) { base.incidents = [SimulationScenario.Incident(atSeconds: 0)] }
        return base
    }

    private static func sentence(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let keys = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return keys.isEmpty ? "" : "\(keys.joined(separator: ".")): "
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context))\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return place(context) + context.debugDescription
        @unknown default: return "it is not a scenario"
        }
    }
}

/// Any JSON, to lay one text over another.
enum JSONValue: Codable {
    case object([String: JSONValue])
    case list([JSONValue])
    case text(String)
    case whole(UInt64)
    case number(Double)
    case truth(Bool)
    case null

    /// A key that does not belong there.
    struct Misfit: Error {
        let what: String
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .whole(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .whole(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .truth(let value): try container.encode(value)
        case .null: try container.encodeNil()
        }
    }

    /// Itself, with what `other` says instead; the members of a list of objects are completed by its first one.
    func overlaid(with other: JSONValue, at place: String) throws -> JSONValue {
        switch (self, other) {
        case (.object(var members), .object(let given)):
            for (key, value) in given {
                guard let known = members[key] else {
                    let names = members.keys.sorted().joined(separator: ", ")
                    throw Misfit(what: "\(place)\(key) is not known; there are \(names)")
                }
                members[key] = try known.overlaid(with: value, at: "\(place)\(key).")
            }
            return .object(members)
        case (.object, _):
            throw Misfit(what: "\(place.isEmpty ? "it" : String(place.dropLast())) must be an object")
        case (.list(let members), .list(let given)):
            guard let first = members.first, case .object = first else { return other }
            return .list(try given.map { try first.overlaid(with: $0, at: place) })
        default:
            return other
        }
    }
}
