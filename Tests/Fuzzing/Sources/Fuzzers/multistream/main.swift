import FuzzDriver
import PeerSession

/// What a machine says of bytes that come in pieces of some size, and where it stopped reading.
func outcome(
    of bytes: [UInt8],
    inPiecesOf size: Int,
    _ read: ([UInt8], inout Int) throws(Multistream.Violation) -> String?
) -> String {
    var position = 0
    while position < bytes.count {
        let piece = [UInt8](bytes[position ..< min(position + size, bytes.count)])
        var offset = 0
        do throws(Multistream.Violation) {
            if let answer = try read(piece, &offset) { return "\(answer) at \(position + offset)" }
        } catch {
            return "\(error)"
        }
        precondition(offset == piece.count, "bytes were left though more are wanted")
        position += piece.count
    }
    return "more"
}

/// What a dialer and a listener of each kind make of the bytes.
func outcomes(of bytes: [UInt8], inPiecesOf size: Int) -> [String] {
    var dialer = Multistream.Dialer(proposal: "/a")
    let dialed = outcome(of: bytes, inPiecesOf: size) { piece, offset throws(Multistream.Violation) in
        try dialer.read(piece.span, &offset).map { "\($0)" }
    }
    var listener = Multistream.Listener()
    var reply: [UInt8] = []
    let heard = outcome(of: bytes, inPiecesOf: size) { piece, offset throws(Multistream.Violation) in
        try listener.read(piece.span, &offset, reply: &reply) { $0 == "/a" || $0 == "/b" }
    }
    precondition(reply.count <= 64 + 4 * Multistream.proposalCountMax, "a reply of \(reply.count) bytes")
    return [dialed, heard, "\(reply)"]
}

// Lines mean the same however they are cut.
fuzz { bytes in
    guard let first = bytes.first else { return }
    let rest = [UInt8](bytes.dropFirst())
    let whole = outcomes(of: rest, inPiecesOf: max(1, rest.count))
    precondition(outcomes(of: rest, inPiecesOf: 1 + Int(first)) == whole, "a cut changed the meaning")
}
