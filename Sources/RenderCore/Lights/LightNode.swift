import CVector

/// The layout of a node of a light tree, and how much light its eight children may send to a place.
///
/// A node is twelve rows of eight 32-bit words, one word for each child: 48 bytes a child.
///
/// | row | content |
/// |---|---|
/// | 0, 1, 2 | the centre of a ball around the child's lights |
/// | 3 | its radius |
/// | 4 | power: radiance times area, or intensity, all colours added |
/// | 5, 6, 7 | the axis of a cone that holds the lights' normals |
/// | 8 | the cosine of the cone's angle; -1 for all directions |
/// | 9 | the cosine of the angle from the normal up to which they shine; not below 0 |
/// | 10 | the number of a node, or ``flag`` and the number of a light; ``none`` for no child |
/// | 11 | first word: where the node hangs, node << 3 + slot, or ``none``; then zeros |
///
/// The cosine of row 9 is above 0 only for single lights without extent.
enum LightNode {
    /// The bytes of a node.
    static var size: Int { 384 }
    /// The 32-bit words of a node.
    static var words: Int { 96 }
    /// Marks lights among the children.
    static var flag: UInt32 { 0x8000_0000 }
    /// Marks placed volumes among the lights without triangles.
    static var volumeFlag: UInt32 { 0x4000_0000 }
    /// No child, no parent.
    static var none: UInt32 { .max }
    /// The most levels of a tree.
    static var depthMax: Int { 64 }

    @inline(__always) static func child(_ node: UnsafeRawPointer, _ slot: Int) -> UInt32 {
        node.load(fromByteOffset: 320 &+ 4 &* slot, as: UInt32.self)
    }

    @inline(__always) static func parent(_ node: UnsafeRawPointer) -> UInt32 {
        node.load(fromByteOffset: 352, as: UInt32.self)
    }

    @inline(__always) static func powers(_ node: UnsafeRawPointer) -> SIMD8<Float> { row(node, 4) }

    /// For each child an estimate of the irradiance that it causes, zero only where none of its lights can shine.
    ///
    /// Section 5 of A. Conty Estevez and C. Kulla, "Importance Sampling of Many Lights with Adaptive Tree Splitting",
    /// 2018, with balls in place of boxes: power times the cosines at the light and at the receiver, over the square of
    /// the distance. Instead of lessening the angles by that under which the ball is seen, its sine is added to their
    /// cosines: a little off in between, but zero at the same place, without any square root.
    @inline(__always) static func importances(_ node: UnsafeRawPointer, _ receiver: LightReceiver) -> SIMD8<Float> {
        let zero = SIMD8<Float>(repeating: 0)
        let one = SIMD8<Float>(repeating: 1)
        // A thousandth of slack, so that rounding hides no light.
        let slack = SIMD8<Float>(repeating: 0x1p-10)
        let vx = row(node, 0) - SIMD8(repeating: receiver.point.x)
        let vy = row(node, 1) - SIMD8(repeating: receiver.point.y)
        let vz = row(node, 2) - SIMD8(repeating: receiver.point.z)
        let radius = row(node, 3)
        // Nearer than 15 micrometres nothing becomes any brighter.
        let safe = cvector_max8((vx * vx + vy * vy) + vz * vz, SIMD8(repeating: 0x1p-32))
        let inverse = one / safe.squareRoot()
        let ball = radius * inverse
        let power = row(node, 4) / cvector_max8(safe, radius * radius)

        // Between the cone's axis and the direction to the receiver, less the cone.
        let along = ((row(node, 5) * vx + row(node, 6) * vy) + row(node, 7) * vz) * inverse
        let cosAxis = cvector_max8(cvector_min8(zero - along, one), zero - one)
        let sinAxis = (one - cosAxis * cosAxis).squareRoot()
        let cosCone = row(node, 8)
        let sinCone = cvector_max8(one - cosCone * cosCone, zero).squareRoot()
        let cosBeyond = cvector_select_lt8(cosAxis, cosCone, cosAxis * cosCone + sinAxis * sinCone, one)
        let cosLight = cvector_min8(cosBeyond + ball, one)
        let shining = cvector_select_lt8(row(node, 9) - slack, cosLight, cvector_max8(cosLight, slack), zero)
        guard receiver.hasNormal else { return power * shining }

        // Between the receiver's normal and the direction to the light.
        let n = receiver.normal
        let across =
            ((SIMD8(repeating: n.x) * vx + SIMD8(repeating: n.y) * vy) + SIMD8(repeating: n.z) * vz) * inverse
        let cosSeen = cvector_min8(across + ball, one)
        return power * shining * cvector_select_lt8(zero - slack, cosSeen, cvector_max8(cosSeen, slack), zero)
    }

    /// A node over at most eight children, each with its code of row 10.
    static func words(_ children: [(bounds: LightBounds, code: UInt32)], parent: UInt32) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: Self.words)
        for k in 0 ..< 8 { words[80 + k] = Self.none }
        words[88] = parent
        for (slot, child) in children.enumerated() {
            let b = child.bounds
            let numbers = [
                b.center.x, b.center.y, b.center.z, b.radius, b.power, b.axis.x, b.axis.y, b.axis.z, b.cosCone,
                b.cosReach,
            ]
            for (row, value) in numbers.enumerated() { words[8 * row + slot] = value.bitPattern }
            words[80 + slot] = child.code
        }
        return words
    }

    @inline(__always) private static func row(_ node: UnsafeRawPointer, _ number: Int) -> SIMD8<Float> {
        node.load(fromByteOffset: 32 &* number, as: SIMD8<Float>.self)
    }
}
