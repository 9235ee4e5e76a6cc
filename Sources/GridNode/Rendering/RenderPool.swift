package import GridWire
package import RenderCore
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A rectangle of pixels that is rendered as one film block.
package typealias BlockBounds = FrameGeometry.PixelBounds

/// Blocks to render one after the other on one thread.
package struct RenderTask: Sendable {
    /// The scene of the frame.
    package var scene: Scene
    /// Picture size, samples, depth and seed.
    package var settings: RenderSettings
    /// The blocks, in the order in which they are wanted.
    package var blocks: [BlockBounds]
    /// Whether the task goes before ordinary ones, also before the next block of one that has begun.
    package var isUrgent: Bool
    /// Set it to stop the task, within a second or so also in the middle of a block.
    package var cancellation: CancellationFlag
    /// Called on the render thread when the task is over.
    package var completion: @Sendable (RenderOutcome) -> Void

    /// Creates a task.
    package init(
        scene: Scene,
        settings: RenderSettings,
        blocks: [BlockBounds],
        isUrgent: Bool = false,
        cancellation: CancellationFlag = CancellationFlag(),
        completion: @escaping @Sendable (RenderOutcome) -> Void
    ) {
        self.scene = scene
        self.settings = settings
        self.blocks = blocks
        self.isUrgent = isUrgent
        self.cancellation = cancellation
        self.completion = completion
    }
}

/// How a ``RenderTask`` ended.
package enum RenderOutcome: Sendable {
    /// The film of each block, in order, and the processor time that they took.
    case rendered([FilmBlock], cpuTime: Duration)
    /// The task was cancelled or the pool shut down.
    case cancelled
}

/// A flag that only ever goes up.
package final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Creates a flag that is down.
    package init() {}

    /// Whether the flag is up.
    package var isCancelled: Bool {
        self.flag.load(ordering: .relaxed)
    }

    /// Puts the flag up.
    package func cancel() {
        self.flag.store(true, ordering: .relaxed)
    }
}

/// Threads of their own for rendering, at a low priority.
///
/// Rendering never runs on Swift's cooperative pool: it has as many threads as there are cores, so a few tiles would
/// stop every actor and timer of the process for as long as a tile takes.
package final class RenderPool: Sendable {
    /// What is queued.
    private struct Queue {
        var urgent: [Work] = []
        var ordinary: [Work] = []
        var ordinaryHead = 0
        var isShutDown = false
    }

    private enum Work {
        case task(RenderTask)
        case closure(@Sendable () -> Void)
    }

    private let queue = Mutex(Queue())
    /// Up when the queue is shut down, for those who render.
    private let isShutDown = CancellationFlag()
    private let signal = Signal()

    /// The number of threads.
    package let threads: Int

    /// The nice level of the render threads: they yield to everything that a person does with the machine.
    private static let niceLevel: Int32 = 10
    /// The stack of a render thread in bytes.
    private static let stackSize = 4 << 20

    /// Starts the threads.
    ///
    /// - Parameter threads: how many, at least 1.
    package init(threads: Int) {
        precondition(threads >= 1, "a render pool needs a thread, got \(threads)")
        self.threads = threads
        for _ in 0 ..< threads {
            Self.startThread { [self] in
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceLevel)
                self.work()
            }
        }
    }

    /// Queues a task behind those that wait.
    package func submit(_ task: RenderTask) {
        self.enqueue(.task(task), isUrgent: task.isUrgent)
    }

    /// Runs something that computes for long (building a scene, say) on a render thread, before waiting tasks.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> sending Result
    ) async throws -> sending Result {
        try await withCheckedThrowingContinuation { continuation in
            let isQueued = self.enqueue(
                .closure {
                    continuation.resume(with: Swift.Result { try body() })
                },
                isUrgent: true
            )
            if !isQueued { continuation.resume(throwing: NodeError(.cancelled, "the node is stopping")) }
        }
    }

    /// Runs `body` for 0, 1, … `count` - 1 on this thread and on those of the pool that come to it, and returns when all
    /// are done.
    ///
    /// This thread does everything itself where the others stay busy, so it may be one of the pool's.
    package func share(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let work = SharedWork(count: count, body: body)
        for _ in 1 ..< max(1, min(count, self.threads)) {
            self.enqueue(.closure { work.help() }, isUrgent: true)
        }
        work.help()
        work.waitForAll()
    }

    /// Ends the threads; what they render and what waits is cancelled.
    package func shutDown() {
        let abandoned = self.queue.withLock { queue in
            queue.isShutDown = true
            let abandoned = queue.urgent + queue.ordinary[queue.ordinaryHead...]
            queue.urgent = []
            queue.ordinary = []
            queue.ordinaryHead = 0
            return abandoned
        }
        self.isShutDown.cancel()
        self.signal.broadcast()
        for work in abandoned {
            switch work {
            case .task(let task): task.completion(.cancelled)
            case .closure(let body): body()
            }
        }
    }

    @discardableResult
    private func enqueue(_ work: Work, isUrgent: Bool) -> Bool {
        let isQueued = self.queue.withLock { queue in
            guard !queue.isShutDown else { return false }
            if isUrgent { queue.urgent.append(work) } else { queue.ordinary.append(work) }
            return true
        }
        if isQueued {
            self.signal.broadcast()
        } else if case .task(let task) = work {
            task.completion(.cancelled)
        }
        return isQueued
    }

    /// The next work, waiting for it; nil when the pool shuts down.
    private func next() -> Work? {
        while true {
            let ticket = self.signal.ticket
            let (work, isShutDown) = self.queue.withLock { queue -> (Work?, Bool) in
                if !queue.urgent.isEmpty { return (queue.urgent.removeFirst(), false) }
                guard queue.ordinaryHead < queue.ordinary.count else { return (nil, queue.isShutDown) }
                let work = queue.ordinary[queue.ordinaryHead]
                queue.ordinaryHead += 1
                if queue.ordinaryHead > 64, queue.ordinaryHead * 2 > queue.ordinary.count {
                    queue.ordinary.removeFirst(queue.ordinaryHead)
                    queue.ordinaryHead = 0
                }
                return (work, false)
            }
            if let work { return work }
            if isShutDown { return nil }
            self.signal.wait(after: ticket)
        }
    }

    private func nextUrgent() -> Work? {
        self.queue.withLock { queue in
            queue.urgent.isEmpty ? nil : queue.urgent.removeFirst()
        }
    }

    private func work() {
        var renderer = CachedRenderer()
        while let work = self.next() {
            self.perform(work, renderer: &renderer)
        }
    }

    private func perform(_ work: Work, renderer: inout CachedRenderer) {
        guard case .task(let task) = work else {
            if case .closure(let body) = work { body() }
            return
        }
        var blocks: [FilmBlock] = []
        blocks.reserveCapacity(task.blocks.count)
        var cpuTime = Duration.zero
        for bounds in task.blocks {
            if !task.isUrgent {
                while let urgent = self.nextUrgent() { self.perform(urgent, renderer: &renderer) }
            }
            let start = Self.threadTime()
            let block = renderer.render(bounds, scene: task.scene, settings: task.settings) {
                task.cancellation.isCancelled || self.isShutDown.isCancelled
            }
            guard let block else {
                task.completion(.cancelled)
                return
            }
            blocks.append(block)
            cpuTime += Self.threadTime() - start
        }
        task.completion(.rendered(blocks, cpuTime: cpuTime))
    }

    private static func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        // Sound: the box is retained here and released exactly once, by the thread that takes it.
        let status = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            Unmanaged.passRetained(Box(body)).toOpaque()
        )
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "a render thread cannot be started: error \(status)")
    }
}

/// The block renderer of one thread, kept while scene and settings stay the same.
private struct CachedRenderer {
    private var scene: Scene?
    private var settings: RenderSettings?
    private var renderer: BlockRenderer?

    /// The block, or nothing when it was stopped.
    mutating func render(
        _ bounds: BlockBounds,
        scene: Scene,
        settings: RenderSettings,
        isStopped: () -> Bool
    ) -> FilmBlock? {
        if self.scene !== scene || self.settings != settings {
            self.renderer = BlockRenderer(scene: scene, settings: settings)
            self.scene = scene
            self.settings = settings
        }
        return self.renderer?.render(
            x: bounds.x,
            y: bounds.y,
            width: bounds.width,
            height: bounds.height,
            isStopped: isStopped
        )
    }
}

/// Work that several threads take parts of.
private final class SharedWork: Sendable {
    private let count: Int
    private let body: @Sendable (Int) -> Void
    private let next = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let signal = Signal()

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
    }

    /// Does parts until none is left to begin.
    func help() {
        while true {
            let part = self.next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard part < self.count else { return }
            self.body(part)
            // Releasing: who sees the last count sees what all parts wrote.
            let done = self.done.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
            if done == self.count { self.signal.broadcast() }
        }
    }

    func waitForAll() {
        while true {
            let ticket = self.signal.ticket
            if self.done.load(ordering: .acquiring) >= self.count { return }
            self.signal.wait(after: ticket)
        }
    }
}

/// A condition that threads wait for: a counter that rises with every broadcast.
private final class Signal: @unchecked Sendable {
    // Sound: the two primitives are made once, never moved, and are made for use from several threads; the counter is
    // touched only while the lock is held.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count: UInt64 = 0

    init() {
        pthread_mutex_init(self.lock, nil)
        pthread_cond_init(self.condition, nil)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.lock)
        self.condition.deallocate()
        self.lock.deallocate()
    }

    var ticket: UInt64 {
        pthread_mutex_lock(self.lock)
        defer { pthread_mutex_unlock(self.lock) }
        return self.count
    }

    func broadcast() {
        pthread_mutex_lock(self.lock)
        self.count += 1
        pthread_cond_broadcast(self.condition)
        pthread_mutex_unlock(self.lock)
    }

    func wait(after ticket: UInt64) {
        pthread_mutex_lock(self.lock)
        while self.count == ticket { pthread_cond_wait(self.condition, self.lock) }
        pthread_mutex_unlock(self.lock)
    }
}
