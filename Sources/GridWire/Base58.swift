/// The base58btc alphabet, as Bitcoin and libp2p use it.
///
/// Encoding and decoding take quadratic time, so decoding refuses texts of more than ``textSizeMax`` characters.
public enum Base58 {
    /// The longest text that is decoded.
    public static let textSizeMax = 256

    private static let alphabet: [UInt8] = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in Self.alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()

    /// The text of some bytes; leading zero bytes become leading ones.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var digits: [UInt8] = []  // little-endian, base 58
        for byte in bytes.drop(while: { $0 == 0 }) {
            var carry = Int(byte)
            for i in digits.indices {
                carry += Int(digits[i]) << 8
                digits[i] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        let text = [UInt8](repeating: self.alphabet[0], count: zeros) + digits.reversed().map { self.alphabet[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nothing when it is too long or holds a character outside the alphabet.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8.prefix(Self.textSizeMax + 1))
        guard characters.count <= Self.textSizeMax else { return nil }
        var bytes: [UInt8] = []  // little-endian
        for character in characters.drop(while: { $0 == self.alphabet[0] }) {
            guard let value = self.values[Int(character)] else { return nil }
            var carry = Int(value)
            for i in bytes.indices {
                carry += Int(bytes[i]) * 58
                bytes[i] = UInt8(carry & 255)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(carry & 255))
                carry >>= 8
            }
        }
        let zeros = characters.prefix { $0 == self.alphabet[0] }.count
        return [UInt8](repeating: 0, count: zeros) + bytes.reversed()
    }
}
