import Dispatch
import GRDB
import Synchronization

/// How safe a write is when the call returns.
///
/// `kill -9` loses neither; the difference shows only when the machine itself stops.
public enum Durability: Hashable, Sendable {
    /// Committed: it survives the end of the process, and the power cut too unless that comes within seconds.
    case committed
    /// Forced to the disk: it survives a power cut. Costs one disk flush, shared by all calls that wait at a time.
    case durable
}

/// Gathers writes that arrive while a transaction is on its way and commits them together.
///
/// Each write is a savepoint of its own, so that one that fails takes no other with it. Writes are carried out in the
/// order in which they came.
final class WriteQueue: Sendable {
    /// The most writes of one transaction.
    static let groupSizeMax = 512

    private struct Entry {
        let durability: Durability
        let body: @Sendable (Database) throws -> Void
        let finish: @Sendable (StoreError?) -> Void
    }

    private struct State {
        var waiting: [Entry] = []
        var isDraining = false
    }

    private let pool: DatabasePool
    private let path: String
    private let work: BlockingWork
    private let queue = DispatchQueue(label: "tessera.database.writer", qos: .blockingWork)
    private let state = Mutex(State())

    init(pool: DatabasePool, path: String, work: BlockingWork) {
        self.pool = pool
        self.path = path
        self.work = work
    }

    /// Carries out a write and returns when it is as safe as was asked.
    func write<Value: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let slot = ResultSlot<Value>()
        let fill: @Sendable (Database) throws -> Void = { db in slot.fill(try body(db)) }
        let failure =
            switch self.work {
            case .onOwnThreads: await self.wait(for: fill, durability)
            case .atOnce: self.commit([Entry(durability: durability, body: fill, finish: { _ in })])[0]
            }
        if let failure { throw failure }
        guard let value = slot.value else {
            preconditionFailure("a write ended without a result and without an error")
        }
        return value
    }

    /// Carries out a write together with those that wait; how it failed, if it did.
    private func wait(
        for body: @escaping @Sendable (Database) throws -> Void,
        _ durability: Durability
    ) async -> StoreError? {
        await withCheckedContinuation { continuation in
            let entry = Entry(durability: durability, body: body, finish: { continuation.resume(returning: $0) })
            let mustStart = self.state.withLock { state in
                state.waiting.append(entry)
                defer { state.isDraining = true }
                return !state.isDraining
            }
            if mustStart { self.queue.async { self.drain() } }
        }
    }

    private func drain() {
        while true {
            let group = self.state.withLock { state in
                let group = Array(state.waiting.prefix(Self.groupSizeMax))
                state.waiting.removeFirst(group.count)
                if group.isEmpty { state.isDraining = false }
                return group
            }
            if group.isEmpty { return }
            let failures = self.commit(group)
            for (entry, failure) in zip(group, failures) {
                entry.finish(failure)
            }
        }
    }

    /// Writes a group in one transaction; the failure of each of its entries, or nil.
    private func commit(_ group: [Entry]) -> [StoreError?] {
        var failures = [StoreError?](repeating: nil, count: group.count)
        do {
            try self.pool.writeWithoutTransaction { db in
                // In WAL mode NORMAL leaves the flush to the next checkpoint and FULL flushes at each commit, which
                // makes all earlier commits durable too: https://sqlite.org/pragma.html#pragma_synchronous
                let isDurable = group.contains { $0.durability == .durable }
                if isDurable { try db.execute(sql: "PRAGMA synchronous = FULL") }
                defer { if isDurable { try? db.execute(sql: "PRAGMA synchronous = NORMAL") } }
                try db.inTransaction(.immediate) {
                    for (i, entry) in group.enumerated() {
                        do {
                            try db.inSavepoint {
                                try entry.body(db)
                                return .commit
                            }
                        } catch let error where Self.isContained(error) {
                            failures[i] = StoreError(error, database: self.path)
                        }
                    }
                    return .commit
                }
            }
        } catch {
            let failure = StoreError(error, database: self.path)
            return group.map { _ in failure }
        }
        return failures
    }

    /// Whether an error concerns one write alone.
    ///
    /// A full disk and the like may have ended the whole transaction.
    private static func isContained(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        return error.resultCode == .SQLITE_CONSTRAINT || error.resultCode == .SQLITE_TOOBIG
    }
}

/// Carries a value from the writer's queue to the task that waits for it.
private final class ResultSlot<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? {
        self.content.withLock { $0 }
    }

    func fill(_ value: Value) {
        self.content.withLock { $0 = value }
    }
}
