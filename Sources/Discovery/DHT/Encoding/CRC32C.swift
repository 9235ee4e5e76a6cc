/// The CRC with Castagnoli's polynomial (RFC 3720, appendix B.4), with which BEP 42 ties ids to addresses.
package enum CRC32C {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The checksum of some bytes.
    package static func checksum(of bytes: [UInt8]) -> UInt32 {
        // A few bytes at a time: no table pays.
        ~bytes.reduce(~UInt32(0)) { crc, byte in
            (0 ..< 8).reduce(crc ^ UInt32(byte)) { value, _ in
                value & 1 == 1 ? value >> 1 ^ Self.polynomial : value >> 1
            }
        }
    }
}
