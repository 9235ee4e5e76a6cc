import GridNode
import GridWire
import PeerSession
import Testing

struct ChunkSchedulerTests {
    private let start = Instant(sinceEpoch: .seconds(100))

    private func after(_ duration: Duration) -> Instant { self.start.advanced(by: duration) }

    private func chunk(_ number: Int) -> ChunkID {
        ChunkID(Digest(hashing: [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]))
    }

    private func peer(_ number: UInt8) throws -> PeerID {
        try IdentityKey(seed: [UInt8](repeating: number, count: 32)).peerID
    }

    private func requests(_ actions: [ChunkScheduler.Action]) -> [ChunkID] {
        actions.compactMap { if case .request(let chunk, _) = $0 { chunk } else { nil } }
    }

    @Test
    func `what is needed first comes first, and of that the rarest`() throws {
        var settings = ChunkScheduler.Settings()
        settings.requestsMax = 1
        var scheduler = ChunkScheduler(settings: settings)
        let (a, b) = (try self.peer(1), try self.peer(2))
        for peer in [a, b] { _ = scheduler.peerAppeared(peer, now: self.start) }
        _ = scheduler.peerHolds([self.chunk(1), self.chunk(2), self.chunk(3)], peer: a, now: self.start)
        _ = scheduler.peerHolds([self.chunk(1), self.chunk(3)], peer: b, now: self.start)
        // One request is in flight, so the others are only noted.
        var actions = scheduler.want(self.chunk(9), priority: 0, now: self.start)
        for (number, priority) in [(1, 1), (3, 0), (2, 0)] {
            actions += scheduler.want(self.chunk(number), priority: priority, now: self.start)
        }
        var order: [ChunkID] = []
        while case .request(let chunk, let peer)? = actions.first {
            order.append(chunk)
            actions = scheduler.received(chunk, byteCount: 10, from: peer, now: self.start)
        }
        #expect(order == [9, 2, 3, 1].map(self.chunk))
        #expect(scheduler.wantedCount == 0 && scheduler.nextDeadline == nil)
    }

    @Test
    func `peers are asked what they hold, once and in batches, and the rarest of that comes first`() throws {
        var settings = ChunkScheduler.Settings()
        settings.requestsMax = 1
        settings.inquirySizeMax = 4
        var scheduler = ChunkScheduler(settings: settings)
        let (a, b) = (try self.peer(1), try self.peer(2))
        _ = scheduler.peerAppeared(a, now: self.start)
        var actions: [ChunkScheduler.Action] = []
        for number in 0 ..< 6 { actions += scheduler.want(self.chunk(number), priority: 0, now: self.start) }
        // Who is the only one is asked for chunks alone.
        #expect(scheduler.inquiriesDue().isEmpty)
        _ = scheduler.peerAppeared(b, now: self.start)
        let inquiries = scheduler.inquiriesDue()
        #expect(Set(inquiries.map(\.peer)) == [a, b])
        #expect(inquiries.allSatisfy { $0.chunks == (0 ..< 4).map(self.chunk) })
        // One question at a time.
        #expect(scheduler.inquiriesDue().isEmpty)
        let held: [PeerID: Set<ChunkID>] = [a: Set([1, 2, 3].map(self.chunk)), b: Set([1, 3].map(self.chunk))]
        for inquiry in inquiries {
            _ = scheduler.inquiryEnded(inquiry.chunks, of: inquiry.peer, held: held[inquiry.peer], now: self.start)
        }
        let rest = scheduler.inquiriesDue()
        #expect(rest.count == 2 && rest.allSatisfy { Set($0.chunks) == Set([4, 5].map(self.chunk)) })
        for inquiry in rest { _ = scheduler.inquiryEnded(inquiry.chunks, of: inquiry.peer, held: nil, now: self.start) }
        #expect(scheduler.inquiriesDue().isEmpty)
        // The first was asked for before anybody had answered; of the others one holder is fewer than two, and than unknown ones.
        var order: [ChunkID] = []
        while case .request(let chunk, let peer)? = actions.first {
            order.append(chunk)
            actions = scheduler.received(chunk, byteCount: 10, from: peer, now: self.start)
        }
        #expect(order == [0, 2, 1, 3, 4, 5].map(self.chunk))
    }

    @Test
    func `who says that it lacks a chunk is not asked for it, and is asked anew when it is wanted again`() throws {
        var scheduler = ChunkScheduler()
        let (a, b) = (try self.peer(1), try self.peer(2))
        for peer in [a, b] { _ = scheduler.peerAppeared(peer, now: self.start) }
        guard case .request(_, let asked)? = scheduler.want(self.chunk(1), priority: 0, now: self.start).first else {
            Issue.record("nobody was asked")
            return
        }
        var actions: [ChunkScheduler.Action] = []
        for inquiry in scheduler.inquiriesDue() {
            actions += scheduler.inquiryEnded(inquiry.chunks, of: inquiry.peer, held: [], now: self.start)
        }
        #expect(actions.isEmpty)
        let failed = scheduler.failed(self.chunk(1), from: asked, .notHeld, now: self.start)
        #expect(failed == [.unavailable(self.chunk(1))])
        _ = scheduler.want(self.chunk(1), priority: 0, now: self.start)
        #expect(scheduler.inquiriesDue().count == 2)
    }

    @Test
    func `chunks are asked of several peers at once, and never of more than the bounds`() throws {
        var settings = ChunkScheduler.Settings()
        settings.requestsMax = 6
        settings.requestsPerPeerMax = 2
        var scheduler = ChunkScheduler(settings: settings)
        for number in 1 ... 4 { _ = scheduler.peerAppeared(try self.peer(UInt8(number)), now: self.start) }
        var actions: [ChunkScheduler.Action] = []
        for number in 0 ..< 20 { actions += scheduler.want(self.chunk(number), priority: 0, now: self.start) }
        #expect(actions.count == 6)
        var load: [PeerID: Int] = [:]
        for case .request(_, let peer) in actions { load[peer, default: 0] += 1 }
        #expect(load.values.allSatisfy { $0 <= 2 } && load.count == 4)
    }

    @Test
    func `a slow peer stalls nothing`() throws {
        var scheduler = ChunkScheduler()
        let (slow, fast) = (try self.peer(1), try self.peer(2))
        _ = scheduler.peerAppeared(slow, now: self.start)
        _ = scheduler.peerHolds([self.chunk(1)], peer: slow, now: self.start)
        #expect(scheduler.want(self.chunk(1), priority: 0, now: self.start) == [.request(self.chunk(1), from: slow)])
        #expect(scheduler.peerAppeared(fast, now: self.start).isEmpty)
        let late = self.after(.seconds(2))
        #expect(scheduler.nextDeadline == late)
        #expect(scheduler.handleTimeout(now: late) == [.request(self.chunk(1), from: fast)])
        // The slow one gets nothing more.
        #expect(scheduler.want(self.chunk(2), priority: 0, now: late) == [.request(self.chunk(2), from: fast)])
        let done = scheduler.received(self.chunk(1), byteCount: 5, from: fast, now: late)
        #expect(done == [.cancel(self.chunk(1), from: slow)])
        // After its time it may try again.
        _ = scheduler.received(self.chunk(2), byteCount: 5, from: fast, now: late)
        _ = scheduler.peerGone(fast, now: late)
        #expect(scheduler.want(self.chunk(3), priority: 0, now: late).isEmpty)
        #expect(scheduler.handleTimeout(now: self.after(.seconds(17))) == [.request(self.chunk(3), from: slow)])
    }

    @Test
    func `a slow peer that is the only one does not keep the timer busy`() throws {
        var scheduler = ChunkScheduler()
        _ = scheduler.peerAppeared(try self.peer(1), now: self.start)
        _ = scheduler.want(self.chunk(1), priority: 0, now: self.start)
        var now = self.start
        for _ in 0 ..< 4 {
            guard let deadline = scheduler.nextDeadline else { break }
            #expect(deadline > now)
            now = deadline
            #expect(scheduler.handleTimeout(now: now).isEmpty)
        }
    }

    @Test
    func `who lacks a chunk is not asked again, and when all lack it that is said`() throws {
        var scheduler = ChunkScheduler()
        let (a, b) = (try self.peer(1), try self.peer(2))
        for peer in [a, b] { _ = scheduler.peerAppeared(peer, now: self.start) }
        guard case .request(_, let first)? = scheduler.want(self.chunk(1), priority: 0, now: self.start).first else {
            Issue.record("nobody was asked")
            return
        }
        let second = first == a ? b : a
        #expect(
            scheduler.failed(self.chunk(1), from: first, .notHeld, now: self.start) == [
                .request(self.chunk(1), from: second)
            ]
        )
        #expect(
            scheduler.failed(self.chunk(1), from: second, .notHeld, now: self.start) == [.unavailable(self.chunk(1))]
        )
        #expect(scheduler.wantedCount == 0)
        // Without any peer it is said at once.
        var alone = ChunkScheduler()
        #expect(alone.want(self.chunk(1), priority: 0, now: self.start) == [.unavailable(self.chunk(1))])
    }

    @Test
    func `a peer that sends something else is not asked any more`() throws {
        var scheduler = ChunkScheduler()
        let liar = try self.peer(1)
        _ = scheduler.peerAppeared(liar, now: self.start)
        _ = scheduler.want(self.chunk(1), priority: 0, now: self.start)
        #expect(scheduler.failed(self.chunk(1), from: liar, .wrong, now: self.start) == [.unavailable(self.chunk(1))])
        #expect(scheduler.want(self.chunk(2), priority: 0, now: self.start) == [.unavailable(self.chunk(2))])
    }

    @Test
    func `a peer that goes leaves its requests to the others`() throws {
        var scheduler = ChunkScheduler()
        let (a, b) = (try self.peer(1), try self.peer(2))
        _ = scheduler.peerAppeared(a, now: self.start)
        _ = scheduler.want(self.chunk(1), priority: 0, now: self.start)
        _ = scheduler.peerAppeared(b, now: self.start)
        #expect(scheduler.peerGone(a, now: self.start) == [.request(self.chunk(1), from: b)])
        #expect(scheduler.failed(self.chunk(1), from: a, .broken, now: self.start).isEmpty)
    }

    @Test(arguments: [100_000, 1 << 20, 5 << 20])
    func `the cap holds over time`(_ cap: Int) throws {
        var settings = ChunkScheduler.Settings()
        settings.bytesPerSecondMax = cap
        var scheduler = ChunkScheduler(settings: settings)
        let peer = try self.peer(1)
        _ = scheduler.peerAppeared(peer, now: self.start)
        var pending: [ChunkID] = []
        for number in 0 ..< 400 {
            pending += self.requests(scheduler.want(self.chunk(number), priority: number, now: self.start))
        }
        var (now, bytes) = (self.start, 0)
        // Every request is answered at once, with a whole chunk.
        while self.start.duration(to: now) < .seconds(60) {
            while let chunk = pending.popLast() {
                bytes += 1 << 20
                pending += self.requests(scheduler.received(chunk, byteCount: 1 << 20, from: peer, now: now))
            }
            guard let deadline = scheduler.nextDeadline else { break }
            now = max(deadline, now.advanced(by: .milliseconds(1)))
            pending += self.requests(scheduler.handleTimeout(now: now))
        }
        #expect(bytes <= 62 * cap + (2 << 20))
        #expect(bytes >= 55 * cap - (1 << 20))
    }

    @Test
    func `a seeded swarm brings everything, whatever fails`() throws {
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0 ..< 20 {
            var scheduler = ChunkScheduler()
            let peers = try (1 ... 6).map { try self.peer(UInt8($0)) }
            var now = self.start
            var pending: [(ChunkID, PeerID)] = []
            var have: Set<ChunkID> = []
            func take(_ actions: [ChunkScheduler.Action]) {
                for action in actions {
                    switch action {
                    case .request(let chunk, let peer):
                        #expect(!have.contains(chunk))
                        pending.append((chunk, peer))
                    case .cancel(let chunk, let peer): pending.removeAll { $0 == (chunk, peer) }
                    case .unavailable(let chunk): Issue.record("\(chunk) is held by the last peer")
                    }
                }
            }
            for peer in peers { take(scheduler.peerAppeared(peer, now: now)) }
            for number in 0 ..< 60 { take(scheduler.want(self.chunk(number), priority: number / 10, now: now)) }
            for _ in 0 ..< 20_000 where have.count < 60 {
                now = now.advanced(by: .milliseconds(50))
                take(scheduler.handleTimeout(now: now))
                guard !pending.isEmpty, random(3) > 0 else { continue }
                let (chunk, peer) = pending.remove(at: random(pending.count))
                switch random(10) {
                case 0: take(scheduler.failed(chunk, from: peer, .broken, now: now))
                case 1 ... 4 where peer != peers[5]: take(scheduler.failed(chunk, from: peer, .notHeld, now: now))
                default:
                    have.insert(chunk)
                    take(scheduler.received(chunk, byteCount: 1 << 20, from: peer, now: now))
                }
            }
            #expect(have.count == 60 && scheduler.wantedCount == 0)
        }
    }
}
