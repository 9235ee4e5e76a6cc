/// The Radiance picture format.
///
/// See G. Ward, "Real Pixels", Graphics Gems II, 1991, and Radiance's `ray/src/common/color.c`.
///
/// Three row codes exist: flat, the old run-length code (repeats of a pixel) and the new one (runs of each component);
/// all are read, also mixed in one file.
struct RadianceHDRDecoder {
    /// How long the text before the pixels may be.
    static let maxHeaderBytes = 64 * 1024
    /// Rows outside of these widths cannot have the new code (color.c: MINELEN, MAXELEN).
    static let newCodeWidths = 8 ... 0x7FFF

    private let bytes: [UInt8]
    private var position = 0

    static func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> Picture {
        var decoder = RadianceHDRDecoder(bytes: bytes)
        let (width, height) = try decoder.readHeader()
        try limits.check(
            width: width,
            height: height,
            encodedBytes: bytes.count,
            pixelsPerByte: limits.maxRadiancePixelsPerByte,
            format: "Radiance"
        )
        return try decoder.readPixels(width: width, height: height)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func readHeader() throws(ImageError) -> (width: Int, height: Int) {
        guard self.bytes.starts(with: Array("#?".utf8)) else {
            throw ImageError(.unknownFormat, "the bytes do not begin like a Radiance picture (#?RADIANCE)")
        }
        while true {
            let line = try self.readLine()
            if line.isEmpty { break }
            if line.hasPrefix("FORMAT="), line != "FORMAT=32-bit_rle_rgbe" {
                throw ImageError(.unsupported, "the Radiance picture has \(line.debugDescription); only RGBE is read")
            }
        }
        let line = try self.readLine()
        let words = line.split(separator: " ")
        guard words.count == 4, let first = Int(words[1]), let second = Int(words[3]) else {
            throw ImageError(.malformed, "the Radiance picture has the size \(line.debugDescription), which is none")
        }
        guard words[0] == "-Y", words[2] == "+X" else {
            throw ImageError(
                .unsupported,
                "the Radiance picture is stored as \(line.debugDescription); only -Y HEIGHT +X WIDTH is read: turn it upright"
            )
        }
        return (second, first)
    }

    private mutating func readLine() throws(ImageError) -> String {
        let limit = min(self.bytes.count, Self.maxHeaderBytes)
        guard self.position < limit, let end = self.bytes[self.position ..< limit].firstIndex(of: UInt8(ascii: "\n"))
        else {
            throw ImageError(.malformed, "the Radiance picture ends inside of its header: it was cut off")
        }
        defer { self.position = end + 1 }
        var line = self.bytes[self.position ..< end]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }

    private mutating func readPixels(width: Int, height: Int) throws(ImageError) -> Picture {
        // Grows row by row, so that a file that ends early has not cost the memory of the whole picture.
        var pixels: [Float] = []
        var row = [UInt8](repeating: 0, count: 4 * width)
        for y in 0 ..< height {
            try self.readRow(&row, width: width, y: y)
            for x in 0 ..< width {
                let exponent = row[4 * x + 3]
                // The exponent is biased by 128, the mantissas are 8-bit fractions; zero is special. All exact.
                let scale = exponent == 0 ? 0 : Float(sign: .plus, exponent: Int(exponent) - 136, significand: 1)
                pixels.append(Float(row[4 * x]) * scale)
                pixels.append(Float(row[4 * x + 1]) * scale)
                pixels.append(Float(row[4 * x + 2]) * scale)
            }
        }
        return Picture(width: width, height: height, pixels: pixels)
    }

    private mutating func readRow(_ row: inout [UInt8], width: Int, y: Int) throws(ImageError) {
        let start = self.position
        if Self.newCodeWidths.contains(width), self.bytes.count - start >= 4,
            self.bytes[start] == 2, self.bytes[start + 1] == 2, self.bytes[start + 2] & 0x80 == 0
        {
            let length = Int(self.bytes[start + 2]) << 8 | Int(self.bytes[start + 3])
            guard length == width else {
                throw self.damage(y, "is \(length) pixels long instead of \(width)")
            }
            self.position += 4
            try self.readComponents(&row, width: width, y: y)
        } else {
            try self.readFlatOrRepeated(&row, width: width, y: y)
        }
    }

    /// The new code: all reds, then all greens, blues, exponents; counts over 128 are runs of one value.
    private mutating func readComponents(_ row: inout [UInt8], width: Int, y: Int) throws(ImageError) {
        for component in 0 ..< 4 {
            var x = 0
            while x < width {
                let code = Int(try self.readByte(y))
                let count = code > 128 ? code - 128 : code
                guard count > 0, count <= width - x else {
                    throw self.damage(y, "has a run that is empty or crosses its end")
                }
                if code > 128 {
                    let value = try self.readByte(y)
                    for i in x ..< x + count { row[4 * i + component] = value }
                } else {
                    guard self.bytes.count - self.position >= count else { throw self.damage(y, "is cut off") }
                    for i in 0 ..< count { row[4 * (x + i) + component] = self.bytes[self.position + i] }
                    self.position += count
                }
                x += count
            }
        }
    }

    /// Flat pixels; in the old code, (1, 1, 1, n) repeats the last pixel n times, and successive ones count in base 256.
    private mutating func readFlatOrRepeated(_ row: inout [UInt8], width: Int, y: Int) throws(ImageError) {
        var x = 0
        var shift = 0
        while x < width {
            guard self.bytes.count - self.position >= 4 else { throw self.damage(y, "is cut off") }
            let p = self.position
            self.position += 4
            if self.bytes[p] == 1, self.bytes[p + 1] == 1, self.bytes[p + 2] == 1 {
                // No width needs more than two digits.
                guard x > 0, shift <= 8 else { throw self.damage(y, "has a repetition where none can be") }
                let count = Int(self.bytes[p + 3]) << shift
                guard count <= width - x else { throw self.damage(y, "has a run that crosses its end") }
                for i in 4 * x ..< 4 * (x + count) { row[i] = row[i - 4] }
                x += count
                shift += 8
            } else {
                for i in 0 ..< 4 { row[4 * x + i] = self.bytes[p + i] }
                x += 1
                shift = 0
            }
        }
    }

    private mutating func readByte(_ y: Int) throws(ImageError) -> UInt8 {
        guard self.position < self.bytes.count else { throw self.damage(y, "is cut off") }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    private func damage(_ y: Int, _ what: String) -> ImageError {
        ImageError(.malformed, "the Radiance picture is damaged: row \(y) \(what)")
    }
}
