import Glibc

extension DecodedTexture {
    /// A picture as a screen shows it, with no transparency.
    public init(_ picture: Picture, view: ViewTransform) {
        let values: [UInt8] = view(picture)
        var pixels = [UInt8](repeating: 255, count: 4 * picture.width * picture.height)
        for i in 0 ..< picture.width * picture.height {
            for channel in 0 ..< 3 { pixels[4 * i + channel] = values[3 * i + channel] }
        }
        self.init(width: picture.width, height: picture.height, pixels: pixels, hasAlpha: false)
    }

    /// The light that a screen shows of these sRGB values; transparency is left out.
    public var light: Picture {
        // Exact enough to come back as the same bytes (IEC 61966-2-1).
        let table: [Float] = (0 ..< 256).map { byte in
            let value = Double(byte) / 255
            return Float(value > 0.04045 ? pow((value + 0.055) / 1.055, 2.4) : value / 12.92)
        }
        var light: [Float] = []
        light.reserveCapacity(3 * self.width * self.height)
        for i in 0 ..< self.width * self.height {
            for channel in 0 ..< 3 { light.append(table[Int(self.pixels[4 * i + channel])]) }
        }
        return Picture(width: self.width, height: self.height, pixels: light)
    }
}

extension ImageDecoder {
    /// Reads a frame as a screen shows it: a PNG, JPEG or WebP as it is, an OpenEXR or Radiance file through a view.
    public static func decodeFrame(
        _ bytes: [UInt8],
        view: ViewTransform,
        limits: ImageLimits = .standard
    ) throws(ImageError) -> DecodedTexture {
        guard bytes.starts(with: [0x76, 0x2F, 0x31, 0x01]) || bytes.starts(with: Array("#?".utf8)) else {
            return try self.decodeTexture(bytes, limits: limits)
        }
        return DecodedTexture(try self.decodeLight(bytes, limits: limits), view: view)
    }
}
