public import GridWire

// What this node asks of others.
extension DHTNode {
    /// Looks for the peers of an infohash, and with an announcement becomes one.
    public mutating func findPeers(
        of infohash: DHTKey,
        announcing announcement: DHTAnnouncement?,
        now: Instant
    ) -> (lookup: DHTLookupID, actions: [Action]) {
        let id = self.nextLookupID()
        var actions: [Action] = []
        for network in self.networks {
            let known = self.peers.peers(
                of: infohash,
                family: network.family,
                count: Self.peersPerAnswer,
                using: &self.generator,
                now: now
            )
            if !known.isEmpty { actions.append(.foundPeers(id, known)) }
        }
        return (id, actions + self.begin(.peers(infohash, announcement), id, isUpkeep: false, now: now))
    }

    /// Looks for an item.
    ///
    /// - Parameter salt: That of a mutable item; without meaning for others.
    public mutating func findItem(
        _ target: DHTKey,
        salt: [UInt8] = [],
        now: Instant
    ) -> (lookup: DHTLookupID, actions: [Action]) {
        let id = self.nextLookupID()
        var actions: [Action] = []
        if let item = self.items.item(target, now: now) { actions.append(.foundItem(id, item)) }
        let goal = DHTOperation.Goal.item(target, salt: salt, storing: nil, expecting: nil)
        return (id, actions + self.begin(goal, id, isUpkeep: false, now: now))
    }

    /// Stores an item at the nodes nearest to its target.
    ///
    /// A newer version than this one that is found on the way is told. An item that is not valid is stored nowhere.
    ///
    /// - Parameter expected: Only in place of the version with this number.
    public mutating func store(
        _ item: DHTItem,
        expecting expected: Int64? = nil,
        now: Instant
    ) -> (lookup: DHTLookupID, actions: [Action]) {
        let id = self.nextLookupID()
        let isValid =
            switch item {
            case .immutable(let value): value.count <= DHTItem.valueSizeMax && (try? Bencode(decoding: value)) != nil
            case .mutable(let item): item.isValid && (try? Bencode(decoding: item.value)) != nil
            }
        guard isValid else { return (id, [.lookupEnded(id, DHTLookupReport())]) }
        // In a small network nobody may be nearer than we are.
        let here = self.scope.source(of: UDPEndpoint(ip: .loopback, port: 0))
        try? self.items.put(item, expecting: nil, from: here, now: now)
        let salt = if case .mutable(let item) = item { item.salt } else { [UInt8]() }
        let goal = DHTOperation.Goal.item(item.target, salt: salt, storing: item, expecting: expected)
        return (id, self.begin(goal, id, isUpkeep: false, now: now))
    }

    mutating func begin(
        _ goal: DHTOperation.Goal,
        _ id: DHTLookupID,
        isUpkeep: Bool,
        families: [AddressFamily]? = nil,
        now: Instant
    ) -> [Action] {
        guard self.lookups.count < Self.lookupsMax else {
            return isUpkeep ? [] : [.lookupEnded(id, DHTLookupReport())]
        }
        let networks = self.networks.filter { families?.contains($0.family) ?? true }
        self.operations[id] = DHTOperation(goal: goal, isUpkeep: isUpkeep, families: Set(networks.map(\.family)))
        for network in networks {
            let target = goal.target
            var lookup = Lookup(target: target, family: network.family, scope: self.scope, now: now)
            let known = network.table.closest(to: target, count: 16, mayBeQuestionable: true, now: now).map(\.contact)
            let isLonely = known.count < RoutingTable.bucketSize
            lookup.begin(
                contacts: known + (isLonely ? network.saved : []),
                hosts: isLonely ? network.hosts : []
            )
            self.lookups[LookupKey(id: id, family: network.family)] = lookup
        }
        return self.pump(now: now)
    }

    // MARK: Moving on

    /// Sends what lookups want to ask, and ends those that are done.
    mutating func pump(now: Instant) -> [Action] {
        var actions: [Action] = []
        self.pacedUntil = nil
        for key in self.lookups.keys.sorted() {
            guard let goal = self.operations[key.id]?.goal else { continue }
            for endpoint in self.lookups[key]?.due(now: now) ?? [] {
                let query = goal.query(want: self.networks.count > 1 ? Set(self.networks.map(\.family)) : nil)
                guard let sent = self.send(query, to: endpoint, for: .lookup(key), now: now) else {
                    self.pacedUntil = now.advanced(by: Self.pacingInterval)
                    continue
                }
                self.lookups[key]?.asked(endpoint, now: now)
                actions += sent
            }
            if self.lookups[key]?.isFinished(now: now) ?? false { self.finish(key) }
        }
        for id in self.operations.keys.sorted() {
            actions += self.sendStores(id, now: now)
            guard let operation = self.operations[id], operation.isOver else { continue }
            self.operations[id] = nil
            if !operation.isUpkeep {
                actions.append(.lookupEnded(id, operation.report))
            }
        }
        return actions
    }

    private mutating func finish(_ key: LookupKey) {
        guard let lookup = self.lookups.removeValue(forKey: key), var operation = self.operations[key.id] else {
            return
        }
        operation.walking.remove(key.family)
        operation.report.queries += lookup.queryCount
        operation.report.answers += lookup.answerCount
        operation.report.hops = max(operation.report.hops, lookup.hops)
        if operation.goal.isStoring { operation.pendingStores += lookup.storers.map { (key, $0) } }
        self.operations[key.id] = operation
        if let index = self.networkIndex(key.family), self.networks[index].upkeep == key.id {
            self.networks[index].upkeep = nil
        }
    }

    private mutating func sendStores(_ id: DHTLookupID, now: Instant) -> [Action] {
        var actions: [Action] = []
        while let (key, storer) = self.operations[id]?.pendingStores.first {
            guard let query = self.operations[id]?.goal.storingQuery(token: storer.token),
                let sent = self.send(query, to: storer.endpoint, for: .store(key), now: now)
            else {
                self.pacedUntil = now.advanced(by: Self.pacingInterval)
                break
            }
            self.operations[id]?.pendingStores.removeFirst()
            self.operations[id]?.outstandingStores += 1
            self.operations[id]?.report.queries += 1
            actions += sent
        }
        return actions
    }

    /// A query is over without a useful answer.
    mutating func ended(_ purpose: Purpose, at endpoint: UDPEndpoint) {
        switch purpose {
        case .ping: break
        case .lookup(let key): self.lookups[key]?.failed(endpoint)
        case .store(let key): self.operations[key.id]?.outstandingStores -= 1
        }
    }

    // MARK: Answers

    mutating func handleError(_ message: KRPCMessage, from source: UDPEndpoint, now: Instant) -> [Action] {
        if let transaction = self.takeTransaction(message.transaction, from: source) {
            self.ended(transaction.purpose, at: source)
        }
        return []
    }

    mutating func handleResponse(
        _ response: KRPCResponse,
        _ message: KRPCMessage,
        from source: UDPEndpoint,
        now: Instant
    ) -> [Action] {
        guard let transaction = self.takeTransaction(message.transaction, from: source) else { return [] }
        self.silent[self.scope.neighbourhood(of: source)] = nil
        self.budget.trust(self.scope.source(of: source), now: now)
        var actions = self.learn(DHTContact(id: response.id, endpoint: source), now: now)
        if let observed = message.observed { actions += self.countVote(for: observed, by: source, now: now) }
        switch transaction.purpose {
        case .ping:
            break
        case .lookup(let key):
            actions += self.advance(key, response, from: source, now: now)
        case .store(let key):
            self.operations[key.id]?.outstandingStores -= 1
            self.operations[key.id]?.report.stored += 1
            self.operations[key.id]?.report.answers += 1
        }
        return actions
    }

    /// Takes note of a node that answered.
    private mutating func learn(_ contact: DHTContact, now: Instant) -> [Action] {
        guard let index = self.networkIndex(contact.endpoint.family) else { return [] }
        var actions: [Action] = []
        if let doubtful = self.networks[index].table.nodeAnswered(contact, now: now) {
            actions += self.send(.ping, to: doubtful.endpoint, for: .ping, now: now) ?? []
        }
        if !self.networks[index].isUsable, self.networks[index].table.goodCount(now: now) > 0 {
            self.networks[index].isUsable = true
            self.networks[index].searchAgain()
            actions.append(.becameUsable(self.networks[index].family))
        }
        return actions
    }

    private mutating func advance(
        _ key: LookupKey,
        _ response: KRPCResponse,
        from source: UDPEndpoint,
        now: Instant
    ) -> [Action] {
        guard let own = self.network(key.family)?.table.ownID, var lookup = self.lookups[key] else { return [] }
        let nodes = response.nodes.filter { contact in
            contact.endpoint.family == key.family && contact.id != own && self.scope.allowsHearsay(contact.endpoint)
                && self.silent[self.scope.neighbourhood(of: contact.endpoint)].map {
                    $0.duration(to: now) >= Self.deadTime
                }
                    ?? true
        }
        lookup.answered(source, id: response.id, token: response.token, nodes: nodes)
        self.lookups[key] = lookup
        guard var operation = self.operations[key.id] else { return [] }
        var actions: [Action] = []
        switch operation.goal {
        case .nodes:
            break
        case .peers:
            let usable = response.peers.filter {
                $0.port != 0 && $0.family == key.family && self.scope.allows($0.ip)
            }
            let news = operation.news(of: usable)
            if !news.isEmpty { actions.append(.foundPeers(key.id, news)) }
        case .item(let target, let salt, _, _):
            if let item = response.item(target: target, salt: salt), operation.isNews(item) {
                actions.append(.foundItem(key.id, item))
            }
        }
        self.operations[key.id] = operation
        return actions
    }
}
