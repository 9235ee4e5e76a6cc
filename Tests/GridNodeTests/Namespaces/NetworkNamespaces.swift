import ChildProcesses
import Foundation
import GridNode
import GridWire
import PeerSession
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// How a router translates addresses (RFC 4787's behaviours under their older names).
enum NATKind: String, CaseIterable, Sendable {
    /// Everybody outside reaches the mapping.
    case fullCone = "full cone"
    /// Those addresses reach it that were spoken to.
    case restricted
    /// Those addresses and ports reach it that were spoken to.
    case portRestricted = "port-restricted"
    /// Every destination sees another port.
    case symmetric
}

/// A small Internet of network namespaces: a public machine, and machines behind routers.
///
/// Made and removed by the test; needs root, `ip` and `nft`.
struct NetworkNamespaces {
    /// Why the tests are skipped where they are.
    static let reason: Comment =
        "network namespaces need root, and the programs ip and nft (apt: iproute2, nftables)"

    /// Whether namespaces can be made here.
    static let isPossible: Bool = {
        guard geteuid() == 0, NetworkNamespaces.path(of: "ip") != nil, NetworkNamespaces.path(of: "nft") != nil else {
            return false
        }
        let name = "tessera-probe-\(getpid())"
        guard (try? NetworkNamespaces.run(["ip", "netns", "add", name])) != nil else { return false }
        return (try? NetworkNamespaces.run(["ip", "netns", "del", name])) != nil
    }()

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The prefix of all names, so that several can be at once.
    let prefix: String
    /// The first three numbers of the addresses outside.
    let network: String
    private var names: [String] = []
    private var cables: [ChildProcess] = []

    /// The public machine's address where tests do not ask for another network.
    static let publicAddress = "203.0.113.1"

    /// Makes the middle and the public machine.
    init(prefix: String, network: String = "203.0.113") throws {
        self.prefix = prefix
        self.network = network
        try self.add("net")
        try self.ip("net", "link add br0 type bridge")
        try self.ip("net", "link set br0 up")
        try self.addMachine("pub", interface: "eth0", address: "\(network).1/24")
    }

    /// The namespace of a machine.
    func namespace(_ machine: String) -> String { "\(self.prefix)-\(machine)" }

    /// Adds a machine that is connected with the middle.
    mutating func addMachine(_ name: String, interface: String, address: String) throws {
        try self.add(name)
        let end = "\(self.prefix)\(name)"
        try Self.run([
            "ip", "link", "add", end, "type", "veth", "peer", "name", interface, "netns", self.namespace(name),
        ])
        try Self.run(["ip", "link", "set", end, "netns", self.namespace("net")])
        try self.ip("net", "link set \(end) master br0 up")
        try self.ip(name, "addr add \(address) dev \(interface)")
        try self.ip(name, "link set \(interface) up")
    }

    /// How packets fare on a ``addDistantMachine(_:address:over:)``'s cable, each way.
    struct SlowLink {
        /// How long they take at least, and how much longer at most, in milliseconds.
        var (delay, jitter) = (0, 0)
        /// How many of a hundred are lost.
        var lossPercent = 0
    }

    /// Whether ``addDistantMachine(_:address:over:)`` can be had.
    static let canBeSlow = NetworkNamespaces.path(of: "python3") != nil && access("/dev/net/tun", R_OK | W_OK) == 0

    /// Adds a machine at the end of a slow and lossy cable; netem would do, but not every kernel has it.
    mutating func addDistantMachine(_ name: String, address: String, over link: SlowLink) throws {
        try self.add(name)
        let end = "\(self.prefix)\(name)"
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("slow-link.py")
        let cable = try ChildProcess(
            executable: Self.path(of: "python3") ?? "/usr/bin/python3",
            arguments: [
                script.path, self.namespace(name), "eth0", self.namespace("net"), end,
                "\(link.delay)", "\(link.jitter)", "\(link.lossPercent)",
            ],
            input: .pipe,
            output: .pipe
        )
        self.cables.append(cable)
        var byte: UInt8 = 0
        guard read(cable.outputDescriptor, &byte, 1) == 1 else {
            throw Failure(description: "no slow link can be made: run \(script.path) by hand to see why")
        }
        try self.ip("net", "link set \(end) master br0 up")
        try self.ip(name, "addr add \(address) dev eth0")
        try self.ip(name, "link set eth0 up")
    }

    /// Adds a machine behind a router of the kind; `number` is 1 to 9.
    mutating func addNATed(_ number: Int, _ kind: NATKind) throws {
        try self.addRouted(number, rules: Self.rules(kind, node: "10.0.\(number).2"))
    }

    /// Adds a machine `n1` behind a router `r1`, or with another number from 1 to 9.
    mutating func addRouted(_ number: Int, rules: String) throws {
        let (router, node) = ("r\(number)", "n\(number)")
        try self.addMachine(router, interface: "ext", address: "\(self.network).1\(number)/24")
        try self.add(node)
        try self.ip(router, "link add int type veth peer name eth0 netns \(self.namespace(node))")
        try self.ip(router, "addr add 10.0.\(number).1/24 dev int")
        try self.ip(router, "link set int up")
        try self.ip(node, "addr add 10.0.\(number).2/24 dev eth0")
        try self.ip(node, "link set eth0 up")
        try self.ip(node, "route add default via 10.0.\(number).1")
        try Self.run(
            ["ip", "netns", "exec", self.namespace(router), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]
        )
        try Self.run(
            ["ip", "netns", "exec", self.namespace(router), "nft", "-f", "-"],
            input: rules
        )
    }

    /// What makes a router one of the kind.
    ///
    /// Packets for nobody are dropped in silence, as routers at home do.
    private static func rules(_ kind: NATKind, node: String) -> String {
        let forwarding =
            switch kind {
            case .fullCone: "iifname ext tcp dport 1024-65535 dnat to \(node);"
            case .restricted: "iifname ext ip saddr @seen tcp dport 1024-65535 dnat to \(node);"
            case .portRestricted, .symmetric: ""
            }
        let masquerade = kind == .symmetric ? "masquerade random,fully-random" : "masquerade"
        return """
            table ip nat {
                set seen { type ipv4_addr; flags dynamic,timeout; timeout 5m; }
                chain outgoing { type filter hook forward priority filter; oifname ext add @seen { ip daddr }; }
                chain before { type nat hook prerouting priority dstnat; \(forwarding) }
                chain after { type nat hook postrouting priority srcnat; oifname ext \(masquerade); }
                chain own { type filter hook input priority filter; iifname ext ct state new drop; }
            }

            """
    }

    /// Removes everything.
    func remove() {
        for cable in self.cables {
            cable.closeInput()
            if !cable.blockUntilExit(within: .seconds(2)) { cable.kill() }
        }
        for name in self.names.reversed() { _ = try? Self.run(["ip", "netns", "del", self.namespace(name)]) }
    }

    private mutating func add(_ name: String) throws {
        // A run that was killed may have left it behind.
        _ = try? Self.run(["ip", "netns", "del", self.namespace(name)])
        try Self.run(["ip", "netns", "add", self.namespace(name)])
        self.names.append(name)
        try self.ip(name, "link set lo up")
    }

    /// Runs `ip` in a machine.
    func ip(_ machine: String, _ arguments: String) throws {
        try Self.run(["ip", "-n", self.namespace(machine)] + arguments.split(separator: " ").map(String.init))
    }

    /// Lets no packet in or out of a machine, in silence.
    func cut(_ machine: String) throws {
        try Self.run(
            ["ip", "netns", "exec", self.namespace(machine), "nft", "-f", "-"],
            input: """
                table ip cut {
                    chain inward { type filter hook input priority filter; policy drop; }
                    chain outward { type filter hook output priority filter; policy drop; }
                }

                """
        )
    }

    /// Takes ``cut(_:)`` back.
    func mend(_ machine: String) throws {
        try Self.run(["ip", "netns", "exec", self.namespace(machine), "nft", "delete", "table", "ip", "cut"])
    }

    static func path(of program: String) -> String? {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { "\($0)/\(program)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// Runs a program to its end and gives what it printed.
    @discardableResult
    static func run(_ command: [String], input: String? = nil) throws -> String {
        let done = try CompletedProcess(
            executable: self.path(of: command[0]) ?? "/usr/bin/\(command[0])",
            arguments: Array(command.dropFirst()),
            input: Array((input ?? "").utf8),
            within: .seconds(60)
        )
        guard done.status == 0 else {
            let message = String(decoding: done.errors, as: UTF8.self)
            throw Failure(description: "\(command.joined(separator: " ")) (\(done.status)): \(message)")
        }
        return String(decoding: done.output, as: UTF8.self)
    }
}

/// A `sessionpeer` in a namespace, or in that of the tests.
final class NamespacePeer {
    struct State: Decodable {
        struct Session: Decodable {
            var peer: String
            var isRelayed: Bool
        }

        var peer: String
        var announced: [String]
        var sessions: [Session]
        var summary: String
    }

    private let process: ChildProcess
    private let output: String
    private let errors: String
    /// Who it is.
    let peer: PeerID

    init(
        seed: UInt8,
        in namespace: String?,
        directory: TestDirectory,
        listen: String = "0.0.0.0:7877",
        peers: [String] = []
    ) throws {
        self.peer = try IdentityKey(seed: [UInt8](repeating: seed, count: 32)).peerID
        let number = directory.nextNumber()
        (self.output, self.errors) = ("\(directory.path)/peer-\(number).out", "\(directory.path)/peer-\(number).err")
        let program = "\(Program.directory)/sessionpeer"
        let arguments = ["\(seed)", listen] + peers
        let ip = NetworkNamespaces.path(of: "ip") ?? "/usr/sbin/ip"
        self.process = try ChildProcess(
            executable: namespace == nil ? program : ip,
            arguments: (namespace.map { ["netns", "exec", $0, program] } ?? []) + arguments,
            input: .pipe,
            output: .file(self.output),
            errors: .file(self.errors)
        )
    }

    /// The latest state, if there is one.
    var state: State? {
        guard let text = try? String(contentsOfFile: self.output, encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.last.flatMap { try? JSONDecoder().decode(State.self, from: Data($0.utf8)) }
    }

    /// Where it listens, as soon as it does.
    func address() async throws -> Multiaddr {
        for _ in 0 ..< 1_000 {
            if let announced = self.state?.announced.first { return try PeerAddress.parse(announced) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Program.Failure(description: "\(self.peer) does not listen: \(self.log)")
    }

    /// What it has logged.
    var log: String {
        (try? String(contentsOfFile: self.errors, encoding: .utf8)) ?? ""
    }

    /// The memory of the process that is in use, in bytes.
    func residentBytes() throws -> Int {
        guard let bytes = self.process.residentBytes else {
            throw Program.Failure(description: "\(self.peer) is gone")
        }
        return bytes
    }

    /// Whether there is a session with the peer, and whether it is relayed.
    func isRelayed(to peer: PeerID) -> Bool? {
        self.state?.sessions.first { $0.peer == "\(peer)" }?.isRelayed
    }

    func stop() {
        self.process.closeInput()
        if !self.process.blockUntilExit(within: .seconds(2)) { self.process.kill() }
    }
}
