import Discovery
import GridCore
import GridWire

extension GridService {
    /// A peer told of a job: sees to sessions with those who keep it, and passes it on to this node's neighbours.
    ///
    /// Those who keep a job tell their own peers; by this all others hear of it too. Who passes it on vouches for nothing: the
    /// manifest is signed, and so is who keeps it.
    func spread(_ offer: JobOffer, from peer: PeerID) {
        let job = JobID(offer.manifest.id.digest)
        guard let overlay = self.overlay, !offer.isClosed, self.worker.believes(offer) else { return }
        self.heardOffers[job] = offer
        let isSteward = offer.stewards.contains(self.me)
        Task {
            await overlay.seek(offer.stewards, namedBy: peer)
            guard !isSteward else { return }
            for other in await overlay.neighbours(toTell: Self.digest(of: offer), from: peer)
            where self.peers[other]?.isWorker == true && !offer.stewards.contains(other) {
                self.tell(other, .offer(offer))
            }
        }
    }

    /// Tells a peer that has just come of the jobs that this node works for.
    func tellOfJobs(_ peer: PeerID) {
        self.heardOffers = self.heardOffers.filter { self.worker.manifestRecord(of: $0.key) != nil }
        guard self.peers[peer]?.isWorker == true else { return }
        for job in self.heardOffers.keys.sorted() where self.stewards[job] == nil {
            guard let offer = self.heardOffers[job], !offer.stewards.contains(peer) else { continue }
            self.tell(peer, .offer(offer))
        }
    }

    /// What tells news from what was heard before: how much of the job is done is none.
    private static func digest(of offer: JobOffer) -> Digest {
        var offer = offer
        offer.openPerMille = 0
        offer.secondsLeft = 0
        // One roster can be proved by the votes of these stewards or of those.
        offer.rosterProof = []
        return Digest(hashing: GridRequest.offer(offer).encoded())
    }
}
