import GridWire
import NIOCore
import PeerSession
import Synchronization

/// What is written to the socket and when, and the caps on it.
extension SessionHandler {
    /// The most bytes taken from the session at a time.
    private static let outputSize = 256 << 10
    /// The same while there is a cap, so that connections take turns.
    private static let cappedOutputSize = 16 << 10
    /// So many bytes are words, which do not wait for the cap; they are counted.
    private static let wordsSize = 4 << 10
    /// The most memory for output that an idle connection keeps.
    private static let outputKept = 4 << 10

    /// Writes what the session has for the socket, as far as the socket takes it, and arms the timer.
    func flush() {
        guard let context = self.context else { return }
        while context.channel.isActive, context.channel.isWritable {
            let limit = self.upload == nil ? Self.outputSize : Self.cappedOutputSize
            let capacity = self.session.outputCapacity(limit: limit)
            if capacity == 0 || self.mustWait(toSend: capacity) { break }
            // The memory of the last write is used again as soon as the socket has taken it.
            self.output.clear(minimumCapacity: capacity)
            let count = self.output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
                self.session.takeOutput(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity]))
            }
            if count == 0 { break }
            self.statistics.bytesOut.add(count, ordering: .relaxed)
            _ = self.upload?.spend(count, now: Self.now)
            context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        }
        if self.output.capacity > Self.outputKept, self.session.pendingOutputBytes == 0 { self.output = ByteBuffer() }
        self.wakeStreamWriters()
        if !self.answers.isEmpty {
            self.answers.update(isHeldBack: self.isUploadDue, now: Self.now) { self.session.queuedBytes(on: $0) }
            self.settleHeldBytes()
        }
        self.answerWaiting()
        self.armTimer(on: context.eventLoop)
    }

    /// The cap on what is sent; what goes through a relay is counted where it leaves this node.
    private var upload: SharedBandwidth? {
        self.connection?.isRelayed == false ? self.delegate.upload : nil
    }

    /// Whether so many bytes have to wait for the cap; they are sent when it is time.
    private func mustWait(toSend count: Int) -> Bool {
        guard count > Self.wordsSize, let upload, let loop = self.context?.eventLoop else { return false }
        let delay = upload.wait(now: Self.now)
        guard delay > .zero else { return false }
        if !self.isUploadDue {
            self.isUploadDue = true
            loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
                self?.isUploadDue = false
                self?.flush()
            }
        }
        return true
    }

    /// Counts what has come, and reads no more for a while when it is more than the cap allows: the sender's window then closes.
    func count(read count: Int, now: Instant) {
        guard self.connection?.isRelayed == false, let delay = self.delegate.download?.spend(count, now: now),
            delay > .zero, !self.isReadingPaused, let context = self.context
        else { return }
        self.isReadingPaused = true
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            self?.isReadingPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    /// A timer that fires too early is harmless and arms the next one, so it is replaced only by an earlier one.
    private func armTimer(on loop: any EventLoop) {
        let deadlines = [self.session.nextDeadline, self.answers.nextDeadline].compactMap { $0 }
        guard !self.isEnded, let deadline = deadlines.min() else { return }
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(.zero, Self.now.duration(to: deadline))
        let task = loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, !self.isEnded else { return }
            self.timer = nil
            self.perform(self.session.handleTimeout(now: Self.now))
            for stream in self.answers.stalled(now: Self.now) {
                self.session.reset(stream)
                self.answers.forget(stream)
            }
            self.settleHeldBytes()
            self.openWaiting()
            self.flush()
        }
        self.timer = (deadline, task)
    }
}
