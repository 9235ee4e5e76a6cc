import Discovery
import Foundation
import GridWire
import Testing

/// Against libtorrent, the DHT that most of the world's nodes run.
@Suite(.serialized, .enabled(if: OtherPrograms.pythonWithLibtorrent != nil))
struct LibtorrentInteropTests {
    private static let patience = Duration.seconds(30)

    private struct Peer {
        let program: OtherProgram
        let port: UInt16
    }

    private func startLibtorrent() throws -> Peer {
        let python = try #require(OtherPrograms.pythonWithLibtorrent)
        let program = try OtherProgram(python, [OtherPrograms.libtorrentScript])
        let end = ContinuousClock.now + Self.patience
        while !program.said("listening"), ContinuousClock.now < end { usleep(20_000) }
        let line = try #require(program.lines.first { $0.contains("listening") })
        let digits = line.split(whereSeparator: { !$0.isNumber }).last.flatMap { UInt16($0) }
        return Peer(program: program, port: try #require(digits))
    }

    private func endpoint(_ port: UInt16) -> UDPEndpoint {
        UDPEndpoint(ip: .loopback, port: port)
    }

    /// A libtorrent node and one of ours that know each other, started in either order.
    private func pair(isOursFirst: Bool, seed: UInt8) throws -> (LoopbackDriver, Peer) {
        let ours = try LoopbackDriver(seed: seed)
        if isOursFirst { _ = ours.run(for: .milliseconds(300)) { false } }
        let theirs = try self.startLibtorrent()
        if isOursFirst {
            theirs.program.tell("node \(ours.port)")
        } else {
            ours.call { $0.bootstrap(from: [self.endpoint(theirs.port)], now: $1) }
        }
        // libtorrent lists who has asked it twice.
        let areAcquainted = ours.run(for: Self.patience) {
            theirs.program.tell("size")
            return ours.node.status(now: LoopbackDriver.now).goodNodes > 0
                && theirs.program.said("\"size\", \"nodes\": 1")
        }
        #expect(areAcquainted)
        return (ours, theirs)
    }

    @Test(arguments: [true, false])
    func `libtorrent finds a peer that we announced, and we find its`(isOursFirst: Bool) throws {
        let (ours, theirs) = try self.pair(isOursFirst: isOursFirst, seed: isOursFirst ? 1 : 2)
        let infohash = try #require(DHTKey([UInt8](repeating: isOursFirst ? 0xA1 : 0xA2, count: 20)))
        let announced = try ours.ask { $0.findPeers(of: infohash, announcing: .port(7_877), now: $1) }
        #expect(ours.run(for: Self.patience) { ours.report(announced) != nil })
        #expect(ours.report(announced)?.stored == 1)
        let another = try self.startLibtorrent()
        another.program.tell("node \(ours.port)")
        another.program.tell("node \(theirs.port)")
        var nextQuestion = LoopbackDriver.now
        let isFound = ours.run(for: Self.patience) {
            if nextQuestion <= LoopbackDriver.now {
                nextQuestion = LoopbackDriver.now.advanced(by: .seconds(2))
                another.program.tell("find \(infohash)")
            }
            return another.program.said("\"peer\"", infohash.description, "127.0.0.1", "7877")
        }
        #expect(isFound)

        let other = try #require(DHTKey([UInt8](repeating: 0xB0, count: 20)))
        theirs.program.tell("announce \(other) 5555")
        var lookups: [DHTLookupID] = []
        let isTheirsFound = ours.run(for: Self.patience) {
            if lookups.isEmpty || lookups.last.flatMap({ ours.report($0) }) != nil {
                if let lookup = try? ours.ask({ $0.findPeers(of: other, announcing: nil, now: $1) }) {
                    lookups.append(lookup)
                }
            }
            return lookups.contains { ours.peers($0).contains(self.endpoint(5_555)) }
        }
        #expect(isTheirsFound)
    }

    @Test
    func `items that never change go both ways`() throws {
        let (ours, theirs) = try self.pair(isOursFirst: false, seed: 3)
        let item = DHTItem.immutable(value: DHTItem.value(ofBytes: [UInt8]("from Tessera".utf8)))
        let stored = try ours.ask { $0.store(item, now: $1) }
        #expect(ours.run(for: Self.patience) { ours.report(stored) != nil })
        #expect(ours.report(stored)?.stored == 1)
        // It asks the nodes that it takes for good at that moment, and does not ask again.
        var nextQuestion = LoopbackDriver.now
        #expect(
            ours.run(for: Self.patience) {
                if nextQuestion <= LoopbackDriver.now {
                    nextQuestion = LoopbackDriver.now.advanced(by: .seconds(2))
                    theirs.program.tell("get \(item.target)")
                }
                return theirs.program.said("\"item\"", item.target.description, Hex.encode(item.value))
            }
        )

        theirs.program.tell("put \(Hex.encode([UInt8]("from libtorrent".utf8)))")
        let expected = DHTItem.immutable(value: DHTItem.value(ofBytes: [UInt8]("from libtorrent".utf8)))
        #expect(ours.run(for: Self.patience) { theirs.program.said("\"stored\"") })
        let found = try ours.ask { $0.findItem(expected.target, now: $1) }
        #expect(ours.run(for: Self.patience) { ours.report(found) != nil })
        #expect(ours.items(found) == [expected])
        #expect(ours.node.status(now: LoopbackDriver.now).storedItems == 2)
    }

    @Test
    func `signed items go both ways, with salt and versions`() throws {
        let (ours, theirs) = try self.pair(isOursFirst: true, seed: 4)
        let key = SigningKey(seed: 9)
        let salt = [UInt8]("grid".utf8)
        for sequence: Int64 in 1 ... 2 {
            let item = DHTItem.mutable(key.item("version \(sequence)", sequence: sequence, salt: "grid"))
            let stored = try ours.ask { $0.store(item, now: $1) }
            #expect(ours.run(for: Self.patience) { ours.report(stored) != nil })
            #expect(ours.report(stored)?.stored == 1)
        }
        let reader = try self.startLibtorrent()
        reader.program.tell("node \(theirs.port)")
        reader.program.tell("node \(ours.port)")
        var nextQuestion = LoopbackDriver.now
        let value = Hex.encode(DHTItem.value(ofBytes: [UInt8]("version 2".utf8)))
        let isFound = ours.run(for: Self.patience) {
            if nextQuestion <= LoopbackDriver.now {
                nextQuestion = LoopbackDriver.now.advanced(by: .seconds(2))
                reader.program.tell("get-mutable \(Hex.encode(key.publicKey)) \(Hex.encode(salt))")
            }
            return reader.program.said("\"mutable\"", value, "\"seq\": 2")
        }
        #expect(isFound)

        let theirKey = SigningKey(seed: 10)
        let text = [UInt8]("from libtorrent".utf8)
        theirs.program.tell(
            "put-mutable \(Hex.encode(theirKey.expandedSecret)) \(Hex.encode(theirKey.publicKey)) \(Hex.encode(text)) \(Hex.encode(salt))"
        )
        #expect(ours.run(for: Self.patience) { theirs.program.said("\"stored\"") })
        let target = DHTItem.target(publicKey: theirKey.publicKey, salt: salt)
        let found = try ours.ask { $0.findItem(target, salt: salt, now: $1) }
        #expect(ours.run(for: Self.patience) { ours.report(found) != nil })
        #expect(ours.items(found).last?.value == DHTItem.value(ofBytes: text))
    }
}
