import Foundation
import GridNode
import PeerSession
import Testing

/// What `tessera keys` does.
struct NodeKeyTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// A directory with a key, by way of a backup as another program could have made it.
    private func home(_ directory: TestDirectory, _ name: String, seed: UInt8) throws -> (path: String, peer: String) {
        let key = try IdentityKey(seed: [UInt8](repeating: seed, count: 32))
        let file = "\(directory.path)/\(name).backup"
        try Data(key.encoded()).write(to: URL(fileURLWithPath: file))
        try self.setMode(0o600, file)
        let home = "\(directory.path)/\(name)"
        #expect(try NodeKey.restore(file, to: home) == "\(key.peerID)")
        return (home, "\(key.peerID)")
    }

    @Test
    func `a key that was backed up is the same key elsewhere, and only its owner can read it`() throws {
        let directory = try TestDirectory()
        #expect(try NodeKey.peerID(in: "\(directory.path)/none") == nil)
        let (home, peer) = try self.home(directory, "home", seed: 4)
        #expect(try NodeKey.peerID(in: home) == peer)
        #expect(try self.mode("\(home)/identity.key") == 0o600)
        let copy = "\(directory.path)/copy"
        try NodeKey.backUp(from: home, to: copy)
        #expect(try self.mode(copy) == 0o600)
        #expect(try NodeKey.restore(copy, to: "\(directory.path)/elsewhere") == peer)
        // Nothing is ever written over.
        #expect(throws: NodeError.self) { try NodeKey.backUp(from: home, to: copy) }
        #expect(throws: NodeError.self) { try NodeKey.restore(copy, to: home) }
        #expect(throws: NodeError.self) { try NodeKey.backUp(from: "\(directory.path)/none", to: "\(copy)2") }
        #expect(!FileManager.default.fileExists(atPath: "\(copy)2"))
    }

    @Test
    func `a key that others can read, or that is damaged, is refused`() throws {
        let directory = try TestDirectory()
        let (home, _) = try self.home(directory, "home", seed: 5)
        let file = "\(home)/identity.key"
        try self.setMode(0o640, file)
        #expect(throws: NodeError.self) { try NodeKey.peerID(in: home) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for damaged in [
            Data(), bytes.dropLast(), bytes + [0], bytes.prefix(30) + [bytes[30] ^ 1] + bytes.dropFirst(31),
        ] {
            let copy = "\(directory.path)/damaged"
            try damaged.write(to: URL(fileURLWithPath: copy))
            try self.setMode(0o600, copy)
            #expect(throws: (any Error).self) { try NodeKey.restore(copy, to: "\(directory.path)/other") }
            try damaged.write(to: URL(fileURLWithPath: file))
            try self.setMode(0o600, file)
            #expect(throws: (any Error).self) { try NodeKey.peerID(in: home) }
        }
        #expect(try NodeKey.peerID(in: "\(directory.path)/other") == nil)
    }

    @Test
    func `who lends a machine and submits from it has one key, unless the submitter has its own`() throws {
        let directory = try TestDirectory()
        let (home, peer) = try self.home(directory, "home", seed: 7)
        let submitter = "\(home)/submitter"
        #expect(try NodeKey.submitterID(in: submitter) == peer)
        let key = try IdentityKey(seed: [UInt8](repeating: 8, count: 32))
        let file = "\(directory.path)/own.backup"
        try Data(key.encoded()).write(to: URL(fileURLWithPath: file))
        try self.setMode(0o600, file)
        _ = try NodeKey.restore(file, to: submitter)
        #expect(try NodeKey.submitterID(in: submitter) == "\(key.peerID)")
        #expect(try NodeKey.peerID(in: home) == peer)
    }

    @Test
    func `a new key takes the place of the old one, which is put aside`() async throws {
        let directory = try TestDirectory()
        let (home, peer) = try self.home(directory, "home", seed: 6)
        let (new, old) = try await NodeKey.rotate(in: home)
        #expect(try NodeKey.peerID(in: home) == new)
        #expect(new != peer && old.contains(peer))
        #expect(try self.mode(old) == 0o600)
        #expect(try NodeKey.restore(old, to: "\(directory.path)/again") == peer)
        await #expect(throws: NodeError.self) { try await NodeKey.rotate(in: "\(directory.path)/none") }
    }
}
