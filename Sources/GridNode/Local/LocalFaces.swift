import FoundationEssentials
import ImageCodec
import PeerSession
import RenderCore
import SceneImport

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Shots that the program makes by itself, as files.
public struct ExampleFile: Codable, Hashable, Sendable {
    /// The name, as a person writes it.
    public var name: String
    /// What is to be seen.
    public var summary: String
    /// The number of frames of the animation.
    public var frameCount: Int
    /// The frame that shows it best.
    public var still = 1

    /// All examples.
    public static let all = [
        ExampleFile(
            name: "leviathan",
            summary: "A sea dragon of scales and embers rises from a dark sea before a shore of lava.",
            frameCount: 48,
            still: 26
        ),
        ExampleFile(
            name: "dragon-scales",
            summary: "The flank of a dragon: scales under twelve layers of lacquer, flakes and metal.",
            frameCount: 1
        ),
        ExampleFile(
            name: "candles",
            summary: "Candles of wax that glows by the light that goes through it.",
            frameCount: 1
        ),
        ExampleFile(
            name: "lava",
            summary: "A river of lava between crusts of rock, under a haze that glows.",
            frameCount: 1
        ),
        ExampleFile(
            name: "water",
            summary: "Clear water over sand, a wave that breaks on a rock, a bottle adrift.",
            frameCount: 1
        ),
        ExampleFile(
            name: "tornado",
            summary: "A waterspout: a grid of spray that scatters light, and a million drops.",
            frameCount: 1
        ),
        ExampleFile(
            name: "monster",
            summary: "A serpent of the deep, made of two million particles.",
            frameCount: 1
        ),
    ]

    /// Writes an example as a `.glb` file.
    ///
    /// - Throws: ``NodeError`` when there is no such example or the file cannot be written.
    public static func write(_ name: String, to path: String) throws {
        let bytes: [UInt8]
        if name == "leviathan" {
            bytes = ExampleShot.leviathan()
        } else if let look = ExampleLook(rawValue: name) {
            bytes = look.file()
        } else {
            throw NodeError(.invalidInput, "there is no example \"\(name)\"")
        }
        do {
            try AtomicFile.write(bytes, to: path)
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

    /// The peer id of the key that signs what is submitted from a directory, or nil when there is none yet.
    ///
    /// - Throws: ``NodeError`` when the key is damaged or readable by others.
    public static func submitterID(in dataDirectory: String) throws -> String? {
        try self.peerID(in: NodeIdentity.submitterHome(dataDirectory))
    }

    /// Copies the key of a data directory to a new file that only its owner can read; libp2p programs read it too.
    ///
    /// - Throws: ``NodeError`` when there is no key, or the file exists or cannot be written.
    public static func backUp(from dataDirectory: String, to path: String) throws {
        guard try self.peerID(in: dataDirectory) != nil else { throw self.noKey(dataDirectory) }
        var bytes = try NodeIdentity.loadOrCreate(in: dataDirectory).encoded()
        defer { SodiumMemory.wipe(&bytes) }
        try SecretFile.write(bytes, to: path)
    }

    /// Puts a backed up key into a data directory that has none.
    ///
    /// - Throws: ``NodeError`` when there is a key already, or the file holds none.
    public static func restore(_ path: String, to dataDirectory: String) throws -> String {
        guard try self.peerID(in: dataDirectory) == nil else {
            throw NodeError(
                .storage,
                "\(dataDirectory) has a key already",
                hint: "put it aside first: tessera keys rotate, or choose another directory with --data"
            )
        }
        var bytes = try SecretFile.read(path, limit: IdentityKey.encodedSize)
        defer { SodiumMemory.wipe(&bytes) }
        let key: IdentityKey
        do {
            key = try IdentityKey(encoded: bytes)
        } catch {
            throw NodeError(.storage, "\(path) holds no key of a node: \(error)")
        }
        try NodeIdentity.makeDirectory(dataDirectory)
        try SecretFile.write(bytes, to: NodeIdentity.path(in: dataDirectory))
        return "\(key.peerID)"
    }

    /// Puts the key of a data directory aside, under its peer id, and makes a new one.
    ///
    /// What the old key has earned and signed stays its own: the grid knows the new one as a newcomer.
    ///
    /// - Returns: The new peer id, and where the old key lies.
    /// - Throws: ``NodeError`` when there is no key, a node runs with it, or a file cannot be moved.
    public static func rotate(in dataDirectory: String) async throws -> (peerID: String, old: String) {
        guard let old = try self.peerID(in: dataDirectory) else { throw self.noKey(dataDirectory) }
        if (try? await ControlClient(dataDirectory: dataDirectory).snapshot()) != nil {
            throw NodeError(.storage, "a node runs with this key", hint: "stop it, then rotate the key")
        }
        let (path, aside) = (NodeIdentity.path(in: dataDirectory), "\(dataDirectory)/identity-\(old).key")
        guard rename(path, aside) == 0 else {
            throw NodeError(.storage, "\(path) cannot be moved: \(String(cString: strerror(errno)))")
        }
        return ("\(try NodeIdentity.loadOrCreate(in: dataDirectory).peerID)", aside)
    }

    private static func noKey(_ dataDirectory: String) -> NodeError {
        NodeError(
            .storage,
            "there is no key in \(dataDirectory) yet",
            hint: "the first start of a node makes it: tessera node"
        )
    }
}
