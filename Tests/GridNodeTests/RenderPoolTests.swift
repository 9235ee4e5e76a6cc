import GridNode
import GridWire
import RenderCore
import Synchronization
import Testing

/// Threads that render for others must be had back at once.
@Suite(.timeLimit(.minutes(2)))
struct RenderPoolTests {
    /// A short task and one whose only block takes most of a minute.
    private func tasks(
        flag: CancellationFlag,
        isBegun: AsyncStream<Void>.Continuation? = nil,
        completion: @escaping @Sendable (RenderOutcome) -> Void
    ) throws -> [RenderTask] {
        let scene = try GoldenScene.scene()
        let geometry = try #require(FrameGeometry(width: 96, height: 64))
        let block = geometry.pixels(ofBlock: 29, inTile: 0)
        let short = RenderTask(
            scene: scene,
            settings: RenderSettings(width: 96, height: 64, samples: 1),
            blocks: [block]
        ) { _ in isBegun?.yield() }
        let long = RenderTask(
            scene: scene,
            settings: RenderSettings(width: 96, height: 64, samples: RenderSettings.samplesMax),
            blocks: [block],
            cancellation: flag,
            completion: completion
        )
        return [short, long]
    }

    private func isCancelled(_ outcome: RenderOutcome?) -> Bool {
        if case .cancelled = outcome { true } else { false }
    }

    @Test(arguments: [false, true])
    func `a block that would take long is given up when its task is cancelled or the pool shuts down`(
        isShutDown: Bool
    ) async throws {
        let pool = RenderPool(threads: 1)
        let flag = CancellationFlag()
        let (begun, isBegun) = AsyncStream.makeStream(of: Void.self)
        let (outcomes, outcome) = AsyncStream.makeStream(of: RenderOutcome.self)
        for task in try self.tasks(flag: flag, isBegun: isBegun, completion: { outcome.yield($0) }) {
            pool.submit(task)
        }
        // The one thread is past the short task, so that it is in the long one, or as good as there.
        for await _ in begun { break }
        try await Task.sleep(for: .milliseconds(50))
        if isShutDown { pool.shutDown() } else { flag.cancel() }
        var last: RenderOutcome?
        for await one in outcomes {
            last = one
            break
        }
        #expect(self.isCancelled(last))
        guard !isShutDown else { return }
        // The thread serves again.
        let answer = try await pool.run { 7 }
        #expect(answer == 7)
        pool.shutDown()
    }
}
