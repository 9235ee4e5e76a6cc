import CVector

extension EnvironmentData {
    /// The radiance from directions of unit length; other directions give any radiance of the map.
    @inline(__always) func radiance(_ direction: Vector3Lanes) -> Vector3Lanes {
        guard let texels = self.texels else { return Vector3Lanes(self.radiance) }
        let (u, v) = self.coordinates(direction)
        let last = FloatLanes(Float(self.height &- 1))
        let s = u * FloatLanes(Float(self.width)) - 0.5
        let t = clamped(v * FloatLanes(Float(self.height)) - 0.5, 0, last)
        let x = floorToInt(s)
        let y = floorToInt(t)
        let fx = clamped(s - FloatLanes(x), 0, 1)
        let fy = clamped(t - FloatLanes(y), 0, 1)
        // -1...width becomes a column; rows beyond the last one are the last one.
        let width = IntLanes(Int32(truncatingIfNeeded: self.width))
        let x0 = select(x .< 0, x + width, x)
        let right = x + 1
        let x1 = select(right .< width, right, right - width)
        let below = y + 1
        let y1 = select(below .< IntLanes(Int32(truncatingIfNeeded: self.height)), below, y)
        let row0 = UIntLanes(bitPattern: y) &* UIntLanes(bitPattern: width)
        let row1 = UIntLanes(bitPattern: y1) &* UIntLanes(bitPattern: width)
        let first = UIntLanes(bitPattern: x0)
        let second = UIntLanes(bitPattern: x1)
        let a = color(texels, row0 &+ first)
        let b = color(texels, row0 &+ second)
        let c = color(texels, row1 &+ first)
        let d = color(texels, row1 &+ second)
        return mix(mix(a, b, fx), mix(c, d, fx), fy) * FloatLanes(self.intensity)
    }

    /// The density per solid angle with which directions of unit length are drawn from the map.
    @inline(__always) func density(_ direction: Vector3Lanes) -> FloatLanes {
        guard self.isSampled, let texels = self.texels else { return 0 }
        let (u, v) = self.coordinates(direction)
        let lastColumn = FloatLanes(Float(self.width &- 1))
        let lastRow = FloatLanes(Float(self.height &- 1))
        let x = IntLanes(truncating: clamped(u * FloatLanes(Float(self.width)), 0, lastColumn))
        let y = IntLanes(truncating: clamped(v * FloatLanes(Float(self.height)), 0, lastRow))
        let row = UIntLanes(bitPattern: y) &* UIntLanes(UInt32(truncatingIfNeeded: self.width))
        let sine = (direction.x * direction.x + direction.z * direction.z).squareRoot()
        return densityOfTexels(texels, row &+ UIntLanes(bitPattern: x), sine)
    }

    /// Draws directions in proportion to the light from them, and tells their densities per solid angle.
    ///
    /// Uses the first four rows of `scratch`. A map must be sampled; a density of zero means that there is no direction.
    @inline(__always) func sample(
        _ u: (UIntLanes, UIntLanes),
        _ lanes: MaskLanes,
        _ scratch: LaneScratch
    ) -> (direction: Vector3Lanes, density: FloatLanes) {
        guard let texels = self.texels, let rows = self.rowStarts, let columns = self.columnStarts,
            let guides = self.guides
        else { return (.zero, 0) }
        let rowGuide = 1 &<< DiscreteDistribution.guideBits(count: self.height)
        let columnBits = DiscreteDistribution.guideBits(count: self.width)
        // The tables of the columns are larger than the nearer caches. All rows first, then all guides, then the columns:
        // each pass begins to load what the next one reads.
        for lane in LaneSequence(lanes) {
            let y = DiscreteDistribution.pick(u.0[lane], rows, count: self.height, guide: guides)
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
            // The texels are read after all lanes have drawn theirs.
            let texel = texels + 4 &* (y &* self.width &+ x)
            cvector_prefetch(texel)
            cvector_prefetch(texel + 4 &* self.width)
            scratch.set(0, lane, Float(Int32(truncatingIfNeeded: x)))
            scratch.set(1, lane, Float(Int32(truncatingIfNeeded: y)))
            scratch.set(2, lane, DiscreteDistribution.rest(second, starts, x, count: self.width))
            scratch.set(3, lane, DiscreteDistribution.rest(first, rows, y, count: self.height))
        }
        let x = scratch.floats(0)
        let y = scratch.floats(1)
        let (sine, cosine) = sinCos(turns: (y + scratch.floats(3)) / FloatLanes(Float(2 &* self.height)))
        let (s, c) = sinCos(turns: (x + scratch.floats(2)) / FloatLanes(Float(self.width)) - 0.5)
        let mx = sine * s
        let mz = -sine * c
        let turned = FloatLanes(self.cosine)
        let turn = FloatLanes(self.sine)
        let lastColumn = FloatLanes(Float(self.width &- 1))
        let lastRow = FloatLanes(Float(self.height &- 1))
        let column = UIntLanes(bitPattern: IntLanes(truncating: clamped(x, 0, lastColumn)))
        let row = UIntLanes(bitPattern: IntLanes(truncating: clamped(y, 0, lastRow)))
        let texel = row &* UIntLanes(UInt32(truncatingIfNeeded: self.width)) &+ column
        return (
            Vector3Lanes(mx * turned + mz * turn, cosine, mz * turned - mx * turn),
            densityOfTexels(texels, texel, sine)
        )
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

/// The density of texels where the sine of the angle from the poles is this.
@inline(__always) private func densityOfTexels(
    _ texels: UnsafePointer<Float>,
    _ number: UIntLanes,
    _ sine: FloatLanes
) -> FloatLanes {
    select(sine .> 0x1p-20, FloatLanes(at: texels + 3, gather: number &<< 2) / sine, 0)
}
