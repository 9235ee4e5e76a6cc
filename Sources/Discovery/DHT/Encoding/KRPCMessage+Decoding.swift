import GridWire

extension KRPCMessage {
    /// Reads a datagram.
    ///
    /// Unknown keys are ignored everywhere, and what is optional and unfit is as if it were not there: the DHT is old, and its
    /// programs differ. What is needed must be right.
    ///
    /// - Throws: ``KRPCError``, with a transaction id only for queries.
    package init(decoding bytes: [UInt8]) throws(KRPCError) {
        let unanswerable = KRPCError(code: .protocol, transaction: nil)
        guard bytes.count <= Self.sizeMax, let message = (try? Bencode(decoding: bytes))?.dictionary,
            let transaction = message["t"]?.bytes, (1 ... Self.transactionSizeMax).contains(transaction.count)
        else { throw unanswerable }
        self.transaction = transaction
        self.isReadOnly = message["ro"]?.integer == 1 && message["y"]?.bytes == [UInt8(ascii: "q")]
        self.observed = message["ip"]?.bytes.flatMap { UDPEndpoint(compact: $0) }
        switch message["y"]?.bytes {
        case [UInt8(ascii: "q")]:
            let arguments = message["a"]?.dictionary
            guard let id = arguments?.key("id"), let arguments, let method = message["q"]?.bytes else {
                throw KRPCError(code: .protocol, transaction: transaction)
            }
            do {
                self.body = .query(try KRPCQuery(method: method, arguments), from: id)
            } catch {
                throw KRPCError(code: error, transaction: transaction)
            }
        case [UInt8(ascii: "r")]:
            guard let result = message["r"]?.dictionary, let response = KRPCResponse(result) else { throw unanswerable }
            self.body = .response(response)
        case [UInt8(ascii: "e")]:
            let code = message["e"]?.list?.first?.integer.flatMap { Int(exactly: $0) }
            self.body = .error(code: code ?? 0)
        default:
            throw unanswerable
        }
    }
}

extension Bencode.Dictionary {
    fileprivate func key(_ key: StaticString) -> DHTKey? {
        self[key]?.bytes.flatMap { DHTKey($0) }
    }

    /// The families of `want`; nil when it is absent or names none that is known.
    fileprivate var want: Set<AddressFamily>? {
        guard let words = self["want"]?.list else { return nil }
        var families: Set<AddressFamily> = []
        for word in words.prefix(8) {
            if word.bytes == [UInt8]("n4".utf8) { families.insert(.v4) }
            if word.bytes == [UInt8]("n6".utf8) { families.insert(.v6) }
        }
        return families.isEmpty ? nil : families
    }
}

extension KRPCQuery {
    /// - Throws: The code with which the query is refused.
    fileprivate init(method: [UInt8], _ arguments: Bencode.Dictionary) throws(KRPCError.Code) {
        switch String(decoding: method.prefix(32), as: UTF8.self) {
        case "ping":
            self = .ping
        case "find_node":
            guard let target = arguments.key("target") else { throw .protocol }
            self = .findNode(target: target, want: arguments.want)
        case "get_peers":
            guard let infohash = arguments.key("info_hash") else { throw .protocol }
            self = .getPeers(infohash: infohash, want: arguments.want)
        case "announce_peer":
            self = try Self.announcePeer(arguments)
        case "get":
            guard let target = arguments.key("target") else { throw .protocol }
            self = .get(target: target, newerThan: arguments["seq"]?.integer, want: arguments.want)
        case "put":
            self = try Self.put(arguments)
        default:
            throw .unknownMethod
        }
    }

    private static func announcePeer(_ arguments: Bencode.Dictionary) throws(KRPCError.Code) -> Self {
        guard let infohash = arguments.key("info_hash"), let token = arguments["token"]?.bytes else { throw .protocol }
        if let implied = arguments["implied_port"]?.integer, implied != 0 {
            return .announcePeer(infohash: infohash, port: nil, token: token)
        }
        guard let port = arguments["port"]?.integer.flatMap({ UInt16(exactly: $0) }), port != 0 else { throw .protocol }
        return .announcePeer(infohash: infohash, port: port, token: token)
    }

    private static func put(_ arguments: Bencode.Dictionary) throws(KRPCError.Code) -> Self {
        guard let value = arguments["v"]?.encoded(), let token = arguments["token"]?.bytes else { throw .protocol }
        guard value.count <= DHTItem.valueSizeMax else { throw .valueTooBig }
        guard let publicKey = arguments["k"]?.bytes else {
            return .put(.immutable(value: value), token: token, expecting: nil)
        }
        guard publicKey.count == Sodium.keySize, let signature = arguments["sig"]?.bytes,
            signature.count == Sodium.signatureSize, let sequence = arguments["seq"]?.integer, sequence >= 0
        else { throw .protocol }
        let salt = arguments["salt"]?.bytes ?? []
        guard salt.count <= MutableDHTItem.saltSizeMax else { throw .saltTooBig }
        let item = MutableDHTItem(
            publicKey: publicKey,
            salt: salt,
            sequence: sequence,
            value: value,
            signature: signature
        )
        return .put(.mutable(item), token: token, expecting: arguments["cas"]?.integer)
    }
}

extension KRPCResponse {
    fileprivate init?(_ result: Bencode.Dictionary) {
        guard let id = result.key("id") else { return nil }
        self.id = id
        for (name, family) in [("nodes" as StaticString, AddressFamily.v4), ("nodes6", .v6)] {
            guard let compact = result[name]?.bytes else { continue }
            self.listedFamilies.insert(family)
            self.nodes += DHTContact.list(compact: compact, family: family, countMax: KRPCMessage.nodeCountMax)
        }
        if let token = result["token"]?.bytes, token.count <= KRPCMessage.tokenSizeMax { self.token = token }
        self.peers = (result["values"]?.list ?? []).prefix(KRPCMessage.peerCountMax)
            .compactMap { $0.bytes.flatMap { UDPEndpoint(compact: $0) } }
        self.value = result["v"]?.encoded()
        self.publicKey = result["k"]?.bytes.flatMap { $0.count == Sodium.keySize ? $0 : nil }
        self.sequence = result["seq"]?.integer.flatMap { $0 >= 0 ? $0 : nil }
        self.signature = result["sig"]?.bytes.flatMap { $0.count == Sodium.signatureSize ? $0 : nil }
    }
}
