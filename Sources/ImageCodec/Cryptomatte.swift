/// Mattes by name: which things are in a pixel, and how much of it each covers.
///
/// Cryptomatte specification 1.2.0 by Friedman and Jones (Psyop).
///
/// ```swift
/// let objects = Cryptomatte(layer: "CryptoObject", names: ["dragon", "sea"])
/// let channels = objects.channels(width: 1920, height: 1080) { x, y in [(0, 0.75), (1, 0.25)] }
/// let file = try OpenEXREncoder.encode(beauty + channels, width: 1920, height: 1080, attributes: objects.attributes)
/// ```
/// The channels hold exact values: they must not be packed with loss, and ``PictureChannel/allowsLoss`` says so.
public struct Cryptomatte: Sendable {
    /// The most things that are kept for a pixel.
    public static let ranks = 6

    /// The name of the layer, such as CryptoObject or CryptoMaterial.
    public let layer: String
    /// The names of the things, by number.
    public let names: [String]
    private let hashes: [UInt32]

    /// Creates mattes for things of given names; equal names share a matte.
    public init(layer: String, names: [String]) {
        self.layer = layer
        self.names = names
        self.hashes = names.map { Self.hash($0) }
    }

    /// The header attributes that tell programs what the channels are, with the names of all things.
    public var attributes: [String: String] {
        // The first seven hexadecimal digits of the layer's hash.
        let key = "cryptomatte/\(Self.hexadecimal(Self.hash(self.layer)).prefix(7))"
        let entries = Set(self.names).sorted().map { "\(Self.quoted($0)):\"\(Self.hexadecimal(Self.hash($0)))\"" }
        return [
            "\(key)/name": self.layer,
            "\(key)/hash": "MurmurHash3_32",
            "\(key)/conversion": "uint32_to_float32",
            "\(key)/manifest": "{\(entries.joined(separator: ","))}",
        ]
    }

    /// The channels `layer00.R` to `layer02.A`: pairs of a thing's hash and its share, the largest share first.
    ///
    /// `coverage` gives the things of a pixel by number, with shares that add up to 1 at most; a thing may come more than
    /// once. Shares that are not above zero and numbers without a name are left out.
    public func channels(
        width: Int,
        height: Int,
        coverage: (_ x: Int, _ y: Int) -> [(thing: Int, share: Float)]
    ) -> [PictureChannel] {
        var planes = [[Float]](repeating: [Float](repeating: 0, count: width * height), count: 2 * Self.ranks)
        for y in 0 ..< height {
            for x in 0 ..< width {
                for (rank, entry) in self.ranked(coverage(x, y)).enumerated() {
                    planes[2 * rank][y * width + x] = Float(bitPattern: entry.hash)
                    planes[2 * rank + 1][y * width + x] = entry.share
                }
            }
        }
        return planes.enumerated().map { k, values in
            let component = ["R", "G", "B", "A"][k % 4]
            return PictureChannel("\(self.layer)0\(k / 4).\(component)", .float(values))
        }
    }

    private func ranked(_ coverage: [(thing: Int, share: Float)]) -> [(hash: UInt32, share: Float)] {
        var shares: [(hash: UInt32, share: Float)] = []
        for (thing, share) in coverage where share > 0 && self.hashes.indices.contains(thing) {
            let hash = self.hashes[thing]
            if let i = shares.firstIndex(where: { $0.hash == hash }) {
                shares[i].share += share
            } else {
                shares.append((hash, share))
            }
        }
        // Equal shares in the order of their hashes, so that equal pixels are written alike.
        shares.sort { $0.share != $1.share ? $0.share > $1.share : $0.hash < $1.hash }
        return Array(shares.prefix(Self.ranks))
    }

    /// The hash of a name: MurmurHash3_x86_32 with seed 0, kept away from infinities, NaN and denormals, since it
    /// travels as a float (specification, "uint32_to_float32").
    static func hash(_ name: String) -> UInt32 {
        let hash = self.murmur3(Array(name.utf8))
        let exponent = hash >> 23 & 255
        return exponent == 0 || exponent == 255 ? hash ^ 1 << 23 : hash
    }

    /// MurmurHash3_x86_32 (Appleby) with seed 0.
    static func murmur3(_ bytes: [UInt8]) -> UInt32 {
        func rotated(_ x: UInt32, _ bits: UInt32) -> UInt32 { x &<< bits | x &>> (32 &- bits) }
        func mixed(_ word: UInt32) -> UInt32 { rotated(word &* 0xCC9E_2D51, 15) &* 0x1B87_3593 }
        var hash: UInt32 = 0
        let whole = bytes.count / 4 * 4
        for i in stride(from: 0, to: whole, by: 4) {
            let word =
                UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2]) << 16 | UInt32(bytes[i + 3]) << 24
            hash = rotated(hash ^ mixed(word), 13) &* 5 &+ 0xE654_6B64
        }
        var tail: UInt32 = 0
        for i in (whole ..< bytes.count).reversed() { tail = tail << 8 | UInt32(bytes[i]) }
        if whole < bytes.count { hash ^= mixed(tail) }
        hash ^= UInt32(truncatingIfNeeded: bytes.count)
        hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
        hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
        return hash ^ hash >> 16
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
