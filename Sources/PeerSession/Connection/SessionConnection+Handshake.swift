import GridWire

/// From the first byte to the agreed muxer.
extension SessionConnection {
    /// The most bytes of a handshake message: ours have 32, 224 and 192; some peers list more muxers.
    private static let handshakeMessageSizeMax = 8 << 10

    /// Makes the keys of the connection; the dialer's proposal and first message leave in one write.
    func beginHandshake() {
        let role: NoiseHandshake.Role = self.role == .dialer ? .initiator : .responder
        let handshake: NoiseHandshake
        if let shared = self.settings.staticKey {
            handshake = NoiseHandshake(
                role: role,
                staticKey: shared.secret,
                staticPublicKey: shared.publicKey,
                ephemeralKey: self.freshKey()
            )
        } else {
            let staticKey = self.freshKey()
            handshake = NoiseHandshake(role: role, staticKey: staticKey, ephemeralKey: self.freshKey())
        }
        self.handshake = handshake
        if self.role == .dialer {
            self.plainOutput.append(Multistream.opening(Self.securityProtocol))
            self.writeHandshakeMessage(handshake, payload: [])
        }
    }

    private func freshKey() -> SecretBytes {
        var bytes = self.entropy(Sodium.keySize)
        precondition(bytes.count == Sodium.keySize, "the entropy gave \(bytes.count) bytes where 32 were asked for")
        return SecretBytes(moving: &bytes)
    }

    func receive(_ bytes: borrowing Span<UInt8>, now: Instant) -> [SessionEvent] {
        self.now = max(self.now, now)
        if let privateGrid {
            return self.receiveClear(privateGrid.open(bytes).span)
        }
        return self.receiveClear(bytes)
    }

    private func receiveClear(_ bytes: borrowing Span<UInt8>) -> [SessionEvent] {
        var offset = 0
        while offset < bytes.count {
            switch self.phase {
            case .negotiatingSecurity: self.negotiateSecurity(bytes, &offset)
            case .handshaking, .negotiatingMuxer, .established: self.receiveFrame(bytes, &offset)
            case .closed: offset = bytes.count
            }
        }
        return self.takeEvents()
    }

    private func negotiateSecurity(_ bytes: borrowing Span<UInt8>, _ offset: inout Int) {
        do throws(Multistream.Violation) {
            var reply: [UInt8] = []
            let answer = try self.negotiate(Self.securityProtocol, copy bytes, &offset, reply: &reply)
            self.plainOutput.append(reply)
            switch answer {
            case .some(true): self.phase = .handshaking
            case .some(false): self.end(.handshakeFailed("the peer does not speak \(Self.securityProtocol)"))
            case .none: break
            }
        } catch {
            self.end(.handshakeFailed("no multistream-select: \(error)"))
        }
    }

    /// Reads lines of the connection's own negotiation; whether `name` was agreed, or nothing while that is open.
    private func negotiate(
        _ name: String,
        _ bytes: Span<UInt8>,
        _ offset: inout Int,
        reply: inout [UInt8]
    ) throws(Multistream.Violation) -> Bool? {
        switch self.negotiation {
        case .dialer(var dialer):
            defer { self.negotiation = .dialer(dialer) }
            return try dialer.read(bytes, &offset)
        case .listener(var listener):
            defer { self.negotiation = .listener(listener) }
            return try listener.read(bytes, &offset, reply: &reply) { $0 == name } != nil ? true : nil
        }
    }

    // MARK: Noise frames

    private func receiveFrame(_ bytes: borrowing Span<UInt8>, _ offset: inout Int) {
        let available = bytes.count - offset
        if self.frameBuffer.isEmpty, available >= 2 {
            // The usual case: a whole frame lies in the input, and is read where it lies.
            let size = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
            if available - 2 >= size {
                let start = offset + 2
                offset = start + size
                self.receiveMessage(bytes.extracting(start ..< offset))
                return
            }
        }
        let needed =
            self.frameBuffer.count < 2
            ? 2 - self.frameBuffer.count : 2 + self.bufferedFrameSize - self.frameBuffer.count
        let taken = bytes.extracting(offset ..< (offset + min(needed, available)))
        offset += taken.count
        taken.withUnsafeBufferPointer { self.frameBuffer.append(contentsOf: $0) }
        guard self.frameBuffer.count >= 2 else { return }
        if case .handshaking = self.phase, self.bufferedFrameSize > Self.handshakeMessageSizeMax {
            self.end(.handshakeFailed("a handshake message of \(self.bufferedFrameSize) bytes"))
            return
        }
        guard self.frameBuffer.count == 2 + self.bufferedFrameSize else { return }
        var frame: [UInt8] = []
        swap(&frame, &self.frameBuffer)
        self.receiveMessage(frame.span.extracting(2 ..< frame.count))
        if !self.isClosed {
            frame.removeAll(keepingCapacity: true)
            swap(&frame, &self.frameBuffer)
        }
    }

    private var bufferedFrameSize: Int {
        Int(self.frameBuffer[0]) << 8 | Int(self.frameBuffer[1])
    }

    private func receiveMessage(_ message: Span<UInt8>) {
        if let handshake = self.handshake {
            guard message.count <= Self.handshakeMessageSizeMax else {
                self.end(.handshakeFailed("a handshake message of \(message.count) bytes"))
                return
            }
            self.receiveHandshakeMessage(message.withUnsafeBufferPointer { [UInt8]($0) }, handshake)
            return
        }
        guard let receiveCipher = self.receiveCipher, message.count >= ChaChaPoly.tagSize else {
            self.end(.protocolViolation("a Noise message of \(message.count) bytes"))
            return
        }
        let memory = self.plaintext.memory
        guard message.withUnsafeBytes({ receiveCipher.open($0, into: memory) }) else {
            // Not even a goodbye: whoever sent this is not the peer.
            self.sendCipher = nil
            self.end(.protocolViolation("a message that is not authentic"))
            return
        }
        self.hasHeardSincePing = true
        let size = message.count - ChaChaPoly.tagSize
        // Sound: the memory lives as long as `self`, and nothing writes to it before the span is used up.
        memory.withMemoryRebound(to: UInt8.self) { text in
            self.receiveText(Span(_unsafeElements: UnsafeBufferPointer(text).extracting(0 ..< size)))
        }
    }

    private func receiveText(_ text: borrowing Span<UInt8>) {
        var offset = 0
        if case .negotiatingMuxer = self.phase {
            self.negotiateMuxer(text, &offset)
        } else if self.isMuxerUnconfirmed {
            self.negotiateMuxer(text, &offset)
            guard !self.isMuxerUnconfirmed else { return }
        }
        if case .established = self.phase {
            self.receiveYamux(text, &offset)
        }
    }

    // MARK: The handshake

    private func receiveHandshakeMessage(_ message: [UInt8], _ handshake: NoiseHandshake) {
        do {
            let bytes = try handshake.readMessage(message)
            switch self.role {
            case .listener where !handshake.isFinished:
                // The dialer's first message: its payload, if any, is from nobody yet.
                self.writeHandshakeMessage(handshake, payload: self.payload(for: handshake).encoded())
            case .listener:
                let payload = try self.verifiedPayload(bytes, handshake)
                self.becomeSecure(handshake, payload: payload)
            case .dialer:
                let payload = try self.verifiedPayload(bytes, handshake)
                self.writeHandshakeMessage(handshake, payload: self.payload(for: handshake).encoded())
                self.becomeSecure(handshake, payload: payload)
            }
        } catch {
            self.end(.handshakeFailed("\(error)"))
        }
    }

    private struct UnexpectedPeer: Error, CustomStringConvertible {
        let expected: PeerID
        let actual: PeerID

        var description: String {
            "dialed \(self.expected), but \(self.actual) answered"
        }
    }

    private func payload(for handshake: NoiseHandshake) -> HandshakePayload {
        self.settings.staticKey?.payload
            ?? HandshakePayload(
                identity: self.identity,
                staticPublicKey: handshake.staticPublicKey,
                muxers: [Self.muxerProtocol]
            )
    }

    private func verifiedPayload(_ bytes: [UInt8], _ handshake: NoiseHandshake) throws -> HandshakePayload {
        let payload = try HandshakePayload(
            verifying: bytes,
            staticPublicKey: handshake.remoteStaticPublicKey ?? []
        )
        if let expectedPeer, payload.peer != expectedPeer {
            throw UnexpectedPeer(expected: expectedPeer, actual: payload.peer)
        }
        return payload
    }

    private func writeHandshakeMessage(_ handshake: NoiseHandshake, payload: [UInt8]) {
        do {
            let message = try handshake.writeMessage(payload: payload)
            self.plainOutput.append([UInt8(message.count >> 8), UInt8(message.count & 255)] + message)
        } catch {
            self.end(.handshakeFailed("\(error)"))
        }
    }

    private func becomeSecure(_ handshake: NoiseHandshake, payload: HandshakePayload) {
        guard let (send, receive) = handshake.split(messagesMax: self.settings.messagesMax) else {
            self.end(.handshakeFailed("the handshake is not complete"))
            return
        }
        self.handshake = nil
        self.sendCipher = send
        self.receiveCipher = receive
        self.peer = payload.peer
        if payload.muxers.isEmpty {
            switch self.role {
            case .dialer:
                // The only proposal, to a peer that is authenticated: requests may lie behind it without waiting for the
                // answer, which saves the round trip that peers with early muxers save too.
                self.negotiation = .dialer(.init(proposal: Self.muxerProtocol))
                self.muxerOutput = Multistream.opening(Self.muxerProtocol)
                self.isMuxerUnconfirmed = true
                self.becomeEstablished(payload.peer)
            case .listener:
                self.phase = .negotiatingMuxer
                self.negotiation = .listener(.init())
            }
        } else if payload.muxers.contains(Self.muxerProtocol) {
            // Ours lists one muxer, so the first common one of the initiator's list is that one.
            self.becomeEstablished(payload.peer)
        } else {
            self.end(.handshakeFailed("the peer does not speak \(Self.muxerProtocol)"))
        }
    }

    private func negotiateMuxer(_ text: borrowing Span<UInt8>, _ offset: inout Int) {
        do throws(Multistream.Violation) {
            var reply: [UInt8] = []
            let answer = try self.negotiate(Self.muxerProtocol, copy text, &offset, reply: &reply)
            self.muxerOutput += reply
            switch (answer, self.peer) {
            case (.some(true), .some) where self.isMuxerUnconfirmed:
                self.isMuxerUnconfirmed = false
                self.handshakeDeadline = nil
            case (.some(true), .some(let peer)): self.becomeEstablished(peer)
            case (.none, _): break
            case (.some, _): self.end(.handshakeFailed("the peer does not speak \(Self.muxerProtocol)"))
            }
        } catch {
            self.end(.handshakeFailed("no muxer: \(error)"))
        }
    }

    private func becomeEstablished(_ peer: PeerID) {
        self.phase = .established
        if !self.isMuxerUnconfirmed { self.handshakeDeadline = nil }
        self.nextPing = self.now.advanced(by: self.settings.pingInterval)
        self.events.append(.established(peer))
        // Measures the round trip from the start, for the windows.
        self.ping(now: self.now)
    }
}
