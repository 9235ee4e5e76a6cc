import GridWire

// What keeps the tables alive.
extension DHTNode {
    mutating func maintain(now: Instant) -> [Action] {
        var actions: [Action] = []
        for index in self.networks.indices {
            let goodCount = self.networks[index].table.goodCount(now: now)
            actions +=
                goodCount == 0
                ? self.search(index, now: now) : self.refresh(index, goodCount: goodCount, now: now)
            if let doubtful = self.networks[index].table.leastRecentlySeenQuestionable(now: now) {
                actions += self.send(.ping, to: doubtful.endpoint, for: .ping, now: now) ?? []
            }
        }
        let isSearching = self.networks.contains { !$0.isUsable }
        let interval = isSearching ? Self.maintenanceInterval.searching : Self.maintenanceInterval.usable
        self.nextMaintenance = now.advanced(by: interval)
        return actions
    }

    /// Nobody is known: looks for the neighbours of the own id, from what was saved and named.
    private mutating func search(_ index: Int, now: Instant) -> [Action] {
        self.networks[index].isUsable = false
        let network = self.networks[index]
        guard network.isSearchDue(now: now), network.upkeep == nil else { return [] }
        self.networks[index].searchBegan(now: now)
        let isAlone = network.hosts.isEmpty && network.saved.isEmpty && network.table.count == 0
        guard !isAlone else { return [.hostsWanted] }
        let actions = self.keepUp(index, towards: network.table.ownID, now: now)
        return network.hosts.isEmpty ? actions + [.hostsWanted] : actions
    }

    /// Looks up an id in a bucket that nothing was heard of for long, or the own one while few nodes are known.
    private mutating func refresh(_ index: Int, goodCount: Int, now: Instant) -> [Action] {
        guard self.networks[index].upkeep == nil else { return [] }
        let hasFew = goodCount < RoutingTable.bucketSize && self.networks[index].isSearchDue(now: now)
        if goodCount >= RoutingTable.bucketSize { self.networks[index].searchAgain() }
        if hasFew || self.networks[index].hasMoved {
            self.networks[index].searchBegan(now: now)
            self.networks[index].hasMoved = false
            return self.keepUp(index, towards: self.networks[index].table.ownID, now: now)
        }
        let target = self.networks[index].table.refreshTarget(now: now, using: &self.generator)
        return target.map { self.keepUp(index, towards: $0, now: now) } ?? []
    }

    private mutating func keepUp(_ index: Int, towards target: DHTKey, now: Instant) -> [Action] {
        let id = self.nextLookupID()
        self.networks[index].upkeep = id
        let family = self.networks[index].family
        let actions = self.begin(.nodes(target), id, isUpkeep: true, families: [family], now: now)
        // It may have been over at once.
        if self.operations[id] == nil { self.networks[index].upkeep = nil }
        return actions
    }

    // MARK: The own address

    /// Counts what another node sees as our address; a new one brings a new id (BEP 42).
    mutating func countVote(for observed: UDPEndpoint, by voter: UDPEndpoint, now: Instant) -> [Action] {
        guard observed.family == voter.family, DHTScope.isGlobal(observed.ip), let block = self.scope.block(of: voter),
            let index = self.networkIndex(voter.family),
            let ip = self.networks[index].external.vote(for: observed.ip, by: block, now: now)
        else { return [] }
        let table = self.networks[index].table
        if !SecureNodeID.isValid(table.ownID, for: ip) {
            let lastByte = UInt8(truncatingIfNeeded: self.generator.next())
            let id = SecureNodeID.make(for: ip, random: self.generator.key(), lastByte: lastByte)
            self.networks[index].table = table.rebuilt(around: id)
            // The new neighbours shall know.
            self.networks[index].hasMoved = true
        }
        return [.learnedExternalAddress(ip)]
    }
}
