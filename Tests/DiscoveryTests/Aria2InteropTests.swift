import Discovery
import Foundation
import GridWire
import Testing

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Against aria2, whose DHT is an implementation of its own.
@Suite(.serialized, .enabled(if: OtherPrograms.aria2 != nil))
struct Aria2InteropTests {
    private static let patience = Duration.seconds(45)

    /// A torrent of one small file, in a directory that is removed at the end.
    private final class Torrent {
        let directory: URL
        let infohash: DHTKey

        init(isComplete: Bool, node: UInt16) throws {
            self.directory = FileManager.default.temporaryDirectory.appendingPathComponent(
                "aria2-\(UInt64.random(in: 0 ... .max))"
            )
            try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
            let content = [UInt8](repeating: isComplete ? 0x61 : 0x62, count: 16_384)
            var info = Bencode.Dictionary()
            info["length"] = .integer(Int64(content.count))
            info["name"] = .bytes([UInt8]("file".utf8))
            info["piece length"] = .integer(16_384)
            info["pieces"] = .bytes(SHA1.digest(of: content))
            var torrent = Bencode.Dictionary()
            torrent["info"] = .dictionary(info)
            torrent["nodes"] = .list([.list([.bytes([UInt8]("127.0.0.1".utf8)), .integer(Int64(node))])])
            try Data(Bencode.dictionary(torrent).encoded()).write(
                to: self.directory.appendingPathComponent("a.torrent")
            )
            if isComplete { try Data(content).write(to: self.directory.appendingPathComponent("file")) }
            self.infohash = try #require(DHTKey(SHA1.digest(of: Bencode.dictionary(info).encoded())))
        }

        deinit {
            try? FileManager.default.removeItem(at: self.directory)
        }
    }

    private func start(_ torrent: Torrent, port: UInt16, node: UInt16) throws -> OtherProgram {
        let path = torrent.directory.path
        return try OtherProgram(
            try #require(OtherPrograms.aria2),
            [
                "--no-conf", "--enable-dht=true", "--enable-dht6=false", "--dht-listen-port=\(port)",
                "--listen-port=\(port)",
                "--dht-entry-point=127.0.0.1:\(node)", "--dht-file-path=\(path)/dht.dat", "--bt-enable-lpd=false",
                "--enable-peer-exchange=false", "--seed-ratio=0.0", "--check-integrity=true", "--dir=\(path)",
                "--disable-ipv6=true", "--bt-max-peers=4", "--stop=120", "\(path)/a.torrent",
            ]
        )
    }

    /// A TCP socket of the loopback interface that listens.
    private final class Listener {
        let descriptor: Int32
        let port: UInt16

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            self.descriptor = descriptor
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
                        && listen(descriptor, 4) == 0
                }
            }
            try #require(isListening)
            self.port = UInt16(bigEndian: address.sin_port)
        }

        deinit {
            close(self.descriptor)
        }

        /// The first bytes of whoever has connected, if somebody has.
        func greeting(count: Int) -> [UInt8]? {
            var request = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 0) > 0 else { return nil }
            let connection = accept(self.descriptor, nil, nil)
            guard connection >= 0 else { return nil }
            defer { close(connection) }
            var timeout = timeval(tv_sec: 2, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            var bytes = [UInt8](repeating: 0, count: count)
            let received = recv(connection, &bytes, count, Int32(MSG_WAITALL))
            return [UInt8](bytes.prefix(max(0, received)))
        }
    }

    @Test
    func `we find a peer that aria2 announced`() throws {
        let ours = try LoopbackDriver(seed: 21)
        let torrent = try Torrent(isComplete: true, node: ours.port)
        let port = try Listener().port
        let aria2 = try self.start(torrent, port: port, node: ours.port)
        var lookups: [DHTLookupID] = []
        let isFound = ours.run(for: Self.patience) {
            aria2.poll()
            if lookups.last.map({ ours.report($0) != nil }) ?? true,
                let lookup = try? ours.ask({ $0.findPeers(of: torrent.infohash, announcing: nil, now: $1) })
            {
                lookups.append(lookup)
            }
            return lookups.contains { ours.peers($0).contains(UDPEndpoint(ip: .loopback, port: port)) }
        }
        #expect(isFound)
    }

    @Test
    func `aria2 finds a peer that we announced, and dials it`() throws {
        let ours = try LoopbackDriver(seed: 22)
        let announcer = try LoopbackDriver(seed: 23)
        let torrent = try Torrent(isComplete: false, node: ours.port)
        let listener = try Listener()
        announcer.call { $0.bootstrap(from: [UDPEndpoint(ip: .loopback, port: ours.port)], now: $1) }
        func both(_ isDone: () -> Bool) -> Bool {
            ours.run(for: Self.patience) {
                _ = announcer.run(for: .milliseconds(5)) { false }
                return isDone()
            }
        }
        #expect(both { announcer.node.status(now: LoopbackDriver.now).goodNodes > 0 })
        let announced = try announcer.ask {
            $0.findPeers(of: torrent.infohash, announcing: .port(listener.port), now: $1)
        }
        #expect(both { announcer.report(announced) != nil })
        #expect(announcer.report(announced)?.stored == 1)
        let aria2 = try self.start(torrent, port: try Listener().port, node: ours.port)
        var greeting: [UInt8]?
        let isDialed = both {
            aria2.poll()
            greeting = greeting ?? listener.greeting(count: 48)
            return greeting != nil
        }
        #expect(isDialed)
        // The handshake names the torrent, unless it is the encrypted one, which begins with a key of Diffie and Hellman.
        if let greeting, greeting.first == 19 { #expect([UInt8](greeting.suffix(20)) == torrent.infohash.bytes) }
    }
}
