import CMiniUPnP
import GridWire
import PeerSession

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An Internet Gateway Device on the local network, by miniupnpc; every call blocks until the router answers.
struct UPnPRouter: Sendable {
    private var controlURL: String
    private var serviceType: String
    /// This machine's address towards the router.
    private var ownAddress: String
    /// The router's outside address.
    private(set) var externalAddress: IPAddress?

    /// How long to wait for routers to announce themselves, in milliseconds.
    private static let discoveryTime: CInt = 2000
    /// How long a mapping lives, in seconds, unless it is renewed.
    private static let leaseSeconds = "3600"

    /// Looks for a router that is connected to the outside.
    static func discover() -> UPnPRouter? {
        var status: CInt = 0
        guard let devices = upnpDiscover(Self.discoveryTime, nil, nil, 0, 0, 2, &status) else { return nil }
        defer { freeUPNPDevlist(devices) }
        var urls = UPNPUrls()
        var data = IGDdatas()
        var own = [CChar](repeating: 0, count: 64)
        let kind = tessera_get_valid_igd(devices, &urls, &data, &own, CInt(own.count))
        guard kind != 0 else { return nil }
        defer { FreeUPNPUrls(&urls) }
        // 1 is a router that is connected; others are not, or are something else.
        guard kind == 1, let control = urls.controlURL else { return nil }
        let service = withUnsafeBytes(of: &data.first.servicetype) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        var router = UPnPRouter(controlURL: String(cString: control), serviceType: service, ownAddress: Self.text(own))
        var outside = [CChar](repeating: 0, count: 64)
        if UPNP_GetExternalIPAddress(router.controlURL, router.serviceType, &outside) == UPNPCOMMAND_SUCCESS {
            router.externalAddress = IPAddress(Self.text(outside))
        }
        return router
    }

    private init(controlURL: String, serviceType: String, ownAddress: String) {
        self.controlURL = controlURL
        self.serviceType = serviceType
        self.ownAddress = ownAddress
    }

    /// Maps a port to itself, or where that one is another machine's, to a port that is free; the outside one.
    func map(_ transport: PortMapper.Transport, port: UInt16) -> UInt16? {
        // Any port will do, for what is announced is the outside one; the first one is only the easiest to read.
        let others = (0 ..< Self.otherPorts).map { _ in
            UInt16(49_152 + SystemEntropy.bytes(2).reduce(0) { $0 << 8 | Int($1) } % 16_384)
        }
        return ([port] + others).first { self.add(transport, internalPort: port, externalPort: $0) }
    }

    /// The ports that are tried when the first one is taken.
    private static let otherPorts = 3

    /// Adds or renews a mapping; whether the router did.
    func add(_ transport: PortMapper.Transport, internalPort: UInt16, externalPort: UInt16) -> Bool {
        // Some routers know permanent mappings only; such a one is removed when the node stops, and stays after a crash.
        for lease in [Self.leaseSeconds, "0"] {
            let status = UPNP_AddPortMapping(
                self.controlURL,
                self.serviceType,
                "\(externalPort)",
                "\(internalPort)",
                self.ownAddress,
                "tessera",
                transport.rawValue,
                nil,
                lease
            )
            if status == UPNPCOMMAND_SUCCESS { return true }
        }
        return false
    }

    /// Removes a mapping.
    func remove(_ transport: PortMapper.Transport, externalPort: UInt16) {
        _ = UPNP_DeletePortMapping(self.controlURL, self.serviceType, "\(externalPort)", transport.rawValue, nil)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
