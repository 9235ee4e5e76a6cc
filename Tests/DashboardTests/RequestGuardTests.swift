import Dashboard
import Testing

struct RequestGuardTests {
    private let requestGuard = RequestGuard(hostNames: ["render.studio.example"])

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:7878", "localhost", "LocalHost:80", "[::1]", "[::1]:7878", "192.168.1.20:7878",
        "render.studio.example", "Render.Studio.Example:7878", "[fe80::1]:1", "[::ffff:127.0.0.1]",
    ])
    func `addresses and known names are good hosts`(host: String) {
        #expect(self.requestGuard.allows(host: host))
    }

    @Test(arguments: [
        nil, "", ":", ":80", "evil.example", "evil.example:7878", "127.0.0.1.evil.example", "localhost.evil.example",
        "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:80:80", "127.0.0.1:1234567", "256.1.1.1", "1.2.3", "1.2.3.4.5", "[::1",
        "[]", "[evil.example]", "[::1]evil", "[::1]:", "[beef]", "0x7f000001", "2130706433", "127.0.0.1@evil.example",
        "localhost\u{0}", " localhost", "ｌocalhost", "127.0.0.１", String(repeating: "1", count: 300),
    ])
    func `other names and malformed hosts are refused`(host: String?) {
        #expect(!self.requestGuard.allows(host: host))
    }

    @Test
    func `only pages of the same host and port may change something`() {
        let host = "127.0.0.1:7878"
        #expect(self.requestGuard.allowsChange(host: host, origin: nil, fetchSite: nil))
        #expect(self.requestGuard.allowsChange(host: host, origin: "http://127.0.0.1:7878", fetchSite: nil))
        #expect(self.requestGuard.allowsChange(host: host, origin: "HTTP://127.0.0.1:7878", fetchSite: "same-origin"))
        for origin in [
            "http://127.0.0.1", "http://127.0.0.1:8080", "https://127.0.0.1:7878", "http://evil.example", "null", "",
            "http://127.0.0.1:7878.evil.example", "http://localhost:7878",
        ] {
            #expect(!self.requestGuard.allowsChange(host: host, origin: origin, fetchSite: nil), "\(origin)")
        }
        for site in ["cross-site", "same-site", "", "rubbish"] {
            #expect(!self.requestGuard.allowsChange(host: host, origin: nil, fetchSite: site), "\(site)")
            #expect(!self.requestGuard.allowsChange(host: host, origin: "http://\(host)", fetchSite: site), "\(site)")
        }
    }
}
