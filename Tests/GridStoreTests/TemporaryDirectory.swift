import FoundationEssentials
import GridWire
import Synchronization

/// A directory that goes away with the value that holds it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        self.path = FileManager.default.temporaryDirectory.path + "/tessera-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(self.path)/\(name)")))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(filePath: "\(self.path)/\(name)")
        try FileManager.default.createDirectory(
            atPath: url.deletingLastPathComponent().path,
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(self.path)/\(name)")
    }

    func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(self.path)/\(folder)").sorted()
    }
}

/// SplitMix64, so that a seed replays a run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0 ..< count).map { _ in UInt8.random(in: 0 ... 255, using: &self) }
    }
}

/// Values that differ by a small number.
enum Sample {
    static func digest(_ number: Int) -> Digest {
        Digest(hashing: Array("sample \(number)".utf8))
    }

    static func job(_ number: Int) -> JobID {
        JobID(Self.digest(1_000_000 + number))
    }

    static func peer(_ number: Int) throws -> PeerID {
        guard let peer = PeerID(publicKey: Self.digest(2_000_000 + number).bytes) else { throw SampleError() }
        return peer
    }

    /// A record with a well-formed but meaningless body; nothing in the store looks inside.
    static func record(
        _ number: Int,
        kind: SignedRecord.Kind = .resultBatch,
        signer: Int = 0
    ) throws -> SignedRecord {
        SignedRecord(
            kind: kind,
            body: [0x1A] + (0 ..< 4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) },
            signer: try Self.peer(signer),
            signature: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64)
        )
    }
}

struct SampleError: Error {}

/// A number that several tasks change.
final class Counter: Sendable {
    private let number: Mutex<Int>

    init(_ number: Int = 0) {
        self.number = Mutex(number)
    }

    var value: Int {
        self.number.withLock { $0 }
    }

    func add(_ amount: Int) {
        self.number.withLock { $0 += amount }
    }
}
