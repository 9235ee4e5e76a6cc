import FuzzDriver
import GridWire

// What is read is canonical: writing it gives the very bytes.
fuzz { bytes in
    if let records = try? NodeRecord.decode(bytes) {
        precondition(NodeRecord.encode(records) == bytes, "another form was read")
    }
    if let address = try? Multiaddr(decoding: bytes) {
        precondition(address.bytes == bytes, "another form was read")
    }
}
