import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why a raw connection failed.
struct ClientError: Error {
    let message: String
}

/// A raw TCP connection to a port of the loopback interface; every wait ends after some seconds.
final class Connection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { list in
                connect(self.descriptor, list.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ClientError(message: "cannot connect to \(port): errno \(errno)") }
    }

    deinit {
        close(self.descriptor)
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        let sent = await self.blocking { descriptor in
            var done = 0
            while done < bytes.count {
                let step = bytes.dropFirst(done).withUnsafeBytes { rest in
                    Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
                if step <= 0 { break }
                done += step
            }
            return done
        }
        guard sent == bytes.count else { throw ClientError(message: "sent \(sent) of \(bytes.count) bytes") }
    }

    /// The bytes that come next; none at the end.
    func receive() async throws -> [UInt8] {
        let (count, bytes) = await self.blocking { descriptor in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return (count, Array(bytes.prefix(max(0, count))))
        }
        // A connection that is reset is as ended as one that is closed.
        guard count >= 0 || errno != EAGAIN else { throw ClientError(message: "nothing came in time") }
        return bytes
    }

    /// Everything until the other side closes.
    func receiveAll() async throws -> String {
        var bytes: [UInt8] = []
        while true {
            let next = try await self.receive()
            if next.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += next
        }
    }

    /// Everything until the text contains `end`, from what came before on.
    func receive(after text: String = "", until end: String) async throws -> String {
        var text = text
        while !text.contains(end) {
            let next = try await self.receive()
            guard !next.isEmpty else { throw ClientError(message: "it ended before \(end): \(text.suffix(300))") }
            text += String(decoding: next, as: UTF8.self)
        }
        return text
    }

    private func blocking<Value: Sendable>(_ work: @escaping @Sendable (Int32) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            // A thread of its own: on Linux tasks and dispatch queues share theirs, and these here wait for long.
            Thread.detachNewThread { continuation.resume(returning: work(self.descriptor)) }
        }
    }
}

/// An answer, taken apart.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    init(_ text: String) throws {
        guard let end = text.firstRange(of: "\r\n\r\n") else {
            throw ClientError(message: "no end of headers in \(text)")
        }
        let lines = text[..<end.lowerBound].split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw ClientError(message: "no status in \(lines[0])")
        }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw ClientError(message: "no header in \(line)") }
            headers[parts[0].lowercased()] = parts[1].trimmingPrefix(" ").description
        }
        self.headers = headers
        self.body = String(text[end.upperBound...])
    }
}

/// Asks one thing on a connection of its own.
func ask(
    _ port: Int,
    _ path: String,
    method: String = "GET",
    host: String? = "127.0.0.1",
    headers: [String] = []
) async throws -> Answer {
    let connection = try Connection(port: port)
    var lines = ["\(method) \(path) HTTP/1.1"]
    if let host { lines.append("Host: \(host)") }
    lines += headers + ["Connection: close", "", ""]
    try await connection.send(lines.joined(separator: "\r\n"))
    return try Answer(try await connection.receiveAll())
}
