import CVector

/// The light of a map between four neighbouring texels, and how often light samples go there.
private struct EnvironmentPatches {
    /// The upper left, upper right, lower left and lower right texel.
    let corners: (Vector3Lanes, Vector3Lanes, Vector3Lanes, Vector3Lanes)
    /// The density of the whole patch, times the sine of the angle from the poles.
    let density: FloatLanes
    /// The corners' brightness.
    let sums: (FloatLanes, FloatLanes, FloatLanes, FloatLanes)

    /// - Parameters:
    ///   - row: 0 above the centres of the first texels, then the row of texels at the lower edge.
    ///   - column: The column of the texels at the left edge.
    @inline(__always) init(_ texels: UnsafePointer<Float>, width: Int, row: UIntLanes, column: UIntLanes) {
        let count = UIntLanes(UInt32(truncatingIfNeeded: width))
        let next = column &+ 1
        let right = select(next .< count, next, 0)
        let lower = row &* count
        let upper = select(row .== 0, lower, lower &- count)
        let a = color(texels, upper &+ column)
        let b = color(texels, upper &+ right)
        let texel = FloatLanes.quads(at: texels, gather: lower &+ column)
        let c = Vector3Lanes(texel.0, texel.1, texel.2)
        let d = color(texels, lower &+ right)
        self.corners = (a, b, c, d)
        self.density = texel.3
        self.sums = ((a.x + a.y) + a.z, (b.x + b.y) + b.z, (c.x + c.y) + c.z, (d.x + d.y) + d.z)
    }

    @inline(__always) func radiance(_ x: FloatLanes, _ y: FloatLanes) -> Vector3Lanes {
        let (a, b, c, d) = self.corners
        return mix(mix(a, b, x), mix(c, d, x), y)
    }

    /// The density of drawing a point of the patch, times the sine: in proportion to its brightness.
    @inline(__always) func density(_ x: FloatLanes, _ y: FloatLanes) -> FloatLanes {
        let (a, b, c, d) = self.sums
        let mean = ((a + b) + (c + d)) * 0.25
        let here = mix(mix(a, b, x), mix(c, d, x), y)
        return self.density * select(mean .> 0, here / mean, 1)
    }

    /// Draws a point in proportion to its brightness.
    @inline(__always) func sample(_ u: FloatLanes, _ v: FloatLanes) -> (x: FloatLanes, y: FloatLanes) {
        let (a, b, c, d) = self.sums
        let y = sampleLinear(v, a + b, c + d)
        return (sampleLinear(u, mix(a, c, y), mix(b, d, y)), y)
    }
}

extension EnvironmentData {
    /// The radiance from directions of unit length, and the density per solid angle with which the map's light samples go
    /// there; other directions give any radiance of the map.
    @inline(__always) func light(
        _ direction: Vector3Lanes
    ) -> (radiance: Vector3Lanes, density: FloatLanes) {
        guard let texels = self.texels else { return (Vector3Lanes(self.radiance), 0) }
        let (u, v) = self.coordinates(direction)
        let height = FloatLanes(Float(self.height))
        let s = u * FloatLanes(Float(self.width)) - 0.5
        let t = v * height
        let left = floorToInt(s)
        let x = clamped(s - FloatLanes(left), 0, 1)
        // -1...width - 1 becomes a column.
        let column = select(left .< 0, left + IntLanes(Int32(truncatingIfNeeded: self.width)), left)
        let row = FloatLanes(IntLanes(truncating: clamped(t + 0.5, 0, height)))
        let (start, extent) = self.rows(row)
        let y = clamped((t - start) / extent, 0, 1)
        let patches = EnvironmentPatches(
            texels,
            width: self.width,
            row: UIntLanes(bitPattern: IntLanes(truncating: row)),
            column: UIntLanes(bitPattern: column)
        )
        let radiance = patches.radiance(x, y) * FloatLanes(self.intensity)
        guard self.isSampled else { return (radiance, 0) }
        let sine = (direction.x * direction.x + direction.z * direction.z).squareRoot()
        return (radiance, perSolidAngle(patches.density(x, y), sine))
    }

    /// Draws directions in proportion to the light from them.
    ///
    /// Uses the first four rows of `scratch`. A map must be sampled; a density of zero means that there is no direction.
    @inline(__always) func sample(
        _ u: (UIntLanes, UIntLanes),
        _ lanes: MaskLanes,
        _ scratch: LaneScratch
    ) -> (direction: Vector3Lanes, radiance: Vector3Lanes, density: FloatLanes) {
        guard let texels = self.texels, let rows = self.rowStarts, let columns = self.columnStarts,
            let guides = self.guides
        else { return (.zero, .zero, 0) }
        let rowCount = self.height &+ 1
        let rowGuide = 1 &<< DiscreteDistribution.guideBits(count: rowCount)
        let columnBits = DiscreteDistribution.guideBits(count: self.width)
        // The tables of the columns are larger than the nearer caches. All rows first, then all guides, then the columns:
        // each pass begins to load what the next one reads.
        for lane in LaneSequence(lanes) {
            let y = DiscreteDistribution.pick(u.0[lane], rows, count: rowCount, guide: guides)
            let guide = guides + (rowGuide &+ y &<< columnBits)
            cvector_prefetch(guide + DiscreteDistribution.part(u.1[lane], bits: columnBits))
            scratch.set(1, lane, UInt32(truncatingIfNeeded: y))
        }
        for lane in LaneSequence(lanes) {
            let y = Int(scratch.word(1, lane))
            let guide = guides + (rowGuide &+ y &<< columnBits)
            let low = Int(guide[DiscreteDistribution.part(u.1[lane], bits: columnBits)])
            cvector_prefetch(columns + (y &* self.width &+ low))
        }
        for lane in LaneSequence(lanes) {
            let (first, second) = (u.0[lane], u.1[lane])
            let y = Int(scratch.word(1, lane))
            let starts = columns + y &* self.width
            let guide = guides + (rowGuide &+ y &<< columnBits)
            let x = DiscreteDistribution.pick(second, starts, count: self.width, guide: guide)
            // The texels are read after all lanes have drawn theirs: this row and the one above.
            let texel = texels + 4 &* (y &* self.width &+ x)
            cvector_prefetch(texel)
            cvector_prefetch(y > 0 ? texel - 4 &* self.width : texel)
            scratch.set(0, lane, UInt32(truncatingIfNeeded: x))
            scratch.set(2, lane, DiscreteDistribution.rest(second, starts, x, count: self.width))
            scratch.set(3, lane, DiscreteDistribution.rest(first, rows, y, count: rowCount))
        }
        // What other lanes have left there must point into the map, too.
        let column = select(lanes, scratch.words(0), 0)
        let row = select(lanes, scratch.words(1), 0)
        let patches = EnvironmentPatches(texels, width: self.width, row: row, column: column)
        let (x, y) = patches.sample(clamped(scratch.floats(2), 0, 1), clamped(scratch.floats(3), 0, 1))
        let (start, extent) = self.rows(FloatLanes(IntLanes(bitPattern: row)))
        let height = FloatLanes(Float(self.height))
        let (sine, cosine) = sinCos(turns: (start + extent * y) / (height + height))
        let turns = (FloatLanes(IntLanes(bitPattern: column)) + 0.5 + x) / FloatLanes(Float(self.width))
        let (s, c) = sinCos(turns: turns - 0.5)
        let mx = sine * s
        let mz = -sine * c
        let turned = FloatLanes(self.cosine)
        let turn = FloatLanes(self.sine)
        return (
            Vector3Lanes(mx * turned + mz * turn, cosine, mz * turned - mx * turn),
            patches.radiance(x, y) * FloatLanes(self.intensity),
            perSolidAngle(patches.density(x, y), sine)
        )
    }

    /// Where patches begin and how high they are, in texels from the top: the first and the last are half as high.
    @inline(__always) private func rows(_ row: FloatLanes) -> (start: FloatLanes, extent: FloatLanes) {
        let isFirst = row .== 0
        let isLast = row .>= FloatLanes(Float(self.height))
        return (select(isFirst, 0, row - 0.5), select(isFirst .| isLast, 0.5, 1))
    }

    /// The positions in the map, each 0...1.
    @inline(__always) private func coordinates(_ d: Vector3Lanes) -> (FloatLanes, FloatLanes) {
        let sine = FloatLanes(self.sine)
        let cosine = FloatLanes(self.cosine)
        let x = d.x * cosine - d.z * sine
        let z = d.x * sine + d.z * cosine
        return (
            clamped(0.5 + arcTangent(y: x, x: -z) * FloatLanes(Pi.inverseOfTwo), 0, 1),
            clamped(arcCosine(d.y) * FloatLanes(Pi.inverse), 0, 1)
        )
    }
}

@inline(__always) private func color(_ texels: UnsafePointer<Float>, _ number: UIntLanes) -> Vector3Lanes {
    let texel = FloatLanes.quads(at: texels, gather: number)
    return Vector3Lanes(texel.0, texel.1, texel.2)
}

@inline(__always) private func perSolidAngle(_ density: FloatLanes, _ sine: FloatLanes) -> FloatLanes {
    select(sine .> 0x1p-20, density / sine, 0)
}

/// A number of 0...1 in proportion to what goes from `a` to `b` in a straight line, neither negative.
@inline(__always) private func sampleLinear(_ u: FloatLanes, _ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
    let sum = a + b
    let isThere = sum .> 0
    let first = a / select(isThere, sum, 1)
    let second = 1 - first
    let root = (mix(first * first, second * second, u)).squareRoot()
    return select(isThere, smaller(u / larger(first + root, 0x1p-60), 1), u)
}
