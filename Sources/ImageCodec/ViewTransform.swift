import Glibc

/// How linear light becomes the sRGB values of a screen.
///
/// This is for eyes: nothing that is hashed or verified depends on it.
public struct ViewTransform: Hashable, Sendable {
    /// The tone curve.
    public enum Curve: String, Hashable, Sendable, CaseIterable {
        /// The sRGB curve alone (IEC 61966-2-1): what is brighter than 1 is cut off.
        case standard
        /// Rolls highlights off and lets bright colours fade to white, as film does.
        ///
        /// AgX by T. Sobotka in the fit of B. Wrensch ("Minimal AgX Implementation", 2023), with a little more contrast
        /// and saturation than its neutral look.
        case filmic
    }

    /// The tone curve.
    public var curve: Curve
    /// Stops by which the picture is brightened before the curve; negative ones darken it.
    public var exposure: Float

    /// The sRGB curve without exposure.
    public static let standard = ViewTransform(.standard)
    /// The filmic curve without exposure.
    public static let filmic = ViewTransform(.filmic)

    /// Creates a transform; `exposure` is in stops.
    public init(_ curve: Curve, exposure: Float = 0) {
        self.curve = curve
        self.exposure = exposure
    }

    /// The sRGB values of one colour; what is not a number becomes 0.
    public func callAsFunction(_ color: SIMD3<Float>) -> SIMD3<UInt8> {
        let value = self.encoded(color, gain: self.gain)
        return SIMD3(Self.rounded(value.x), Self.rounded(value.y), Self.rounded(value.z))
    }

    /// The sRGB values of a picture, of 8 or 16 bits: red, green and blue of each pixel, row by row.
    public func callAsFunction<Value: FixedWidthInteger & UnsignedInteger>(
        _ picture: Picture,
        as type: Value.Type = UInt8.self
    ) -> [Value] {
        let gain = self.gain
        var values: [Value] = []
        values.reserveCapacity(picture.pixels.count)
        for i in stride(from: 0, to: picture.pixels.count, by: 3) {
            let color = SIMD3(picture.pixels[i], picture.pixels[i + 1], picture.pixels[i + 2])
            let value = self.encoded(color, gain: gain)
            values.append(Self.rounded(value.x))
            values.append(Self.rounded(value.y))
            values.append(Self.rounded(value.z))
        }
        return values
    }

    private static func rounded<Value: FixedWidthInteger & UnsignedInteger>(_ value: Float) -> Value {
        value > 0 ? Value(min(value, 1) * Float(Value.max) + 0.5) : 0
    }

    private var gain: Float { exp2(self.exposure) }

    /// The values of the screen's curve; 0 to 1 can be shown.
    private func encoded(_ color: SIMD3<Float>, gain: Float) -> SIMD3<Float> {
        var light = SIMD3<Float>.zero
        for i in 0 ..< 3 {
            let value = color[i] * gain
            // Also replaces what is not a number. The bound keeps the arithmetic below finite.
            light[i] = value > 0 ? min(value, 1e9) : 0
        }
        return switch self.curve {
        case .standard: SIMD3(Self.encode(light.x), Self.encode(light.y), Self.encode(light.z))
        case .filmic: Self.agx(light)
        }
    }

    /// The sRGB transfer curve.
    private static func encode(_ value: Float) -> Float {
        value <= 0.003_130_8 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    }

    private static func agx(_ light: SIMD3<Float>) -> SIMD3<Float> {
        let inset =
            SIMD3(0.842_479_06, 0.042_328_24, 0.042_375_65) * light.x
            + SIMD3(0.078_433_6, 0.878_468_64, 0.078_433_6) * light.y
            + SIMD3(0.079_223_745, 0.079_166_13, 0.879_142_97) * light.z
        var curved = SIMD3<Float>.zero
        for i in 0 ..< 3 {
            // 16.5 stops around middle grey become 0 ... 1.
            let stops = (log2(max(inset[i], 1e-10)) + 12.473_93) / 16.5
            curved[i] = pow(max(self.sigmoid(max(0, min(stops, 1))), 0), self.lookPower)
        }
        let luma = 0.2126 * curved.x + 0.7152 * curved.y + 0.0722 * curved.z
        let looked = SIMD3(repeating: luma) + self.lookSaturation * (curved - SIMD3(repeating: luma))
        return SIMD3(1.196_879, -0.052_896_85, -0.052_971_635) * looked.x
            + SIMD3(-0.098_020_88, 1.151_903_1, -0.098_043_45) * looked.y
            + SIMD3(-0.099_029_74, -0.098_961_174, 1.151_073_7) * looked.z
    }

    private static let lookPower: Float = 1.12
    private static let lookSaturation: Float = 1.2

    /// Wrensch's sixth-order fit of the AgX base contrast.
    private static func sigmoid(_ x: Float) -> Float {
        let high = (((15.5 * x - 40.14) * x + 31.96) * x - 6.868) * x
        return ((high + 0.4298) * x + 0.1191) * x - 0.00232
    }
}
