/// A picture in linear light: BT.709 primaries, no transfer curve, no upper bound.
public struct Picture: Hashable, Sendable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Red, green and blue of each pixel, row by row, the top row first: `3 * width * height` values.
    public var pixels: [Float]

    /// Creates a picture from its pixels, of which there must be `width * height`, both positive.
    public init(width: Int, height: Int, pixels: [Float]) {
        precondition(width > 0 && height > 0, "a picture of \(width) x \(height) pixels is empty")
        precondition(
            pixels.count == 3 * width * height,
            "a picture of \(width) x \(height) pixels has \(3 * width * height) values, got \(pixels.count)"
        )
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Creates a picture of one colour.
    public init(width: Int, height: Int, color: SIMD3<Float> = .zero) {
        precondition(width > 0 && height > 0, "a picture of \(width) x \(height) pixels is empty")
        var pixels: [Float] = []
        pixels.reserveCapacity(3 * width * height)
        for _ in 0 ..< width * height {
            pixels.append(color.x)
            pixels.append(color.y)
            pixels.append(color.z)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The colour of the pixel in column `x` from the left and row `y` from the top.
    public subscript(x: Int, y: Int) -> SIMD3<Float> {
        get {
            let i = self.offset(x: x, y: y)
            return SIMD3(self.pixels[i], self.pixels[i + 1], self.pixels[i + 2])
        }
        set {
            let i = self.offset(x: x, y: y)
            self.pixels[i] = newValue.x
            self.pixels[i + 1] = newValue.y
            self.pixels[i + 2] = newValue.z
        }
    }

    private func offset(x: Int, y: Int) -> Int {
        precondition(
            x >= 0 && x < self.width && y >= 0 && y < self.height,
            "(\(x), \(y)) lies outside of a picture of \(self.width) x \(self.height) pixels"
        )
        return 3 * (y * self.width + x)
    }
}
