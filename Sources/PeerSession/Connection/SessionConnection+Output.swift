/// Bytes to the peer.
extension SessionConnection {
    /// The most bytes of a data frame's body: streams take turns after it.
    private static let bodySizeMax = 32 << 10
    /// Room for less than this much of a body is left empty, unless the whole body fits.
    private static let bodySizeMin = 512
    /// The most text that we put into a message: it fits the processor's nearest cache twice, and is sealed faster for that.
    private static let textSizeMax = 33 << 10
    /// The last messages of a connection, kept for its goodbye.
    private static let messagesForGoodbye: UInt64 = 4
    /// What a Noise message adds: its length and its tag.
    private static let messageOverhead = 2 + ChaChaPoly.tagSize

    /// About how many bytes ``takeOutput(limit:)`` could give now; zero exactly when it would give none.
    public var pendingOutputBytes: Int {
        let count = self.pendingOutputBytes(upTo: .max)
        return count > 0 ? count + (self.privateGrid?.overhead ?? 0) : 0
    }

    /// The same, but the sum stops soon after `limit`.
    private func pendingOutputBytes(upTo limit: Int) -> Int {
        guard self.sendCipher != nil else { return self.plainOutput.count }
        var text = self.muxerOutput.count + self.controlFrames.count * YamuxHeader.size
        if self.isEstablished {
            for stream in self.readyStreams.waiting where stream.canSend {
                let size = stream.sendableBytes
                text += size + (size / Self.bodySizeMax + 1) * YamuxHeader.size
                if text >= limit { break }
            }
        }
        guard text > 0 else { return self.plainOutput.count }
        // Frames are cut at the ends of messages, which costs a header more in each.
        let messages = text / Self.textSizeMax + 1
        return self.plainOutput.count + text + messages * (Self.messageOverhead + 2 * YamuxHeader.size)
    }

    /// Bytes for the transport, in order; call until it gives none.
    ///
    /// - Parameter limit: The most bytes to give, at least 1 KiB.
    public func takeOutput(limit: Int = 256 << 10) -> [UInt8] {
        let capacity = self.outputCapacity(limit: limit)
        guard capacity > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, used in
            used = self.takeOutput(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// The memory that ``takeOutput(into:)`` should be given; zero exactly when it has nothing.
    ///
    /// - Parameter limit: The most bytes to give, at least 1 KiB.
    public func outputCapacity(limit: Int) -> Int {
        let count = self.pendingOutputBytes(upTo: limit)
        guard count > 0 else { return 0 }
        return min(max(limit, 1 << 10), count + (self.privateGrid?.overhead ?? 0))
    }

    /// Writes bytes for the transport to memory; call until it gives none.
    ///
    /// - Parameter memory: Of the size that ``outputCapacity(limit:)`` said just before.
    /// - Returns: How many were written.
    public func takeOutput(into memory: UnsafeMutableRawBufferPointer) -> Int {
        guard let privateGrid else { return self.takeClearOutput(into: memory) }
        guard memory.count > privateGrid.overhead else { return 0 }
        let clear = [UInt8](unsafeUninitializedCapacity: memory.count - privateGrid.overhead) { buffer, used in
            used = self.takeClearOutput(into: UnsafeMutableRawBufferPointer(buffer))
        }
        guard !clear.isEmpty else { return 0 }
        let sealed = privateGrid.seal(clear)
        memory.copyBytes(from: sealed)
        return sealed.count
    }

    private func takeClearOutput(into memory: UnsafeMutableRawBufferPointer) -> Int {
        var used = self.plainOutput.read(into: memory)
        guard self.plainOutput.isEmpty, let cipher = self.sendCipher else { return used }
        while memory.count - used > Self.messageOverhead + YamuxHeader.size {
            let room = min(memory.count - used - Self.messageOverhead, Self.textSizeMax)
            // The text is written where its message will lie, and encrypted in place.
            let message = UnsafeMutableRawBufferPointer(rebasing: memory[(used + 2)...])
            let size = self.writeText(to: UnsafeMutableRawBufferPointer(rebasing: message[..<room]))
            guard size > 0 else { break }
            guard cipher.seal(message, count: size) else {
                self.sendCipher = nil
                self.end(.limitExceeded("all nonces of the connection are used"))
                break
            }
            let messageSize = size + ChaChaPoly.tagSize
            memory[used] = UInt8(messageSize >> 8)
            memory[used + 1] = UInt8(messageSize & 255)
            used += 2 + messageSize
            if cipher.messagesLeft == Self.messagesForGoodbye {
                self.end(.limitExceeded("the connection's messages are used up; a new one is needed"))
            }
        }
        return used
    }

    /// Fills one message: negotiation, then control frames, then data frames of the streams in turn.
    private func writeText(to memory: UnsafeMutableRawBufferPointer) -> Int {
        var used = min(self.muxerOutput.count, memory.count)
        if used > 0 {
            memory.copyBytes(from: self.muxerOutput[..<used])
            self.muxerOutput.removeFirst(used)
        }
        while memory.count - used >= YamuxHeader.size, let frame = self.controlFrames.popFirst() {
            if frame.kind == .ping, frame.flags.contains(.ack) { self.queuedPongs -= 1 }
            frame.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[used...]))
            used += YamuxHeader.size
        }
        guard self.isEstablished else { return used }
        while memory.count - used >= YamuxHeader.size, let stream = self.readyStreams.first {
            let available = stream.sendableBytes
            let room = memory.count - used - YamuxHeader.size
            guard room >= min(available, Self.bodySizeMin) else { break }
            _ = self.readyStreams.popFirst()
            stream.isReady = false
            guard stream.canSend else { continue }
            let size = min(available, Self.bodySizeMax, room)
            let isLast = stream.localEnd == .queued && size == stream.queue.count
            YamuxHeader(.data, isLast ? .fin : [], stream: stream.id, length: UInt32(size))
                .write(to: UnsafeMutableRawBufferPointer(rebasing: memory[used...]))
            used += YamuxHeader.size
            let body = UnsafeMutableRawBufferPointer(rebasing: memory[used ..< (used + size)])
            used += stream.queue.read(into: body)
            stream.sendWindow -= size
            if isLast {
                stream.localEnd = .sent
                self.forgetIfOver(stream)
            }
            self.makeReady(stream)
        }
        return used
    }
}
