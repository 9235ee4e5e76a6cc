import GridWire
import PeerSession
import Testing

@Suite
struct PrivateGridTests {
    private static let text = """
        /key/swarm/psk/1.0.0/
        /base16/
        dffb7e3135399a8b1612b2aaca1c36a3a8ac2cd0cca51ceeb2ced87d308cac6d

        """

    private func settings(_ key: PreSharedKey?) -> SessionSettings {
        var settings = SessionSettings()
        settings.preSharedKey = key
        return settings
    }

    @Test
    func `a key file of libp2p is read, and written the same`() throws {
        let key = try PreSharedKey(parsing: Self.text)
        let bytes = Array(Self.text.utf8)
        #expect(key.fileBytes == bytes)
        #expect(try PreSharedKey(parsing: Self.text.replacing("\n", with: " \t\r\n \t")).fileBytes == bytes)
        #expect(try PreSharedKey(parsing: Self.text.uppercasedDigits).fileBytes == bytes)
        let other = PreSharedKey.generate()
        #expect(try PreSharedKey(parsing: other.fileBytes).fingerprint == other.fingerprint)
        #expect(other.fileBytes != PreSharedKey.generate().fileBytes)
    }

    @Test
    func `any other text is refused and says why`() {
        let cases: [(String, PreSharedKey.ParsingError)] = [
            ("", .noHeader),
            ("/key/swarm/psk/2.0.0/\n/base16/\n", .noHeader),
            ("/key/swarm/psk/1.0.0/", .unknownEncoding),
            (Self.text.replacing("base16", with: "base58"), .unknownEncoding),
            (Self.text.replacing("dffb", with: "dff"), .malformedKey),
            (Self.text.replacing("dffb", with: "dffg"), .malformedKey),
            (Self.text + "more", .malformedKey),
        ]
        for (text, error) in cases {
            #expect(throws: error) { try PreSharedKey(parsing: text) }
        }
    }

    @Test
    func `what is derived differs with key and purpose`() throws {
        let (a, b) = (try PreSharedKey(parsing: Self.text), PreSharedKey.generate())
        #expect(a.derived(for: "x") == (try PreSharedKey(parsing: Self.text)).derived(for: "x"))
        #expect(a.derived(for: "x") != a.derived(for: "y"))
        #expect(a.derived(for: "x") != b.derived(for: "x"))
    }

    /// From crypto_stream_xsalsa20 of NaCl's test suite (`stream5`): the first 32 bytes of the key stream.
    @Test
    func `the key stream is XSalsa20's, in pieces of any size`() throws {
        let text = """
            /key/swarm/psk/1.0.0/
            /base16/
            1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389
            """
        let key = try PreSharedKey(parsing: text)
        let nonce = bytes("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
        let expected = bytes("eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880")
        var whole = [UInt8](repeating: 0, count: 1000)
        whole.withUnsafeMutableBytes { PreSharedKeyCipher(key: key, nonce: nonce).apply(to: $0) }
        #expect(whole.starts(with: expected))
        for size in [1, 7, 63, 64, 65, 129, 999] {
            let cipher = PreSharedKeyCipher(key: key, nonce: nonce)
            var pieces: [UInt8] = []
            while pieces.count < whole.count {
                var piece = [UInt8](repeating: 0, count: min(size, whole.count - pieces.count))
                piece.withUnsafeMutableBytes { cipher.apply(to: $0) }
                pieces += piece
            }
            #expect(pieces == whole)
        }
    }

    @Test(arguments: [1, 23, 24, 25, 1000, Int.max])
    func `nodes with one key talk, in pieces of any size`(_ size: Int) throws {
        let key = try PreSharedKey(parsing: Self.text)
        var pair = try Pair(dialerSettings: self.settings(key), listenerSettings: self.settings(key))
        pair.pieceSize = size
        pair.run()
        let stream = try #require(pair.dialer.openStream(protocol: "/echo/1"))
        pair.dialer.send([UInt8](repeating: 7, count: 3000), on: stream)
        pair.run()
        #expect(pair.listenerEvents.data(on: stream) == [UInt8](repeating: 7, count: 3000))
    }

    @Test
    func `nothing of a private connection is readable, its first line included`() throws {
        let key = try PreSharedKey(parsing: Self.text)
        let pair = try Pair(dialerSettings: self.settings(key))
        let output = Pair.drain(pair.dialer)
        let line = Multistream.opening("/noise")
        #expect(output.count > 24 + line.count)
        #expect(!output.indices.contains { output[$0...].starts(with: line.prefix(8)) })
    }

    @Test
    func `another key or none is not let in, and learns nothing`() throws {
        let key = try PreSharedKey(parsing: Self.text)
        for other in [nil, PreSharedKey.generate()] {
            for (dialerKey, listenerKey) in [(key, other), (other, key)] {
                var pair = try Pair(
                    dialerSettings: self.settings(dialerKey),
                    listenerSettings: self.settings(listenerKey)
                )
                pair.run()
                #expect(!pair.dialerEvents.hasEstablished && !pair.listenerEvents.hasEstablished)
                #expect(pair.listener.isClosed || listenerKey == nil)
                if listenerKey != nil { #expect(pair.listener.takeOutput().isEmpty) }
            }
        }
    }
}

extension PreSharedKey {
    fileprivate convenience init(parsing text: String) throws(ParsingError) {
        try self.init(parsing: Array(text.utf8))
    }
}

extension String {
    /// A key file with digits of the other case.
    fileprivate var uppercasedDigits: String {
        self.split(separator: "\n").enumerated().map { $0 == 2 ? $1.uppercased() : String($1) }.joined(separator: "\n")
    }
}
