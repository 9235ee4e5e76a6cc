import GridWire
import Testing

struct MessageCodingTests {
    @Test
    func `requests and responses come back as they were`() throws {
        var wire = RandomWire(seed: 40)
        for i in 0 ..< 900 {
            let request = wire.request(i)
            #expect(try GridRequest(decoding: request.encoded()) == request)
            let response = wire.response(i)
            #expect(try GridResponse(decoding: response.encoded()) == response)
        }
    }

    @Test
    func `a message that is cut anywhere is refused`() {
        var wire = RandomWire(seed: 41)
        for i in 0 ..< 18 {
            let request = wire.request(i).encoded()
            for length in 0 ..< request.count {
                #expect(throws: WireError.self) { try GridRequest(decoding: Array(request.prefix(length))) }
            }
            #expect(throws: WireError.self) { try GridRequest(decoding: request + [0]) }
            let response = wire.response(i).encoded()
            for length in 0 ..< response.count {
                #expect(throws: WireError.self) { try GridResponse(decoding: Array(response.prefix(length))) }
            }
            #expect(throws: WireError.self) { try GridResponse(decoding: response + [0]) }
        }
    }

    @Test
    func `a mutated message is refused or is canonical`() {
        var wire = RandomWire(seed: 42)
        for i in 0 ..< 90 {
            let request = wire.request(i).encoded()
            let response = wire.response(i).encoded()
            for _ in 0 ..< 60 {
                let bytes = wire.random.mutated(request)
                switch try? GridRequest(decoding: bytes) {
                case nil, .hello: break  // An address that is unfit is left out of a hello.
                case let decoded?: #expect(decoded.encoded() == bytes)
                }
                let answer = wire.random.mutated(response)
                switch try? GridResponse(decoding: answer) {
                case nil, .hello: break
                case let decoded?: #expect(decoded.encoded() == answer)
                }
            }
        }
    }

    @Test
    func `unknown tags and wrong numbers of items are refused`() throws {
        for hex in ["8109", "8118ff", "80", "8200", "8103", "8102", "8202", "00", "a0", "9800", "98180000", "820900"] {
            let bytes = try #require(Hex.decode(hex))
            #expect(throws: WireError.self) { try GridRequest(decoding: bytes) }
        }
        #expect(try GridResponse(decoding: [0x81, 0x02]) == .accepted)
        #expect(throws: WireError.self) { try GridResponse(decoding: [0x82, 0x02, 0x00]) }
        #expect(throws: WireError(.unknown, "")) { try GridResponse(decoding: [0x81, 0x08]) }
    }

    @Test
    func `a message longer than a stream may carry is refused at once`() {
        let bytes = [UInt8](repeating: 0x80, count: TesseraProtocol.gridMessageSizeMax + 1)
        #expect(throws: WireError(.outOfRange, "")) { try GridRequest(decoding: bytes) }
        #expect(throws: WireError(.outOfRange, "")) { try GridResponse(decoding: bytes) }
    }

    @Test
    func `a worker may bring only batches and reports`() {
        var wire = RandomWire(seed: 43)
        for kind in SignedRecord.Kind.allCases {
            var request = wire.leaseRequest()
            request.records = [wire.signedRecord(kind)]
            let decoded = try? GridRequest(decoding: GridRequest.lease(request).encoded())
            #expect((decoded != nil) == (kind == .resultBatch || kind == .auditReport))
            let submit = try? GridRequest(decoding: GridRequest.submit(manifest: wire.signedRecord(kind)).encoded())
            #expect((submit != nil) == (kind == .jobManifest))
        }
    }

    @Test
    func `leaves must be as many as their unit has blocks`() {
        var wire = RandomWire(seed: 44)
        var request = wire.leaseRequest()
        let unit = UnitID(frame: 0, tile: 0, firstBlock: 0, blockCount: 8)
        for count in [0, 7, 9, 64] {
            request.leaves = [.init(unit: unit, leaves: (0 ..< count).map { _ in wire.digest() })]
            #expect(throws: WireError.self) { try GridRequest(decoding: GridRequest.lease(request).encoded()) }
        }
    }

    @Test
    func `one unfit address costs only itself`() throws {
        var wire = RandomWire(seed: 45)
        var hello = wire.hello()
        hello.addresses = [wire.address(), wire.address()]
        var bytes = GridRequest.hello(hello).encoded()
        // The last address is 8 bytes; its first byte becomes a code whose value is cut short.
        bytes[bytes.count - 8] = 41
        guard case .hello(let decoded) = try GridRequest(decoding: bytes) else { return #expect(Bool(false)) }
        #expect(decoded.addresses == [hello.addresses[0]])
    }

    @Test
    func `a refusal is cut and cleaned before it is sent`() throws {
        let sentence = "no\u{7}\n" + String(repeating: "水", count: 1_000)
        guard case .refused(let text) = try GridResponse(decoding: GridResponse.refused(sentence).encoded()) else {
            return #expect(Bool(false))
        }
        #expect(text.hasPrefix("no  水"))
        #expect(text.utf8.count <= WireLimits.sentenceSizeMax)
    }

    @Test
    func `the largest lists fit into a message`() throws {
        var wire = RandomWire(seed: 46)
        let chunk = ChunkID(wire.digest())
        let response = GridResponse.chunks(Array(repeating: chunk, count: WireLimits.chunkListMax))
        #expect(try GridResponse(decoding: response.encoded()) == response)
        var status = wire.status()
        status.finalFrames = Array(900_000 ..< (900_000 + JobManifest.frameCountMax))
        #expect(try GridResponse(decoding: GridResponse.status(status).encoded()) == .status(status))
    }

    @Test
    func `a pixel address comes back, and no other bytes are one`() throws {
        var wire = RandomWire(seed: 47)
        for _ in 0 ..< 300 {
            let address = UnitPixelsAddress(job: JobID(wire.digest()), unit: wire.unit())
            let bytes = address.encoded()
            #expect(bytes.count == UnitPixelsAddress.byteCount)
            #expect(try UnitPixelsAddress(decoding: bytes) == address)
            for length in 0 ..< bytes.count {
                #expect(throws: WireError.self) { try UnitPixelsAddress(decoding: bytes.prefix(length)) }
            }
            let mutated = wire.random.mutated(bytes)
            if let decoded = try? UnitPixelsAddress(decoding: mutated) {
                #expect(decoded.encoded() == mutated)
            }
        }
    }

    @Test
    func `every protocol has limits`() {
        for name in TesseraProtocol.all {
            #expect(TesseraProtocol.requestSizeMax(name) != nil)
            #expect(TesseraProtocol.responseSizeMax(name) != nil)
        }
        #expect(TesseraProtocol.requestSizeMax("/ipfs/ping/1.0.0") == nil)
    }
}
