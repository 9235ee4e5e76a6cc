import Discovery
import FuzzDriver

// A message that is read and written is read again as the same.
fuzz { bytes in
    guard let message = try? KRPCMessage(decoding: bytes) else { return }
    let written = message.encoded()
    guard written.count <= KRPCMessage.sizeMax else { return }
    precondition((try? KRPCMessage(decoding: written)) == message, "a message changed on its way")
}
