/// A picture at half its size, a quarter and so on, averaged in linear light: what a texture shows from afar.
///
/// The levels together take a third of the picture's own bytes.
struct ImageLevels {
    private let linear: [Float]
    private let thresholds: [Float]

    /// Prepares the tables of the sRGB transfer function.
    init() {
        self.linear = sRGBTable()
        // A linear value has the code whose neighbours' middles it lies between, as the eye sees it.
        self.thresholds = (0 ..< 255).map { linearOfSRGB((Double($0) + 0.5) / 255) }
    }

    /// The number of sizes of a picture, its own included.
    static func count(width: Int, height: Int) -> Int {
        let edge = max(width, height, 1)
        return Int.bitWidth - edge.leadingZeroBitCount
    }

    /// Appends the picture and its smaller sizes in its encoding; the picture has been checked.
    func append(_ image: Image, to body: inout [UInt8]) {
        switch image.texels {
        case .sRGB8(let bytes), .linear8(let bytes): body += bytes
        case .linear16(let numbers):
            for number in numbers {
                body.append(UInt8(truncatingIfNeeded: number))
                body.append(UInt8(truncatingIfNeeded: number >> 8))
            }
        case .linearFloat(let numbers): body.append(littleEndianNumbers: numbers)
        }
        var width = image.width
        var height = image.height
        var pixels: [Float] = []
        for level in 1 ..< max(1, Self.count(width: width, height: height)) {
            let source = pixels
            let columns = Self.taps(width)
            let rows = Self.taps(height)
            pixels = []
            pixels.reserveCapacity(4 * columns.count * rows.count)
            for row in rows {
                for column in columns {
                    var sum = SIMD4<Float>()
                    for (y, weightY) in row {
                        for (x, weightX) in column {
                            let at = 4 * (y * width + x)
                            let texel =
                                level == 1
                                ? self.texel(image, at)
                                : SIMD4(source[at], source[at + 1], source[at + 2], source[at + 3])
                            sum += texel * SIMD4(repeating: weightX * weightY)
                        }
                    }
                    for k in 0 ..< 4 { pixels.append(sum[k]) }
                    self.append(sum, image.encoding, to: &body)
                }
            }
            width = columns.count
            height = rows.count
        }
    }

    /// For each texel of half an edge the texels that it covers and how much: two, or three of an odd number, or the only
    /// one.
    private static func taps(_ edge: Int) -> [[(texel: Int, weight: Float)]] {
        guard edge > 1 else { return [[(0, 1)]] }
        let half = edge / 2
        let whole = Float(edge)
        return (0 ..< half).map { i in
            guard edge % 2 == 1 else { return [(2 * i, 0.5), (2 * i + 1, 0.5)] }
            return [
                (2 * i, Float(half - i) / whole), (2 * i + 1, Float(half) / whole), (2 * i + 2, Float(i + 1) / whole),
            ]
        }
    }

    private func texel(_ image: Image, _ at: Int) -> SIMD4<Float> {
        switch image.texels {
        case .sRGB8(let bytes):
            SIMD4(
                self.linear[Int(bytes[at])],
                self.linear[Int(bytes[at + 1])],
                self.linear[Int(bytes[at + 2])],
                Float(bytes[at + 3]) / 255
            )
        case .linear8(let bytes):
            SIMD4(Float(bytes[at]), Float(bytes[at + 1]), Float(bytes[at + 2]), Float(bytes[at + 3])) / 255
        case .linear16(let numbers):
            SIMD4(Float(numbers[at]), Float(numbers[at + 1]), Float(numbers[at + 2]), Float(numbers[at + 3])) / 65_535
        case .linearFloat(let numbers):
            SIMD4(numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3])
        }
    }

    private func append(_ texel: SIMD4<Float>, _ encoding: Image.Encoding, to body: inout [UInt8]) {
        switch encoding {
        case .sRGB8:
            for k in 0 ..< 3 { body.append(self.code(texel[k])) }
            body.append(UInt8(index(texel.w * 255 + 0.5, last: 255)))
        case .linear8:
            for k in 0 ..< 4 { body.append(UInt8(index(texel[k] * 255 + 0.5, last: 255))) }
        case .linear16:
            for k in 0 ..< 4 {
                let number = index(texel[k] * 65_535 + 0.5, last: 65_535)
                body.append(UInt8(truncatingIfNeeded: number))
                body.append(UInt8(truncatingIfNeeded: number >> 8))
            }
        case .linearFloat:
            for k in 0 ..< 4 { body.append(littleEndian: texel[k].bitPattern) }
        }
    }

    /// The sRGB code of a linear value.
    private func code(_ value: Float) -> UInt8 {
        var low = 0
        var high = 255
        while low < high {
            let middle = (low + high) / 2
            if self.thresholds[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return UInt8(low)
    }
}
