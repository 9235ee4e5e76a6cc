import GridWire

/// Who is proved wrong: audit reports, fraud proofs, contradictions.
extension Ledger {
    mutating func add(_ report: AuditReport, id: RecordID, referee: PeerID) {
        guard let unit = self.plan.index(of: report.unit) else { return }
        let address = LeafAddress(unit: unit, leafIndex: report.leafIndex)
        self.reports[id] = Report(referee: referee, address: address, leaf: report.leaf)
        self.findings[address, default: []].append(Finding(referee: referee, leaf: report.leaf, report: id))
        self.weighProofs()
    }

    mutating func burn(_ worker: PeerID, _ offence: Burn.Offence, evidence: RecordID) {
        let burn = Burn(worker: worker, offence: offence, evidence: evidence)
        if let known = self.burns[worker], known.precedes(burn) { return }
        self.burns[worker] = burn
    }

    /// Lets those proofs take effect whose records are all here.
    ///
    /// Which one is looked at first does not matter, since proofs do not depend on each other.
    mutating func weighProofs() {
        guard !self.unsupported.isEmpty else { return }
        for (id, entry) in self.unsupported {
            if self.showsContradiction(entry.proof) {
                // The two batches have burned the worker already, whoever brought them together.
                self.unsupported[id] = nil
                self.prove(entry.proof.worker)
            } else if self.hasAuthority(entry.signer), self.isSupported(entry.proof) {
                self.unsupported[id] = nil
                self.supported[id] = entry.proof
                let offence = Burn.Offence.wrongLeaf(entry.proof.unit, leafIndex: entry.proof.leafIndex)
                self.burn(entry.proof.worker, offence, evidence: id)
                self.prove(entry.proof.worker)
            }
        }
    }

    /// Whether a peer's fraud proofs count, and its final records without end.
    ///
    /// A roster that stands replaces whoever was named before there was one.
    func hasAuthority(_ peer: PeerID) -> Bool {
        guard let stewards = self.stewards else { return true }
        guard self.rosters.standing != nil else { return stewards.contains(peer) }
        return self.rosters.authorities.contains(peer)
    }

    /// Whether the accused signed the claimed leaf, and at least two others vouch for another one.
    ///
    /// A report vouches for its leaf. A batch vouches for a root; batches with one other root count as vouchers for the
    /// correct leaf, which is weaker, since the leaf's place below that root is not shown.
    private func isSupported(_ proof: FraudProof) -> Bool {
        guard let batch = self.batches[proof.batch], batch.worker == proof.worker,
            let claimed = batch.results.first(where: { $0.unit == proof.unit })?.pixelRoot,
            proof.claimedLeaf != proof.correctLeaf,
            MerkleTree.verify(
                leaf: proof.claimedLeaf,
                index: proof.leafIndex,
                count: proof.unit.blockCount,
                path: proof.path,
                root: claimed
            )
        else { return false }
        var referees: Set<PeerID> = []
        var workers: [Digest: Set<PeerID>] = [:]
        for witness in proof.witnesses {
            if let report = self.reports[witness], report.referee != proof.worker, report.leaf == proof.correctLeaf,
                report.address.leafIndex == proof.leafIndex, self.plan.unit(at: report.address.unit) == proof.unit
            {
                referees.insert(report.referee)
            } else if let other = self.batches[witness], other.worker != proof.worker,
                let root = other.results.first(where: { $0.unit == proof.unit })?.pixelRoot, root != claimed
            {
                workers[root, default: []].insert(other.worker)
            }
        }
        return referees.count >= 2 || workers.values.contains { $0.union(referees).count >= 2 }
    }
}
