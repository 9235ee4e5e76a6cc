import GridWire

/// The life of streams, and their windows.
extension SessionConnection {
    func openStream(protocol name: String, isInternal: Bool) -> SessionStream? {
        guard self.isEstablished, !self.isPeerLeaving, name.utf8.count < Multistream.lineSizeMax,
            self.unacknowledgedCount < self.settings.unacknowledgedStreamsMax,
            self.nextStreamID <= UInt32.max - 2
        else { return nil }
        let id = self.nextStreamID
        self.nextStreamID += 2
        let stream = SessionStream(
            id: id,
            isLocal: true,
            isInternal: isInternal,
            mode: .proposing(.init(proposal: name)),
            now: self.now
        )
        self.streams[id] = stream
        self.unacknowledgedCount += 1
        self.limitNegotiation(of: stream)
        self.queueControl(YamuxHeader(.windowUpdate, .syn, stream: id, length: 0))
        stream.queue.append(Multistream.opening(name))
        self.makeReady(stream)
        return stream
    }

    /// Gives a new stream its time to agree on a protocol.
    func limitNegotiation(of stream: SessionStream) {
        if self.negotiationDeadlines.count >= 2 * self.streams.count + 256 {
            // A peer that opens and resets streams in haste must not leave them here until their time is over.
            let waiting = self.negotiationDeadlines.waiting.filter { !$0.stream.isGone && $0.stream.isNegotiating }
            self.negotiationDeadlines.removeAll()
            for entry in waiting {
                self.negotiationDeadlines.append(entry)
            }
        }
        self.negotiationDeadlines.append((self.now.advanced(by: self.settings.negotiationTimeout), stream))
    }

    /// Ends our side after what is queued.
    func finishLocally(_ stream: SessionStream) {
        guard stream.localEnd == .open else { return }
        stream.localEnd = .queued
        self.makeReady(stream)
    }

    /// Ends a stream from our side in both directions.
    func abandon(_ stream: SessionStream) {
        guard !stream.isGone else { return }
        // Bytes that were granted may be on their way still.
        self.discardBudget += stream.hasRemoteEnded ? 0 : stream.receiveWindow
        self.forget(stream)
        self.queueControl(YamuxHeader(.windowUpdate, .rst, stream: stream.id, length: 0))
    }

    func forgetIfOver(_ stream: SessionStream) {
        if stream.hasRemoteEnded, stream.localEnd == .sent {
            self.forget(stream)
        }
    }

    func forget(_ stream: SessionStream) {
        guard !stream.isGone else { return }
        stream.isGone = true
        stream.queue.removeAll()
        self.streams[stream.id] = nil
        self.unconsumedTotal -= stream.unconsumed
        self.windowGrowth -= stream.receiveWindowSize - YamuxHeader.initialWindow
        if !stream.isLocal {
            self.inboundCount -= 1
            if stream.isAnsweringPings { self.inboundPingCount -= 1 }
            if stream.isHearingPush { self.inboundPushCount -= 1 }
        } else if !stream.isAcknowledged {
            self.unacknowledgedCount -= 1
        }
        if self.isPeerLeaving, self.streams.isEmpty {
            self.end(.remote(code: 0))
        }
    }

    /// Puts a stream that can send into the queue, once.
    func makeReady(_ stream: SessionStream) {
        guard !stream.isReady, stream.canSend else { return }
        stream.isReady = true
        self.readyStreams.append(stream)
    }

    /// Queues a control frame; a peer that does not read while it makes us answer is given up.
    func queueControl(_ frame: YamuxHeader) {
        guard self.isEstablished else { return }
        guard self.controlFrames.count < self.settings.controlFramesMax else {
            self.end(.limitExceeded("\(self.settings.controlFramesMax) answers wait for a peer that does not read"))
            return
        }
        self.controlFrames.append(frame)
    }

    /// Returns consumed bytes to the stream's window: half a window at a time, not each read.
    func giveBack(_ count: Int, to stream: SessionStream) {
        guard !stream.isGone, !stream.hasRemoteEnded else { return }
        stream.toGrant += count
        guard stream.toGrant >= stream.receiveWindowSize / 2 else { return }
        stream.grantedInEpoch += stream.toGrant
        var increment = stream.toGrant
        if stream.grantedInEpoch >= stream.receiveWindowSize {
            // A whole window in less than four round trips: the window, not the reader, sets the pace. Without a
            // measured round trip nothing grows.
            let time = stream.growthEpoch.duration(to: self.now)
            let growth = stream.receiveWindowSize
            if let roundTrip, time < roundTrip * 4, growth * 2 <= self.settings.streamWindowMax,
                self.windowGrowth + growth <= self.settings.windowGrowthMax
            {
                stream.receiveWindowSize += growth
                self.windowGrowth += growth
                increment += growth
            }
            stream.growthEpoch = self.now
            stream.grantedInEpoch = 0
        }
        stream.toGrant = 0
        stream.receiveWindow += increment
        self.queueControl(YamuxHeader(.windowUpdate, stream: stream.id, length: UInt32(clamping: increment)))
    }
}
