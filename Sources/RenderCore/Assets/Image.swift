/// A decoded picture, row by row from the top, four components a texel.
public struct Image: Sendable, Equatable {
    /// How the texels are stored.
    public enum Encoding: UInt32, Sendable, BitwiseCopyable {
        /// RGB with the sRGB transfer function (IEC 61966-2-1), linear alpha, 8 bits each.
        case sRGB8 = 0
        /// Linear RGBA, 8 bits each: 255 is one.
        case linear8 = 1
        /// Linear RGBA, 32-bit floating point.
        case linearFloat = 2
        /// Linear RGBA, 16 bits each: 65,535 is one.
        case linear16 = 3

        /// The bytes of a texel.
        var texelSize: Int {
            switch self {
            case .sRGB8, .linear8: 4
            case .linear16: 8
            case .linearFloat: 16
            }
        }
    }

    /// RGBA components in their encoding, 4 x width x height of them.
    public enum Texels: Sendable, Equatable {
        /// See ``Encoding/sRGB8``.
        case sRGB8([UInt8])
        /// See ``Encoding/linear8``.
        case linear8([UInt8])
        /// See ``Encoding/linearFloat``.
        case linearFloat([Float])
        /// See ``Encoding/linear16``.
        case linear16([UInt16])

        /// How much room they take.
        var byteCount: Int {
            switch self {
            case .sRGB8(let bytes), .linear8(let bytes): bytes.count
            case .linearFloat(let numbers): 4 * numbers.count
            case .linear16(let numbers): 2 * numbers.count
            }
        }
    }

    /// The width in texels.
    public var width: Int
    /// The height in texels.
    public var height: Int
    /// The components.
    public var texels: Texels

    /// How ``texels`` are stored.
    public var encoding: Encoding {
        switch self.texels {
        case .sRGB8: .sRGB8
        case .linear8: .linear8
        case .linearFloat: .linearFloat
        case .linear16: .linear16
        }
    }

    /// Creates a picture; nothing is checked before ``SceneAssets/encoded()``.
    public init(width: Int, height: Int, texels: Texels) {
        self.width = width
        self.height = height
        self.texels = texels
    }
}
