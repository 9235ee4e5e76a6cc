import FoundationEssentials
import GridCore
import Hummingbird
import Synchronization

/// Encodes each snapshot once and hands it to every browser that follows, at a bounded rate.
///
/// A browser that reads slowly skips snapshots: at most one waits for it.
final class SnapshotHub: Sendable {
    private struct State {
        var newest: GridSnapshot?
        var followers: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
        var followerCount = 0
        var history = ThroughputHistory()
    }

    private let source: SnapshotSource
    private let settings: DashboardSettings
    private let state = Mutex(State())
    private let nextID = Atomic<Int>(0)
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(source: SnapshotSource, settings: DashboardSettings) {
        self.source = source
        self.settings = settings
        (self.signals, self.signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The number of browsers that follow.
    var followerCount: Int {
        self.state.withLock { $0.followerCount }
    }

    /// Follows the source until the task is cancelled; call it once.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow() }
            group.addTask { await self.publish() }
            group.addTask { await self.breakSilence() }
        }
        self.state.withLock { state in
            for follower in state.followers.values { follower.finish() }
            state.followers = [:]
        }
    }

    /// A place among the followers, or nothing when all are taken.
    ///
    /// The place is given up with the value.
    func makeFollower() -> Follower? {
        let isFree = self.state.withLock { state in
            guard state.followerCount < self.settings.eventClientsMax else { return false }
            state.followerCount += 1
            return true
        }
        guard isFree else { return nil }
        return Follower(hub: self, id: self.nextID.add(1, ordering: .relaxed).newValue)
    }

    /// What a new follower gets first: the past minutes and what is true now.
    fileprivate func firstEvents() async -> ByteBuffer {
        let snapshot = await self.source.current()
        let points = self.state.withLock { $0.history.points }
        var text = "retry: 2000\nevent: history\ndata: [\(points.map(\.json).joined(separator: ","))]\n\n"
        text += Self.event(snapshot)
        return ByteBuffer(string: text)
    }

    fileprivate func add(_ id: Int, _ continuation: AsyncStream<ByteBuffer>.Continuation) {
        self.state.withLock { $0.followers[id] = continuation }
    }

    fileprivate func remove(_ id: Int) {
        self.state.withLock { state in
            state.followers[id] = nil
            state.followerCount -= 1
        }
    }

    /// A snapshot as JSON on one line.
    static func json(_ snapshot: GridSnapshot) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity",
            negativeInfinity: "-Infinity",
            nan: "NaN"
        )
        // Plain values with that strategy have nothing that could fail.
        return (try? encoder.encode(snapshot)).map(Array.init) ?? Array("{}".utf8)
    }

    private static func event(_ snapshot: GridSnapshot) -> String {
        "event: snapshot\ndata: \(String(decoding: self.json(snapshot), as: UTF8.self))\n\n"
    }

    private func follow() async {
        for await snapshot in self.source.updates() {
            self.state.withLock { $0.newest = snapshot }
            self.signal.yield()
        }
    }

    private func publish() async {
        for await _ in self.signals {
            let (snapshot, point, isFollowed) = self.state.withLock { state in
                let point = state.newest.flatMap { state.history.add($0) }
                return (state.newest, point, !state.followers.isEmpty)
            }
            if let snapshot, isFollowed {
                var text = point.map { "event: point\ndata: \($0.json)\n\n" } ?? ""
                text += Self.event(snapshot)
                self.send(ByteBuffer(string: text))
            }
            // The next snapshot replaces those that come meanwhile.
            guard (try? await Task.sleep(for: self.settings.eventInterval)) != nil else { return }
        }
    }

    /// Sends now and then although nothing changed, so that a connection that broke without a word is noticed.
    private func breakSilence() async {
        while (try? await Task.sleep(for: self.settings.eventSilenceMax)) != nil {
            guard self.followerCount > 0 else { continue }
            self.send(ByteBuffer(string: Self.event(await self.source.current())))
        }
    }

    private func send(_ event: ByteBuffer) {
        self.state.withLock { state in
            for follower in state.followers.values { follower.yield(event) }
        }
    }
}

/// One browser's place among the followers of a ``SnapshotHub``; gone, the place is free again.
final class Follower: Sendable {
    private let hub: SnapshotHub
    private let id: Int
    /// What comes then, until the hub ends or the task is cancelled.
    let events: AsyncStream<ByteBuffer>

    fileprivate init(hub: SnapshotHub, id: Int) {
        self.hub = hub
        self.id = id
        let (events, continuation) = AsyncStream<ByteBuffer>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.events = events
        hub.add(id, continuation)
    }

    deinit {
        self.hub.remove(self.id)
    }

    /// What comes first: the past minutes and what is true now.
    func firstEvents() async -> ByteBuffer {
        await self.hub.firstEvents()
    }
}
