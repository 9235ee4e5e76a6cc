/// The limits of the CBOR that the grid speaks: RFC 8949 with the deterministic encoding of section 4.2.1, made of
/// integers, byte strings, text strings, arrays, maps with small integer keys, and booleans.
///
/// Tags, floating-point numbers, null and other simple values, and indefinite lengths do not occur and are refused.
package enum CBOR {
    /// How deep arrays and maps may be nested.
    package static let depthMax = 8

    /// The major types of RFC 8949, section 3.1.
    enum MajorType: UInt8 {
        case unsigned = 0
        case negative = 1
        case bytes = 2
        case text = 3
        case array = 4
        case map = 5
        case tag = 6
        case simple = 7
    }

    /// Whether a scalar could move a terminal's cursor or break a line: C0, DEL, C1, and the bidirectional controls.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0 ..< 0x20, 0x7f ..< 0xa0, 0x200e ... 0x200f, 0x2028 ... 0x202e, 0x2066 ... 0x2069: true
        default: false
        }
    }
}
