import GridWire

/// A query as it came.
struct IncomingQuery: Sendable {
    let query: KRPCQuery
    let transaction: [UInt8]
    let asker: DHTContact
    let isReadOnly: Bool
    /// The bytes of the datagram.
    let size: Int
}

// What other nodes ask of this one.
extension DHTNode {
    /// The most bytes of an answer's message (BEP 32), an item of BEP 44 excepted.
    static let answerSizeMax = 1_024
    /// The most peers of an answer.
    static let peersPerAnswer = 50

    mutating func answer(_ incoming: IncomingQuery, now: Instant) -> [Action] {
        guard !self.isReadOnly, let index = self.networkIndex(incoming.asker.endpoint.family) else { return [] }
        let endpoint = incoming.asker.endpoint
        let source = self.scope.source(of: endpoint)
        let limit = self.budget.received(incoming.size, from: source, now: now)
        let reply: KRPCMessage.Body
        do {
            reply = .response(try self.response(to: incoming, ownID: self.networks[index].table.ownID, now: now))
        } catch {
            reply = .error(code: error.rawValue)
        }
        let datagram = self.fitted(reply, to: incoming, limit: limit)
        var actions: [Action] = []
        if let datagram {
            self.budget.sent(datagram.count, to: source, now: now)
            actions.append(.send(datagram, to: endpoint))
        }
        if !incoming.isReadOnly { actions += self.meet(incoming.asker, now: now) }
        return actions
    }

    /// Answers with an error what could not be read.
    mutating func refuse(
        _ transaction: [UInt8],
        _ code: KRPCError.Code,
        to endpoint: UDPEndpoint,
        size: Int,
        now: Instant
    ) -> [Action] {
        guard !self.isReadOnly else { return [] }
        let source = self.scope.source(of: endpoint)
        let message = KRPCMessage(transaction: transaction, body: .error(code: code.rawValue), observed: endpoint)
        let datagram = message.encoded()
        guard datagram.count <= self.budget.received(size, from: source, now: now) else { return [] }
        self.budget.sent(datagram.count, to: source, now: now)
        return [.send(datagram, to: endpoint)]
    }

    // MARK: Answers

    private mutating func response(
        to incoming: IncomingQuery,
        ownID: DHTKey,
        now: Instant
    ) throws(KRPCError.Code) -> KRPCResponse {
        let endpoint = incoming.asker.endpoint
        var response = KRPCResponse(id: ownID)
        switch incoming.query {
        case .ping:
            break
        case .findNode(let target, let want):
            self.addNodes(near: target, want: want, asker: endpoint, to: &response, now: now)
        case .getPeers(let infohash, let want):
            response.token = self.tokens.make(for: endpoint.ip, using: &self.generator, now: now)
            response.peers = self.peers.peers(
                of: infohash,
                family: endpoint.family,
                count: Self.peersPerAnswer,
                using: &self.generator,
                now: now
            )
            self.addNodes(near: infohash, want: want, asker: endpoint, to: &response, now: now)
        case .announcePeer(let infohash, let port, let token):
            try self.check(token, of: endpoint, now: now)
            let peer = UDPEndpoint(ip: endpoint.ip, port: port ?? endpoint.port)
            self.peers.announce(peer, of: infohash, now: now)
        case .get(let target, let known, let want):
            response.token = self.tokens.make(for: endpoint.ip, using: &self.generator, now: now)
            if let item = self.items.item(target, now: now) { response.setItem(item, newerThan: known) }
            self.addNodes(near: target, want: want, asker: endpoint, to: &response, now: now)
        case .put(let item, let token, let expected):
            try self.check(token, of: endpoint, now: now)
            if case .mutable(let item) = item, !item.isValid { throw .badSignature }
            try self.items.put(item, expecting: expected, from: self.scope.source(of: endpoint), now: now)
        }
        return response
    }

    private mutating func check(_ token: [UInt8], of endpoint: UDPEndpoint, now: Instant) throws(KRPCError.Code) {
        guard self.tokens.isValid(token, for: endpoint.ip, using: &self.generator, now: now) else { throw .protocol }
        self.budget.trust(self.scope.source(of: endpoint), now: now)
    }

    private func addNodes(
        near target: DHTKey,
        want: Set<AddressFamily>?,
        asker: UDPEndpoint,
        to response: inout KRPCResponse,
        now: Instant
    ) {
        for network in self.networks where (want ?? [asker.family]).contains(network.family) {
            response.listedFamilies.insert(network.family)
            response.nodes += network.table.closest(to: target, count: RoutingTable.bucketSize + 1, now: now)
                .map(\.contact)
                .filter { $0.endpoint != asker }
                .prefix(RoutingTable.bucketSize)
        }
    }

    /// The datagram, with as much left out as it takes to stay within the limit; nil when even the least is too much.
    private func fitted(_ body: KRPCMessage.Body, to incoming: IncomingQuery, limit: Int) -> [UInt8]? {
        var message = KRPCMessage(
            transaction: incoming.transaction,
            body: body,
            observed: incoming.asker.endpoint
        )
        guard case .response(var response) = body else {
            let datagram = message.encoded()
            return datagram.count <= limit ? datagram : nil
        }
        let ownLimit = response.value == nil ? Self.answerSizeMax : KRPCMessage.sizeMax
        let limit = min(limit, ownLimit)
        while true {
            message.body = .response(response)
            let datagram = message.encoded()
            if datagram.count <= limit { return datagram }
            // What others can tell as well goes first.
            if response.value != nil, !response.nodes.isEmpty {
                response.nodes.removeLast()
            } else if response.peers.count > 8 {
                response.peers.removeLast(response.peers.count / 4)
            } else if !response.nodes.isEmpty {
                response.nodes.removeLast()
            } else if response.value != nil {
                (response.value, response.publicKey, response.signature) = (nil, nil, nil)
            } else if !response.peers.isEmpty {
                response.peers.removeLast()
            } else {
                return nil
            }
        }
    }

    // MARK: Who asks

    /// Takes note of an asker, and pings one that is not known: only who answers is believed to be there.
    private mutating func meet(_ asker: DHTContact, now: Instant) -> [Action] {
        let endpoint = asker.endpoint
        guard let index = self.networkIndex(endpoint.family),
            self.networks[index].table.nodeQueried(asker, now: now),
            self.strangers[endpoint].map({ $0.duration(to: now) >= Self.strangerInterval }) ?? true,
            self.strangerBucket.take(1, Self.strangerRate, now: now)
        else { return [] }
        self.strangers[endpoint] = now
        return self.send(.ping, to: endpoint, for: .ping, now: now) ?? []
    }
}
