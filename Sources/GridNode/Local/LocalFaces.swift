import FoundationEssentials
import ImageCodec
import PeerSession
import RenderCore
import SceneImport

/// Shots that the program makes by itself, as files.
public struct ExampleFile: Codable, Hashable, Sendable {
    /// The name, as a person writes it.
    public var name: String
    /// What is to be seen.
    public var summary: String
    /// The number of frames of the animation.
    public var frameCount: Int

    /// All examples.
    public static let all = [
        ExampleFile(
            name: "leviathan",
            summary: "A sea dragon of scales and embers rises from a dark sea before a shore of lava.",
            frameCount: 48
        )
    ]

    /// Writes an example as a `.glb` file.
    ///
    /// - Throws: ``NodeError`` when there is no such example or the file cannot be written.
    public static func write(_ name: String, to path: String) throws {
        guard name == "leviathan" else {
            throw NodeError(.invalidInput, "there is no example \"\(name)\"")
        }
        do {
            try AtomicFile.write(ExampleShot.leviathan(), to: path)
        } catch {
            throw NodeError(.storage, error.message)
        }
    }
}

/// The version of the path-tracing core: the digest of its golden leaves.
public struct CoreVersion: Hashable, Sendable {
    /// What this machine renders, in hex.
    public let measured: String
    /// What this release gives everywhere, in hex.
    public let expected: String

    /// Whether this machine's pictures equal everybody's.
    public var isEqual: Bool {
        self.measured == self.expected
    }

    /// Renders the golden leaves on a thread of its own; about a second.
    public static func measure() async -> Self {
        let pool = RenderPool(threads: 1)
        defer { pool.shutDown() }
        let measured = try? await pool.run { CoreCheck.measured() }
        return Self(measured: measured.map { "\($0)" } ?? "", expected: GoldenScene.expectedVersion)
    }
}

/// The key of a data directory, as others see it.
public enum NodeKey {
    /// The peer id of the key in a data directory, or nil when there is none yet.
    ///
    /// - Throws: ``NodeError`` when the key is damaged or readable by others.
    public static func peerID(in dataDirectory: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: NodeIdentity.path(in: dataDirectory)) else { return nil }
        return "\(try NodeIdentity.loadOrCreate(in: dataDirectory).peerID)"
    }
}
