import GridWire

/// One datagram of the DHT (BEP 5): a bencoded dictionary.
package struct KRPCMessage: Hashable, Sendable {
    /// What it is.
    package enum Body: Hashable, Sendable {
        /// A question of the node with an id.
        case query(KRPCQuery, from: DHTKey)
        /// The answer to a query.
        case response(KRPCResponse)
        /// The refusal of a query.
        case error(code: Int)
    }

    /// Chosen by the asker, echoed by the answerer.
    package var transaction: [UInt8]
    /// What it is.
    package var body: Body
    /// The asker answers no queries (BEP 43).
    package var isReadOnly: Bool
    /// In answers: the asker's address as the answerer sees it (BEP 42).
    package var observed: UDPEndpoint?

    /// The largest datagram that is read.
    package static let sizeMax = 1_500
    /// The most bytes of a transaction id that is echoed.
    package static let transactionSizeMax = 32
    /// The most bytes of a token that is remembered.
    package static let tokenSizeMax = 64
    /// The most nodes of one family that are read of one message.
    package static let nodeCountMax = 16
    /// The most peers that are read of one message.
    package static let peerCountMax = 128

    /// Creates a message.
    package init(transaction: [UInt8], body: Body, isReadOnly: Bool = false, observed: UDPEndpoint? = nil) {
        self.transaction = transaction
        self.body = body
        self.isReadOnly = isReadOnly
        self.observed = observed
    }
}

/// What one node asks another.
package enum KRPCQuery: Hashable, Sendable {
    /// Are you there?
    case ping
    /// Which nodes near the target do you know?
    case findNode(target: DHTKey, want: Set<AddressFamily>?)
    /// Which peers of the infohash do you know, or else which nodes near it?
    case getPeers(infohash: DHTKey, want: Set<AddressFamily>?)
    /// I am a peer of the infohash at the TCP port; without one, at the port that this came from.
    case announcePeer(infohash: DHTKey, port: UInt16?, token: [UInt8])
    /// Which item has this name? Its value is only wanted when it is newer than the sequence number.
    case get(target: DHTKey, newerThan: Int64?, want: Set<AddressFamily>?)
    /// Store this item; with `expecting`, only in place of the version with that number.
    case put(DHTItem, token: [UInt8], expecting: Int64?)
}

/// What an answer may hold.
package struct KRPCResponse: Hashable, Sendable {
    /// The answerer.
    package var id: DHTKey
    /// Nodes of both families.
    package var nodes: [DHTContact] = []
    /// The families whose node lists are written even when they are empty.
    package var listedFamilies: Set<AddressFamily> = []
    /// The right to store something at the answerer.
    package var token: [UInt8]?
    /// Peers of an infohash.
    package var peers: [UDPEndpoint] = []
    /// An item's bencoded value.
    package var value: [UInt8]?
    /// A mutable item's key.
    package var publicKey: [UInt8]?
    /// A mutable item's version.
    package var sequence: Int64?
    /// A mutable item's signature.
    package var signature: [UInt8]?

    /// Creates an answer that holds nothing but the id.
    package init(id: DHTKey) {
        self.id = id
    }

    /// Puts an item in, or of a mutable one that the asker has already only the version.
    package mutating func setItem(_ item: DHTItem, newerThan known: Int64?) {
        switch item {
        case .immutable(let value):
            self.value = value
        case .mutable(let item):
            self.sequence = item.sequence
            if let known, item.sequence <= known { return }
            self.value = item.value
            self.publicKey = item.publicKey
            self.signature = item.signature
        }
    }

    /// The item under a target, if a genuine one is here.
    ///
    /// - Parameter salt: That of the target; a mutable item does not repeat it.
    package func item(target: DHTKey, salt: [UInt8]) -> DHTItem? {
        guard let value = self.value, value.count <= DHTItem.valueSizeMax else { return nil }
        if let publicKey = self.publicKey, let sequence = self.sequence, let signature = self.signature {
            let item = MutableDHTItem(
                publicKey: publicKey,
                salt: salt,
                sequence: sequence,
                value: value,
                signature: signature
            )
            guard DHTItem.target(publicKey: publicKey, salt: salt) == target, item.isValid else { return nil }
            return .mutable(item)
        }
        return DHTItem.target(ofImmutable: value) == target ? .immutable(value: value) : nil
    }
}

/// Why a message is refused; a query with a transaction id is answered with the code.
package struct KRPCError: Error, Hashable, Sendable {
    /// What went wrong; the numbers are BEP 5's and BEP 44's.
    package enum Code: Int, Error, Hashable {
        /// Malformed, a bad argument, or a bad token.
        case `protocol` = 203
        /// A method that is not known.
        case unknownMethod = 204
        /// A value over 1,000 bytes.
        case valueTooBig = 205
        /// The signature does not fit.
        case badSignature = 206
        /// A salt over 64 bytes.
        case saltTooBig = 207
        /// Another version is stored than the one expected.
        case versionMismatch = 301
        /// A higher version is stored.
        case versionTooLow = 302

        /// A few words that quote nothing.
        package var text: String {
            switch self {
            case .protocol: "protocol error"
            case .unknownMethod: "unknown method"
            case .valueTooBig: "value too big"
            case .badSignature: "bad signature"
            case .saltTooBig: "salt too big"
            case .versionMismatch: "cas mismatch"
            case .versionTooLow: "seq too low"
            }
        }
    }

    /// What went wrong.
    package let code: Code
    /// The id of the query, when there is one to answer.
    package let transaction: [UInt8]?
}
