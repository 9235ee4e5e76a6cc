import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The data directories of all nodes of a run, which go away with it.
final class SimulationDisks {
    /// Where they lie: in memory where the system offers that.
    private let path: String
    private var disks: [NodeDisk] = []

    /// Makes an empty directory for each node.
    init(_ scenario: SimulationScenario) {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        var template = Array("\(parent)/tessera-simulation-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            preconditionFailure("no directory can be made in \(parent): error \(errno)")
        }
        self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var random = SeededRandom(seed: scenario.seed ^ 0x7374_6f72_6564)
        for node in 0 ..< scenario.nodes {
            self.disks.append(
                NodeDisk(path: "\(self.path)/\(node)", seed: random.next(), lostSyncRate: scenario.faults.lostSyncRate)
            )
        }
    }

    deinit {
        for disk in self.disks { disk.close() }
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The disk of a node.
    subscript(node: Int) -> NodeDisk { self.disks[node] }
}
