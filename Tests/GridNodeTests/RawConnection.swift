#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A plain TCP connection.
final class RawConnection {
    let descriptor: CInt

    /// Connects from an address 127.0.0.x of this machine.
    init?(port: UInt16, from host: UInt8 = 1) {
        #if canImport(Glibc)
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #else
        self.descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard self.descriptor >= 0 else { return nil }
        var source = sockaddr_in()
        source.sin_family = sa_family_t(AF_INET)
        source.sin_addr.s_addr = (0x7F00_0000 + UInt32(host)).bigEndian
        let isBound = withUnsafePointer(to: &source) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isBound == 0 else { return nil }
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { return nil }
    }

    deinit { close(self.descriptor) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    self.descriptor,
                    buffer.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    CInt(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads so many bytes; nil when the other side closes before, or does not say them within the time limit.
    func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        guard recv(self.descriptor, &bytes, count, CInt(MSG_WAITALL)) == count else { return nil }
        return bytes
    }

    /// Whether the other side has closed by now or does so within some milliseconds.
    func isClosed(within milliseconds: CInt) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var state = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&state, 1, milliseconds) == 1 {
            if recv(self.descriptor, &buffer, buffer.count, 0) <= 0 { return true }
        }
        return false
    }

    /// Reads until the other side closes; false when it does not within the time limit.
    func readsEnd() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(self.descriptor, &buffer, buffer.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno == ECONNRESET }
        }
    }
}
