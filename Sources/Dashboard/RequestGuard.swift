/// Tells requests of this node's own pages from those that a foreign page makes a browser send.
///
/// A browser on this machine reaches the loopback address for every page that it shows, so two things are checked:
/// - `Host` must be an address in digits, `localhost` or a configured name. Against DNS rebinding, where a foreign name
///   is made to point here: a page under that name cannot get another `Host` than its own.
/// - A request that changes something must come from a page of the same host and port (`Origin`, and `Sec-Fetch-Site`
///   where the browser sends it). Programs such as curl send neither and are let through: they are no browser that
///   could be tricked.
package struct RequestGuard: Sendable {
    private let names: Set<String>

    /// Creates a guard that knows further host names.
    package init(hostNames: [String]) {
        self.names = Set(["localhost"] + hostNames.map { $0.lowercased() })
    }

    /// Whether a `Host` header may ask for anything.
    package func allows(host: String?) -> Bool {
        guard let host, host.utf8.count <= 255, let name = Self.name(ofHost: host) else { return false }
        return Self.isAddress(name) || self.names.contains(name.lowercased())
    }

    /// Whether a request with these headers may change something; its host must be allowed already.
    package func allowsChange(host: String, origin: String?, fetchSite: String?) -> Bool {
        if let fetchSite, fetchSite != "same-origin", fetchSite != "none" { return false }
        guard let origin else { return true }
        return origin.lowercased() == "http://\(host.lowercased())"
    }

    /// The name or address before the port, without brackets, or nothing when it is not well-formed.
    private static func name(ofHost host: String) -> Substring? {
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let port = host[host.index(after: end)...]
            guard port.isEmpty || Self.isPort(port) else { return nil }
            return host[...end]
        }
        let parts = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { return nil }
        if parts.count == 2, !Self.isPort(":" + parts[1]) { return nil }
        return name
    }

    private static func isPort(_ text: some StringProtocol) -> Bool {
        guard text.utf8.first == UInt8(ascii: ":"), (2 ... 6).contains(text.utf8.count) else { return false }
        return text.utf8.dropFirst().allSatisfy { (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }
    }

    /// Whether the text is an IPv4 address, or an IPv6 address in brackets; no browser takes either for a name.
    private static func isAddress(_ text: Substring) -> Bool {
        if text.hasPrefix("[") {
            let inner = text.dropFirst().dropLast()
            return inner.utf8.contains(UInt8(ascii: ":"))
                && inner.utf8.allSatisfy {
                    $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || Character(UnicodeScalar($0)).isHexDigit
                }
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1 ... 3).contains(part.utf8.count)
                    && part.utf8.allSatisfy { (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }
                    && Int(part).map { $0 <= 255 } ?? false
            }
    }
}
