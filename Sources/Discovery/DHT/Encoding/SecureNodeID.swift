package import GridWire

/// Ids that are tied to the address of their node (BEP 42), so that nobody can choose where in the DHT they live.
package enum SecureNodeID {
    private static let mask4: [UInt8] = [0x03, 0x0F, 0x3F, 0xFF]
    private static let mask6: [UInt8] = [0x01, 0x03, 0x07, 0x0F, 0x1F, 0x3F, 0x7F, 0xFF]

    /// An id for an address.
    ///
    /// - Parameters:
    ///   - random: Where the free bits come from.
    ///   - lastByte: The last byte; its low three bits choose one of the eight prefixes that the address may have.
    package static func make(for address: IPAddress, random: DHTKey, lastByte: UInt8) -> DHTKey {
        var bytes = random.bytes
        let crc = Self.checksum(of: address, salt: lastByte & 7)
        bytes[0] = UInt8(truncatingIfNeeded: crc >> 24)
        bytes[1] = UInt8(truncatingIfNeeded: crc >> 16)
        bytes[2] = UInt8(truncatingIfNeeded: crc >> 8) & 0xF8 | bytes[2] & 7
        bytes[19] = lastByte
        return DHTKey(bytes) ?? random
    }

    /// Whether a node may have its id; addresses without a meaning in the Internet may have any.
    package static func isValid(_ id: DHTKey, for address: IPAddress) -> Bool {
        if Self.isExempt(address) { return true }
        let bytes = id.bytes
        let crc = Self.checksum(of: address, salt: bytes[19] & 7)
        return bytes[0] == UInt8(truncatingIfNeeded: crc >> 24) && bytes[1] == UInt8(truncatingIfNeeded: crc >> 16)
            && bytes[2] & 0xF8 == UInt8(truncatingIfNeeded: crc >> 8) & 0xF8
    }

    /// Whether an address says nothing about where in the Internet a node is.
    package static func isExempt(_ address: IPAddress) -> Bool {
        address.isLoopback || address.isPrivate || address.isLinkLocal
    }

    private static func checksum(of address: IPAddress, salt: UInt8) -> UInt32 {
        let address = address.unmapped
        let mask = if case .v4 = address { Self.mask4 } else { Self.mask6 }
        var masked = zip(address.bytes, mask).map { $0 & $1 }
        masked[0] |= salt << 5
        return CRC32C.checksum(of: masked)
    }
}
