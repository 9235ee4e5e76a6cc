import CVector

/// The box of a primitive while a hierarchy is built: the lower corner, the primitive's number, then the upper corner
/// negated, so that one minimum enlarges a box.
///
/// The number is the mantissa of a number of ordinary size: arithmetic on other bit patterns can be very slow.
typealias BuildReference = SIMD8<Float>

extension BuildReference {
    /// Added to the numbers of instances among those of triangles.
    static var instanceFlag: UInt32 { 1 << 29 }

    @inline(__always) init(low: Vector3, high: Vector3, number: UInt32) {
        self.init(
            low.x,
            low.y,
            low.z,
            Float(bitPattern: number | 0x4000_0000),
            -high.x,
            -high.y,
            -high.z,
            0
        )
    }
}

/// Some of the references, with their box and the box of the (doubled) centres of theirs.
struct BuildRange: BitwiseCopyable {
    var begin: Int
    var count: Int
    var depth: Int
    var box = BuildRange.empty
    var centerLow = SIMD4<Float>(repeating: .infinity)
    var centerHigh = SIMD4<Float>(repeating: -.infinity)
    /// Half the surface of the box.
    var area: Float = 0

    @inline(__always) static var empty: BuildReference { BuildReference(repeating: .infinity) }

    @inline(__always) mutating func include(_ reference: UnsafePointer<BuildReference>) {
        let center = BuildRange.center(reference)
        self.box = cvector_min8(self.box, reference.pointee)
        self.centerLow = cvector_min4(self.centerLow, center)
        self.centerHigh = cvector_max4(self.centerHigh, center)
    }

    mutating func include(_ other: BuildRange) {
        self.box = cvector_min8(self.box, other.box)
        self.centerLow = cvector_min4(self.centerLow, other.centerLow)
        self.centerHigh = cvector_max4(self.centerHigh, other.centerHigh)
    }

    /// The doubled centre of a reference's box; the fourth number means nothing.
    @inline(__always) static func center(_ reference: UnsafePointer<BuildReference>) -> SIMD4<Float> {
        let raw = UnsafeRawPointer(reference)
        return raw.load(as: SIMD4<Float>.self) - raw.load(fromByteOffset: 16, as: SIMD4<Float>.self)
    }

    @inline(__always) static func number(_ reference: UnsafePointer<BuildReference>) -> UInt32 {
        UnsafeRawPointer(reference).load(fromByteOffset: 12, as: UInt32.self) & 0x3fff_ffff
    }

    @inline(__always) static func halfArea(_ box: BuildReference) -> Float {
        let x = -(box[0] + box[4])
        let y = -(box[1] + box[5])
        let z = -(box[2] + box[6])
        return (x * y + y * z) + z * x
    }
}

/// Where a range is cut in two.
struct BuildSplit: BitwiseCopyable {
    var axis: Int
    /// The last bin of the left part.
    var bin: Int
    var leftCount: Int
    var left: BuildReference
    var right: BuildReference
    /// References whose scaled centre is below this go to the left.
    var scale: Float
    var origin: Float
}

/// Room to sort the references of one range into bins along the three axes.
///
/// After I. Wald, "On fast Construction of SAH-based Bounding Volume Hierarchies", 2007.
struct BuildBins {
    static var most: Int { 32 }

    private let boxes: UnsafeMutablePointer<BuildReference>
    private let counts: UnsafeMutablePointer<UInt32>

    init() {
        self.boxes = .allocate(capacity: 3 * Self.most)
        self.counts = .allocate(capacity: 3 * Self.most)
    }

    func deallocate() {
        self.boxes.deallocate()
        self.counts.deallocate()
    }

    /// Few references need few bins: with `most` for all, half of the time goes into sweeping.
    @inline(__always) static func count(for range: BuildRange, _ settings: BVHSettings) -> Int {
        min(settings.bins, 4 + range.count / 20)
    }

    @inline(__always) private static func scale(_ range: BuildRange, _ count: Int) -> SIMD4<Float> {
        var scale = SIMD4<Float>(repeating: 0)
        let extent = range.centerHigh - range.centerLow
        for axis in 0 ..< 3 where extent[axis] > 0 {
            let s = Float(count) / extent[axis]
            scale[axis] = s.isFinite ? s : 0
        }
        return scale
    }

    func clear(_ count: Int) {
        for axis in 0 ..< 3 {
            (self.boxes + axis * Self.most).update(repeating: BuildRange.empty, count: count)
            (self.counts + axis * Self.most).update(repeating: 0, count: count)
        }
    }

    /// Adds the references of a part of a range.
    func add(
        _ references: UnsafePointer<BuildReference>,
        _ part: Range<Int>,
        of range: BuildRange,
        _ count: Int
    ) {
        let scale = Self.scale(range, count)
        let origin = range.centerLow
        let last = SIMD4<Float>(repeating: Float(count - 1))
        let boxes = self.boxes
        let counts = self.counts
        var at = references + part.lowerBound
        for _ in part {
            let bin = cvector_bins4((BuildRange.center(at) - origin) * scale, last)
            let x = Int(bin[0])
            let y = Self.most &+ Int(bin[1])
            let z = 2 &* Self.most &+ Int(bin[2])
            boxes[x] = cvector_min8(boxes[x], at.pointee)
            boxes[y] = cvector_min8(boxes[y], at.pointee)
            boxes[z] = cvector_min8(boxes[z], at.pointee)
            counts[x] &+= 1
            counts[y] &+= 1
            counts[z] &+= 1
            at += 1
        }
    }

    /// Adds what another has sorted.
    func merge(_ other: BuildBins, _ count: Int) {
        for axis in 0 ..< 3 {
            for i in axis * Self.most ..< axis * Self.most + count {
                self.boxes[i] = cvector_min8(self.boxes[i], other.boxes[i])
                self.counts[i] &+= other.counts[i]
            }
        }
    }

    /// The cheapest cut between bins, or nothing when all centres are in one place.
    ///
    /// - Parameter leaf: How many primitives a leaf block has: the cost is in blocks.
    func best(_ range: BuildRange, _ count: Int, leaf: Int) -> BuildSplit? {
        let scale = Self.scale(range, count)
        var bestCost = Float.infinity
        var best = BuildSplit(
            axis: -1,
            bin: 0,
            leftCount: 0,
            left: BuildRange.empty,
            right: BuildRange.empty,
            scale: 0,
            origin: 0
        )
        let blocks = UInt32(truncatingIfNeeded: leaf &- 1)
        let shift = UInt32(truncatingIfNeeded: leaf.trailingZeroBitCount)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.most) { rightCosts in
            for axis in 0 ..< 3 where scale[axis] > 0 {
                let boxes = self.boxes + axis &* Self.most
                let counts = self.counts + axis &* Self.most
                var box = BuildRange.empty
                var sum: UInt32 = 0
                var i = count &- 1
                while i > 0 {
                    box = cvector_min8(box, boxes[i])
                    sum &+= counts[i]
                    rightCosts[i] = sum == 0 ? 0 : BuildRange.halfArea(box) * Float((sum &+ blocks) &>> shift)
                    i &-= 1
                }
                box = BuildRange.empty
                sum = 0
                for i in 0 ..< count &- 1 {
                    box = cvector_min8(box, boxes[i])
                    sum &+= counts[i]
                    guard sum > 0, sum < UInt32(truncatingIfNeeded: range.count) else { continue }
                    let cost =
                        BuildRange.halfArea(box) * Float((sum &+ blocks) &>> shift) + rightCosts[i &+ 1]
                    if cost < bestCost {
                        bestCost = cost
                        best.axis = axis
                        best.bin = i
                        best.leftCount = Int(sum)
                        best.left = box
                    }
                }
            }
        }
        guard best.axis >= 0 else { return nil }
        for i in best.bin + 1 ..< count { best.right = cvector_min8(best.right, self.boxes[best.axis * Self.most + i]) }
        best.scale = scale[best.axis]
        best.origin = range.centerLow[best.axis]
        return best
    }
}

/// Cuts a range in two and moves its references accordingly.
@inline(never) func partition(
    _ references: UnsafeMutablePointer<BuildReference>,
    _ range: BuildRange,
    _ split: BuildSplit?
) -> (BuildRange, BuildRange) {
    guard let split else { return halves(references, range) }
    // Without a branch on the side, which nothing could predict: every reference changes places with the first of the
    // right part, and the border moves when it belongs to the left.
    var left = BuildRange(begin: range.begin, count: split.leftCount, depth: range.depth + 1, box: split.left)
    var right = BuildRange(
        begin: range.begin + split.leftCount,
        count: range.count - split.leftCount,
        depth: range.depth + 1,
        box: split.right
    )
    let border = Float(split.bin + 1)
    let axis = split.axis
    var leftLow = left.centerLow
    var leftHigh = left.centerHigh
    var rightLow = leftLow
    var rightHigh = leftHigh
    var at = references + range.begin
    var middle = at
    for _ in 0 ..< range.count {
        let reference = at.pointee
        let center = BuildRange.center(at)
        let raw = UnsafeRawPointer(at)
        let position =
            raw.load(fromByteOffset: 4 &* axis, as: Float.self)
            - raw.load(fromByteOffset: 16 &+ 4 &* axis, as: Float.self)
        // The same numbers as in the bins, whose index is this rounded down.
        let isLeft = (position - split.origin) * split.scale < border
        at.pointee = middle.pointee
        middle.pointee = reference
        middle += isLeft ? 1 : 0
        leftLow = cvector_min_if4(isLeft, leftLow, center)
        leftHigh = cvector_max_if4(isLeft, leftHigh, center)
        rightLow = cvector_min_if4(!isLeft, rightLow, center)
        rightHigh = cvector_max_if4(!isLeft, rightHigh, center)
        at += 1
    }
    left.centerLow = leftLow
    left.centerHigh = leftHigh
    right.centerLow = rightLow
    right.centerHigh = rightHigh
    left.area = BuildRange.halfArea(left.box)
    right.area = BuildRange.halfArea(right.box)
    return (left, right)
}

/// Cuts a range in the middle of its references as they lie.
private func halves(
    _ references: UnsafeMutablePointer<BuildReference>,
    _ range: BuildRange
) -> (BuildRange, BuildRange) {
    let half = range.count / 2
    var left = BuildRange(begin: range.begin, count: half, depth: range.depth + 1)
    var right = BuildRange(begin: range.begin + half, count: range.count - half, depth: range.depth + 1)
    for i in range.begin ..< range.begin + half { left.include(references + i) }
    for i in range.begin + half ..< range.begin + range.count { right.include(references + i) }
    left.area = BuildRange.halfArea(left.box)
    right.area = BuildRange.halfArea(right.box)
    return (left, right)
}
