/// What rays see at once on the surfaces that they hit.
struct FootprintLanes {
    let coneWidth: FloatLanes
    let area: FloatLanes
    let cosine: FloatLanes
    let key: UIntLanes
    /// When each ray is traced, see ``RayLanes/time``.
    let time: FloatLanes

    @inline(__always) init(
        coneWidth: FloatLanes,
        area: FloatLanes,
        cosine: FloatLanes,
        _ rays: borrowing RayLanes
    ) {
        self.coneWidth = coneWidth
        self.area = area
        self.cosine = cosine
        self.key = rays.key
        self.time = rays.time
    }

    @inline(__always) func footprint(_ lane: Int, textureArea: Float) -> TextureFootprint {
        TextureFootprint(
            coneWidth: self.coneWidth[lane],
            textureArea: textureArea,
            area: self.area[lane],
            cosine: self.cosine[lane],
            key: self.key[lane]
        )
    }
}

/// The area of a triangle in texture coordinates.
@inline(__always) func textureArea(
    _ coordinates: UnsafePointer<Float>,
    _ corners: UnsafePointer<UInt32>
) -> Float {
    let (i0, i1, i2) = (2 &* Int(corners[0]), 2 &* Int(corners[1]), 2 &* Int(corners[2]))
    let (du1, dv1) = (coordinates[i1] - coordinates[i0], coordinates[i1 &+ 1] - coordinates[i0 &+ 1])
    let (du2, dv2) = (coordinates[i2] - coordinates[i0], coordinates[i2 &+ 1] - coordinates[i0 &+ 1])
    return (du1 * dv2 - dv1 * du2).magnitude * 0.5
}
