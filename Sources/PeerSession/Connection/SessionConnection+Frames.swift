import GridWire

/// Yamux frames from the peer.
extension SessionConnection {
    /// The inbound ping streams that are served at a time.
    private static let inboundPingStreamsMax = 2
    /// The bytes of pongs that may wait on one ping stream.
    private static let pongBytesMax = 64 << 10
    /// The bytes of a libp2p ping.
    private static let pingSize = 32

    func receiveYamux(_ text: borrowing Span<UInt8>, _ offset: inout Int) {
        while offset < text.count, self.isEstablished {
            if self.bodyRemaining > 0 {
                let end = offset + min(self.bodyRemaining, text.count - offset)
                if let stream = self.bodyStream, !stream.isGone {
                    self.deliver(text.extracting(offset ..< end), to: stream)
                }
                self.bodyRemaining -= end - offset
                offset = end
                if self.bodyRemaining == 0 { self.endFrame() }
                continue
            }
            guard let header = self.readHeader(text, &offset) else { return }
            self.receiveFrame(header)
        }
    }

    /// The next header, or nothing when it is incomplete or has ended the connection.
    private func readHeader(_ text: borrowing Span<UInt8>, _ offset: inout Int) -> YamuxHeader? {
        var header: YamuxHeader?
        if self.headerBuffer.isEmpty, text.count - offset >= YamuxHeader.size {
            header = YamuxHeader(text.extracting(offset ..< (offset + YamuxHeader.size)))
            offset += YamuxHeader.size
        } else {
            while offset < text.count, self.headerBuffer.count < YamuxHeader.size {
                self.headerBuffer.append(text[offset])
                offset += 1
            }
            guard self.headerBuffer.count == YamuxHeader.size else { return nil }
            header = YamuxHeader(self.headerBuffer.span)
            self.headerBuffer.removeAll(keepingCapacity: true)
        }
        if header == nil {
            self.end(.protocolViolation("a frame of an unknown version or type"))
        }
        return header
    }

    private func receiveFrame(_ header: YamuxHeader) {
        switch header.kind {
        case .ping: self.receivePing(header)
        case .goAway: self.receiveGoAway(header)
        case .data, .windowUpdate: self.receiveStreamFrame(header)
        }
    }

    private func receivePing(_ header: YamuxHeader) {
        guard header.stream == 0 else {
            self.end(.protocolViolation("a ping on stream \(header.stream)"))
            return
        }
        if header.flags.contains(.ack) {
            guard let index = self.outstandingPings.firstIndex(where: { $0.value == header.length }) else { return }
            let time = self.outstandingPings[index].sentAt.duration(to: self.now)
            self.outstandingPings.removeSubrange(...index)
            self.roundTrip = min(self.roundTrip ?? time, time)
            self.events.append(.roundTrip(time))
        } else {
            guard self.queuedPongs < self.settings.pongsMax else {
                self.end(.limitExceeded("more than \(self.settings.pongsMax) pings without reading the answers"))
                return
            }
            self.queuedPongs += 1
            self.queueControl(YamuxHeader(.ping, .ack, stream: 0, length: header.length))
        }
    }

    private func receiveGoAway(_ header: YamuxHeader) {
        guard header.stream == 0, header.length == 0, !self.streams.isEmpty else {
            self.end(.remote(code: header.length))
            return
        }
        guard !self.isPeerLeaving else { return }
        self.isPeerLeaving = true
        self.leaveDeadline = self.now.advanced(by: self.settings.leaveTimeout)
        self.events.append(.peerIsLeaving)
    }

    private func receiveStreamFrame(_ header: YamuxHeader) {
        var stream = self.streams[header.stream]
        if header.flags.contains(.syn) {
            guard header.stream != 0, stream == nil, (header.stream % 2 == 1) == (self.role == .listener) else {
                self.end(.protocolViolation("a stream with the number \(header.stream)"))
                return
            }
            if !header.flags.contains(.rst) {
                stream = self.acceptStream(header.stream)
            }
        }
        if let stream, stream.isLocal, !stream.isAcknowledged {
            stream.isAcknowledged = true
            self.unacknowledgedCount -= 1
        }
        let length = Int(header.length)
        if header.kind == .windowUpdate {
            if let stream, length > 0 {
                guard stream.sendWindow <= Int(UInt32.max) - length else {
                    self.end(.protocolViolation("a send window over 2^32"))
                    return
                }
                stream.sendWindow += length
                self.makeReady(stream)
            }
            self.bodyStream = stream
            self.bodyFlags = header.flags
            self.endFrame()
            return
        }
        if let stream {
            guard length <= stream.receiveWindow else {
                self.end(.protocolViolation("\(length) bytes on a stream with a window of \(stream.receiveWindow)"))
                return
            }
            stream.receiveWindow -= length
            if stream.hasRemoteEnded, length > 0 {
                self.events.append(contentsOf: stream.isKnownToShell ? [.reset(stream.streamID)] : [])
                self.abandon(stream)
            }
        } else {
            guard length <= self.discardBudget else {
                self.end(.protocolViolation("\(length) bytes on a stream that does not exist"))
                return
            }
            self.discardBudget -= length
        }
        self.bodyStream = stream
        self.bodyFlags = header.flags
        self.bodyRemaining = length
        if length == 0 { self.endFrame() }
    }

    /// What a frame's flags say comes into force when its body is read.
    private func endFrame() {
        let (stream, flags) = (self.bodyStream, self.bodyFlags)
        self.bodyStream = nil
        guard let stream, !stream.isGone else { return }
        if flags.contains(.rst) {
            if stream.isKnownToShell { self.events.append(.reset(stream.streamID)) }
            self.forget(stream)
        } else if flags.contains(.fin) {
            self.endRemotely(stream)
        }
    }

    private func acceptStream(_ id: UInt32) -> SessionStream? {
        guard self.inboundCount < self.settings.inboundStreamsMax, !self.isPeerLeaving else {
            // What the peer sends before it hears of the reset is thrown away.
            self.discardBudget += YamuxHeader.initialWindow
            self.queueControl(YamuxHeader(.windowUpdate, .rst, stream: id, length: 0))
            return nil
        }
        let stream = SessionStream(id: id, isLocal: false, isInternal: true, mode: .listening(.init()), now: self.now)
        self.streams[id] = stream
        self.inboundCount += 1
        self.limitNegotiation(of: stream)
        // Alone, never with FIN or RST: py-libp2p 0.8.1 reads no other flag beside ACK.
        self.queueControl(YamuxHeader(.windowUpdate, .ack, stream: id, length: 0))
        return stream
    }

    // MARK: Bodies

    /// Hands a part of a frame's body to whoever the stream's words are for.
    private func deliver(_ bytes: borrowing Span<UInt8>, to stream: SessionStream) {
        var offset = 0
        while offset < bytes.count, !stream.isGone {
            let start = offset
            switch stream.mode {
            case .proposing(var dialer):
                self.negotiate(copy bytes, &offset, stream, &dialer)
                self.giveBack(offset - start, to: stream)
            case .listening(var listener):
                self.negotiate(copy bytes, &offset, stream, &listener)
                self.giveBack(offset - start, to: stream)
            case .application:
                let rest = bytes.extracting(offset ..< bytes.count).withUnsafeBufferPointer { [UInt8]($0) }
                offset = bytes.count
                self.deliverToShell(rest, stream)
            case .answeringPings(let pending):
                let rest = bytes.extracting(offset ..< bytes.count).withUnsafeBufferPointer { [UInt8]($0) }
                offset = bytes.count
                self.answerPings(pending + rest, stream)
                self.giveBack(rest.count, to: stream)
            case .telling, .refused:
                // Nothing belongs here: the window bounds what comes.
                offset = bytes.count
            case .awaitingIdentify, .hearingPush:
                let rest = bytes.extracting(offset ..< bytes.count)
                guard stream.append(rest, upTo: IdentifyMessage.sizeMax) else {
                    self.abandon(stream)
                    return
                }
                offset = bytes.count
                self.giveBack(offset - start, to: stream)
            }
        }
    }

    private func deliverToShell(_ bytes: [UInt8], _ stream: SessionStream) {
        guard bytes.count <= self.settings.unconsumedBytesMax - self.unconsumedTotal else {
            self.events.append(.reset(stream.streamID))
            self.abandon(stream)
            return
        }
        stream.unconsumed += bytes.count
        self.unconsumedTotal += bytes.count
        self.events.append(.data(stream.streamID, bytes))
    }

    private func negotiate(
        _ bytes: Span<UInt8>,
        _ offset: inout Int,
        _ stream: SessionStream,
        _ dialer: inout Multistream.Dialer
    ) {
        do throws(Multistream.Violation) {
            let answer = try dialer.read(bytes, &offset)
            stream.mode = .proposing(dialer)
            switch answer {
            case .some(true) where stream.isInternal:
                // Our question is over with its proposal; our push carries more than that.
                stream.mode = dialer.isFor(Self.identifyProtocol) ? .awaitingIdentify([]) : .telling
            case .some(true):
                stream.mode = .application
                self.events.append(.streamAccepted(stream.streamID))
            case .some(false):
                self.reportRefusal(stream)
            case .none:
                break
            }
        } catch {
            if stream.isKnownToShell { self.events.append(.reset(stream.streamID)) }
            self.abandon(stream)
        }
    }

    private func reportRefusal(_ stream: SessionStream) {
        if stream.isKnownToShell { self.events.append(.streamRefused(stream.streamID)) }
        self.abandon(stream)
    }

    private func negotiate(
        _ bytes: Span<UInt8>,
        _ offset: inout Int,
        _ stream: SessionStream,
        _ listener: inout Multistream.Listener
    ) {
        var reply: [UInt8] = []
        do throws(Multistream.Violation) {
            let name = try listener.read(bytes, &offset, reply: &reply) { name in
                Self.ownProtocols.contains(name) || self.inboundProtocols.contains(name)
            }
            stream.mode = .listening(listener)
            stream.queue.append(reply)
            self.makeReady(stream)
            if let name { self.begin(name, on: stream) }
        } catch {
            stream.queue.append(reply)
            self.refuse(stream, after: listener)
        }
    }

    /// Gives up the peer's stream, but lets it read our refusal: a request may lie behind the proposal.
    private func refuse(_ stream: SessionStream, after listener: Multistream.Listener) {
        guard listener.hasRefused else {
            self.abandon(stream)
            return
        }
        stream.mode = .refused
        self.finishLocally(stream)
    }

    /// The peer's stream has its protocol.
    private func begin(_ name: String, on stream: SessionStream) {
        switch name {
        case Self.pingProtocol:
            guard self.inboundPingCount < Self.inboundPingStreamsMax else {
                self.abandon(stream)
                return
            }
            self.inboundPingCount += 1
            stream.mode = .answeringPings([])
        case Self.identifyProtocol:
            stream.mode = .telling
            stream.queue.append(self.identifyMessage.encoded())
            self.finishLocally(stream)
        case Self.identifyPushProtocol:
            guard self.inboundPushCount == 0 else {
                self.abandon(stream)
                return
            }
            self.inboundPushCount += 1
            stream.mode = .hearingPush([])
        default:
            stream.mode = .application
            self.events.append(.streamOpened(stream.streamID, protocol: name))
        }
    }

    private static let ownProtocols = [identifyProtocol, identifyPushProtocol, pingProtocol]

    var identifyMessage: IdentifyMessage {
        var message = IdentifyMessage()
        message.peer = self.identity.peerID
        message.listenAddresses = self.settings.listenAddresses
        message.protocols = self.inboundProtocols + Self.ownProtocols
        message.observedAddress = self.settings.observedAddress
        message.protocolVersion = "tessera/1"
        message.agentVersion = self.settings.agentVersion
        return message
    }

    private func answerPings(_ bytes: [UInt8], _ stream: SessionStream) {
        let whole = bytes.count - bytes.count % Self.pingSize
        guard stream.queue.count + whole <= Self.pongBytesMax else {
            self.abandon(stream)
            return
        }
        stream.queue.append([UInt8](bytes[..<whole]))
        stream.mode = .answeringPings([UInt8](bytes[whole...]))
        self.makeReady(stream)
    }

    /// The peer has said what it is, or what of that has changed.
    private func identified(_ bytes: [UInt8]) {
        // A message that names another key than the session's is not worth reading.
        guard let message = IdentifyMessage(decoding: bytes), message.peer == nil || message.peer == self.peer else {
            return
        }
        self.peerIdentify.update(with: message)
        self.events.append(.identified(self.peerIdentify))
    }

    // MARK: Ends

    /// The peer's side of the stream is over.
    private func endRemotely(_ stream: SessionStream) {
        guard !stream.hasRemoteEnded else { return }
        stream.hasRemoteEnded = true
        switch stream.mode {
        case .application:
            self.events.append(.finished(stream.streamID))
        case .answeringPings:
            self.finishLocally(stream)
        case .telling, .refused:
            break
        case .listening(let listener):
            self.refuse(stream, after: listener)
        case .awaitingIdentify(let bytes):
            self.identified(bytes)
        case .hearingPush(let bytes):
            self.identified(bytes)
            self.finishLocally(stream)
        case .proposing:
            if stream.isKnownToShell { self.events.append(.reset(stream.streamID)) }
            self.abandon(stream)
        }
        self.forgetIfOver(stream)
    }
}
