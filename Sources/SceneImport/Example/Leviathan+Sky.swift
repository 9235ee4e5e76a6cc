extension Leviathan {
    /// A sky of ember clouds under a night, as a Radiance HDR picture.
    static func sky() -> [UInt8] {
        let width = 768
        let height = 384
        var bytes = Array("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y \(height) +X \(width)\n".utf8)
        for row in 0 ..< height {
            let elevation = (0.5 - (Double(row) + 0.5) / Double(height)) * 180
            var pixels: [[UInt8]] = []
            pixels.reserveCapacity(width)
            for column in 0 ..< width {
                let azimuth = ((Double(column) + 0.5) / Double(width) - 0.5) * 360
                pixels.append(Self.rgbe(Self.radiance(azimuth: azimuth, elevation: elevation)))
            }
            bytes.append(contentsOf: [2, 2, UInt8(width >> 8), UInt8(width & 255)])
            for channel in 0 ..< 4 { Self.appendRuns(pixels.map { $0[channel] }, to: &bytes) }
        }
        return bytes
    }

    /// The sky's radiance; the camera looks at azimuth 0.
    private static func radiance(azimuth: Double, elevation: Double) -> SIMD3<Double> {
        guard elevation > -3 else { return SIMD3(0.004, 0.005, 0.007) }
        // Steps of a quarter degree outside of the picture keep rows of equal values, which pack well.
        let isSeen = azimuth.magnitude < 56 && elevation < 42
        let a = isSeen ? azimuth : (azimuth / 12).rounded() * 12
        let up = max(elevation, 0) / 90
        let night = SIMD3(0.007, 0.014, 0.03) * (1 - up) + SIMD3(0.003, 0.006, 0.014) * up
        let low = 1 - self.smooth(elevation / 30)
        let band = low * low
        // Embers glow behind the volcano on the right, and less on the left.
        let right = 1 / (1 + (a - 24) * (a - 24) / 420)
        let left = 0.55 / (1 + (a + 32) * (a + 32) / 500)
        let glow =
            SIMD3(0.85, 0.19, 0.035) * (band * band * band * (right + left))
            + SIMD3(0.04, 0.011, 0.022) * (band * (0.2 + right + left))
        // A halo around the moon.
        let du = a + 3
        let dv = elevation - 7.6
        let near = 1 / (1 + (du * du + dv * dv) / 34)
        let halo = SIMD3(0.16, 0.125, 0.09) * (near * near)
        var color = night + glow + halo
        if isSeen {
            let fade = self.smooth((56 - azimuth.magnitude) / 14) * self.smooth((42 - elevation) / 12)
            let cloud = self.clouds(azimuth / 15 + elevation * 0.03, elevation / 3.4)
            let lit = (cloud - 0.47) * 4.6 * fade
            // Thick clouds hide the glow, thin ones catch it.
            color = color * min(1.6, max(0.12, 1 - lit)) + glow * (max(0, 1 - (lit - 0.45).magnitude * 2.5) * 0.5)
        }
        return color
    }

    /// Five octaves of smooth noise, 0 to 1 or so.
    private static func clouds(_ x: Double, _ y: Double) -> Double {
        var sum = 0.0
        var weight = 0.5
        var scale = 1.0
        for octave in 0 ..< 5 {
            sum += weight * self.noise(x * scale + Double(octave) * 17.3, y * scale - Double(octave) * 9.1)
            weight *= 0.52
            scale *= 2.1
        }
        return sum
    }

    private static func noise(_ x: Double, _ y: Double) -> Double {
        let fx = x.rounded(.down)
        let fy = y.rounded(.down)
        let i = Int(fx)
        let j = Int(fy)
        func corner(_ di: Int, _ dj: Int) -> Double {
            var random = SeededRandom(seed: UInt64(bitPattern: Int64((i + di) &* 7919 &+ (j + dj) &* 104_729)))
            return random.unit()
        }
        let u = self.smooth(x - fx)
        let v = self.smooth(y - fy)
        let top = corner(0, 0) * (1 - u) + corner(1, 0) * u
        let bottom = corner(0, 1) * (1 - u) + corner(1, 1) * u
        return top * (1 - v) + bottom * v
    }

    /// Three mantissas and their common exponent (Ward 1991), found without logarithms.
    static func rgbe(_ color: SIMD3<Double>) -> [UInt8] {
        let largest = color.max()
        guard largest > 1e-9 else { return [0, 0, 0, 0] }
        let exponent = largest.exponent + 1
        let scale = 256 / Double(sign: .plus, exponent: exponent, significand: 1)
        return [
            UInt8(min(255, max(0, color.x * scale))), UInt8(min(255, max(0, color.y * scale))),
            UInt8(min(255, max(0, color.z * scale))), UInt8(clamping: Int(exponent) + 128),
        ]
    }

    /// Packs one channel of a row: runs of equal bytes, and stretches of different ones.
    static func appendRuns(_ values: [UInt8], to bytes: inout [UInt8]) {
        var i = 0
        while i < values.count {
            var run = 1
            while i + run < values.count, run < 127, values[i + run] == values[i] { run += 1 }
            if run >= 4 {
                bytes.append(UInt8(128 + run))
                bytes.append(values[i])
                i += run
                continue
            }
            let start = i
            var end = i
            while end < values.count, end - start < 128 {
                if end + 3 < values.count, values[end] == values[end + 1], values[end] == values[end + 2],
                    values[end] == values[end + 3]
                {
                    break
                }
                end += 1
            }
            bytes.append(UInt8(end - start))
            bytes.append(contentsOf: values[start ..< end])
            i = end
        }
    }
}
