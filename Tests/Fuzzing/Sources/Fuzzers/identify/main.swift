import FuzzDriver
import PeerSession

// A message that is read and written is read again as the same; of those about reachability, in what is written: a limit of
// nothing is none.
fuzz { bytes in
    if let message = IdentifyMessage(decoding: bytes) {
        precondition(IdentifyMessage(decoding: message.encoded()) == message, "a message changed on its way")
        precondition(message.listenAddresses.count <= IdentifyMessage.addressCountMax, "too many addresses")
        precondition(message.protocols.count <= IdentifyMessage.protocolCountMax, "too many protocols")
    }
    if let message = HopMessage(decoding: bytes) {
        precondition(
            HopMessage(decoding: message.encoded())?.encoded() == message.encoded(),
            "a message changed on its way"
        )
    }
    if let message = StopMessage(decoding: bytes) {
        precondition(
            StopMessage(decoding: message.encoded())?.encoded() == message.encoded(),
            "a message changed on its way"
        )
    }
    if let message = AutoNATMessage(decoding: bytes) {
        precondition(
            AutoNATMessage(decoding: message.encoded())?.encoded() == message.encoded(),
            "a message changed on its way"
        )
    }
}
