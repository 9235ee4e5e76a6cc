import Discovery
import FuzzDriver

// What is read is canonical: writing it gives the very bytes.
fuzz { bytes in
    if let value = try? Bencode(decoding: bytes) {
        precondition(value.encoded() == bytes, "another form was read")
    }
}
