/// How glass parts colours, one wavelength a path.
///
/// A path that meets glass which disperses goes on with one of its colours, drawn by how much of each it carries, and with
/// a wavelength around that colour's. A later piece of glass finds the one colour left, and the same wavelength.
enum Dispersion {
    /// How far wavelengths lie from that of their colour, in nanometres; next to each other, colours overlap.
    @inline(__always) private static var spread: Float { 56 }

    /// Leaves one colour in `lanes`, and their indices of refraction for it.
    @inline(never) static func separate(
        _ lanes: MaskLanes,
        _ dispersion: FloatLanes,
        key: UIntLanes,
        _ beta: inout Vector3Lanes,
        _ ior: inout FloatLanes
    ) {
        let sum = (beta.x + beta.y) + beta.z
        let pick = unitFloat(mixedBits(key ^ 0x6469_7370)) * sum
        let isRed = pick .< beta.x
        let isGreen = .!isRed .& (pick .< beta.x + beta.y)
        let isBlue = .!isRed .& .!isGreen
        let one = Vector3Lanes(select(isRed, sum, 0), select(isGreen, sum, 0), select(isBlue, sum, 0))
        let center: FloatLanes = select(isRed, 612, select(isGreen, 549, 465))
        let offset = (unitFloat(mixedBits(key ^ 0x7761_7665)) + unitFloat(mixedBits(key ^ 0x6c65_6e67))) - 1
        let length = center + offset * FloatLanes(Self.spread)
        // KHR_materials_dispersion: the first terms of Cauchy's equation through the index at 587.6 nm.
        let bend = 0x1.ff61cp18 / (length * length) - 0x1.844d02p0
        let index = clamped(ior + (ior - 1) * (dispersion * 0x1.99999ap-5) * bend, 1, 4)
        beta = select(lanes, one, beta)
        ior = select(lanes, index, ior)
    }
}
