import FuzzDriver
import GridWire

// What is read is canonical: writing it gives the very bytes. A hello alone leaves out addresses that are of no use.
fuzz { bytes in
    switch try? GridRequest(decoding: bytes) {
    case nil, .hello: break
    case let request?: precondition(request.encoded() == bytes, "another form of a request was read")
    }
    switch try? GridResponse(decoding: bytes) {
    case nil, .hello: break
    case let response?: precondition(response.encoded() == bytes, "another form of a response was read")
    }
    if let record = try? SignedRecord(decoding: bytes) {
        precondition(record.encoded() == bytes, "another form of a record was read")
        _ = try? record.decodedBody()
    }
    if let index = try? SceneIndex(decoding: bytes) {
        precondition(index.encoded() == bytes, "another form of an index was read")
    }
    for kind in SignedRecord.Kind.allCases {
        if let body = try? GridRecord(kind: kind, body: bytes) {
            precondition(body.encodedBody() == bytes, "another form of a record's body was read")
        }
    }
}
