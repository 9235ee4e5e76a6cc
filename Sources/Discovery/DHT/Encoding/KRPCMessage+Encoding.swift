import GridWire

extension KRPCMessage {
    /// Who we are, to people who debug: two letters and two bytes of version.
    private static let version = [UInt8]("TS".utf8) + [0, 1]

    /// The datagram.
    package func encoded() -> [UInt8] {
        var message = Bencode.Dictionary()
        message["t"] = .bytes(self.transaction)
        message["v"] = .bytes(Self.version)
        message["ip"] = (self.observed?.compact).map { .bytes($0) }
        switch self.body {
        case .query(let query, let id):
            var arguments = query.arguments
            arguments["id"] = .bytes(id.bytes)
            message["y"] = Self.text("q")
            message["q"] = Self.text(query.method)
            message["a"] = .dictionary(arguments)
            message["ro"] = self.isReadOnly ? .integer(1) : nil
        case .response(let response):
            message["y"] = Self.text("r")
            message["r"] = .dictionary(response.dictionary)
        case .error(let code):
            message["y"] = Self.text("e")
            let text = KRPCError.Code(rawValue: code)?.text ?? "error"
            message["e"] = .list([.integer(Int64(code)), Self.text(text)])
        }
        return Bencode.dictionary(message).encoded()
    }

    fileprivate static func text(_ text: String) -> Bencode {
        .bytes([UInt8](text.utf8))
    }
}

extension KRPCQuery {
    /// The name on the wire.
    package var method: String {
        switch self {
        case .ping: "ping"
        case .findNode: "find_node"
        case .getPeers: "get_peers"
        case .announcePeer: "announce_peer"
        case .get: "get"
        case .put: "put"
        }
    }

    fileprivate var arguments: Bencode.Dictionary {
        var arguments = Bencode.Dictionary()
        switch self {
        case .ping:
            break
        case .findNode(let target, let want):
            arguments["target"] = .bytes(target.bytes)
            arguments["want"] = Self.list(want)
        case .getPeers(let infohash, let want):
            arguments["info_hash"] = .bytes(infohash.bytes)
            arguments["want"] = Self.list(want)
        case .announcePeer(let infohash, let port, let token):
            arguments["info_hash"] = .bytes(infohash.bytes)
            // Whoever does not know implied_port still wants a port.
            arguments["port"] = .integer(Int64(port ?? 1))
            arguments["implied_port"] = port == nil ? .integer(1) : nil
            arguments["token"] = .bytes(token)
        case .get(let target, let known, let want):
            arguments["target"] = .bytes(target.bytes)
            arguments["seq"] = known.map { .integer($0) }
            arguments["want"] = Self.list(want)
        case .put(let item, let token, let expected):
            arguments["token"] = .bytes(token)
            arguments["v"] = try? Bencode(decoding: item.value)
            if case .mutable(let item) = item {
                arguments["k"] = .bytes(item.publicKey)
                arguments["salt"] = item.salt.isEmpty ? nil : .bytes(item.salt)
                arguments["seq"] = .integer(item.sequence)
                arguments["sig"] = .bytes(item.signature)
                arguments["cas"] = expected.map { .integer($0) }
            }
        }
        return arguments
    }

    private static func list(_ want: Set<AddressFamily>?) -> Bencode? {
        want.map { .list($0.sorted().map { KRPCMessage.text($0 == .v4 ? "n4" : "n6") }) }
    }
}

extension KRPCResponse {
    fileprivate var dictionary: Bencode.Dictionary {
        var result = Bencode.Dictionary()
        result["id"] = .bytes(self.id.bytes)
        result["nodes"] = self.list(.v4)
        result["nodes6"] = self.list(.v6)
        result["token"] = self.token.map { .bytes($0) }
        result["values"] = self.peers.isEmpty ? nil : .list(self.peers.map { .bytes($0.compact) })
        result["v"] = self.value.flatMap { try? Bencode(decoding: $0) }
        result["k"] = self.publicKey.map { .bytes($0) }
        result["seq"] = self.sequence.map { .integer($0) }
        result["sig"] = self.signature.map { .bytes($0) }
        return result
    }

    private func list(_ family: AddressFamily) -> Bencode? {
        let nodes = self.nodes.filter { $0.endpoint.family == family }
        guard !nodes.isEmpty || self.listedFamilies.contains(family) else { return nil }
        return .bytes(nodes.flatMap(\.compact))
    }
}
