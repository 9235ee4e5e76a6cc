import CVector

/// The nearest hit of a ray; `triangle` is `UInt32.max` for none.
struct RayHit: BitwiseCopyable {
    var t: Float
    var triangle: UInt32
    /// The weights of the corners, which add up to one.
    var weights = Vector3(0)

    @inline(__always) var isMiss: Bool { self.triangle == .max }
}

/// Finds hits by walking through the hierarchy with one ray at a time.
///
/// Reads through unsafe pointers into arrays that the builder sized; the stack holds ``BVHData/stackSize`` entries, which
/// the bounded depth of the tree cannot exceed.
struct Traversal {
    /// Nodes still to visit: the bits of the entry distance above the child code.
    ///
    /// Distances are not negative, so the keys order like them.
    private let stack: UnsafeMutablePointer<UInt64>
    /// 32 bytes for the entry distances of a node's children.
    private let entries: UnsafeMutableRawPointer
    /// Counts visited nodes when a test asks for it.
    private let counter: UnsafeMutablePointer<Int>?

    init(memory: SceneMemory, counter: UnsafeMutablePointer<Int>? = nil) {
        self.stack = memory.allocate(UInt64.self, count: BVHData.stackSize)
        self.entries = memory.allocate(64)
        self.counter = counter
    }

    /// The nearest hit within `tMax`, ties going to the lowest triangle; `skipped` is invisible.
    ///
    /// `key` decides which of the fractional holes of ``Material/AlphaMode/blend`` this ray sees.
    func nearest(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        tMax: Float,
        skipped: UInt32,
        key: UInt32
    ) -> RayHit {
        let setup = RaySetup(ray)
        let box = BoxSetup(setup)
        let triangles = LeafSetup(setup)
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let padding = view.pointee.bvh.padding
        var best = RayHit(t: tMax, triangle: .max)
        var determinant: Float = 1
        var depth = 0
        var current: UInt32 = 0
        while true {
            if current & BVHData.flag == 0 {
                if let counter = self.counter { counter.pointee += 1 }
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = box.children(of: node, within: best.t, entries: self.entries)
                if hits != 0 {
                    let first = Int(truncatingIfNeeded: hits.trailingZeroBitCount)
                    hits &= hits &- 1
                    guard hits != 0 else {
                        current = node.load(fromByteOffset: 192 &+ 4 &* first, as: UInt32.self)
                        continue
                    }
                    // Sort the hit children into the stack, nearest on top.
                    let floor = depth
                    self.push(self.key(node, first), floor, &depth)
                    repeat {
                        self.push(self.key(node, hits.trailingZeroBitCount), floor, &depth)
                        hits &= hits &- 1
                    } while hits != 0
                    depth &-= 1
                    current = UInt32(truncatingIfNeeded: self.stack[depth])
                    continue
                }
            } else {
                let block = leaves + Int(current & ~BVHData.flag) &* BVHData.leafSize
                var candidates = triangles.candidates(in: block, within: best.t)
                while candidates != 0 {
                    let lane = 4 &* candidates.trailingZeroBitCount
                    candidates &= candidates &- 1
                    let word = block.load(fromByteOffset: 144 &+ lane, as: UInt32.self)
                    let id = word & ~BVHData.flag
                    guard id != skipped, let hit = setup.test(block + lane, padding: padding, tMax: best.t),
                        hit.t < best.t || id < best.triangle,
                        word & BVHData.flag == 0 || isSolid(view, id, hit, key)
                    else { continue }
                    best = RayHit(t: hit.t, triangle: id, weights: Vector3(hit.u, hit.v, hit.w))
                    determinant = hit.det
                }
            }
            // The next node that is not behind the hit.
            repeat {
                guard depth > 0 else {
                    best.weights *= 1 / determinant
                    return best
                }
                depth &-= 1
                current = UInt32(truncatingIfNeeded: self.stack[depth])
            } while Float(bitPattern: UInt32(truncatingIfNeeded: self.stack[depth] &>> 32)) > best.t
        }
    }

    /// Whether anything but the two triangles is hit nearer than `tMax`.
    func isOccluded(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        tMax: Float,
        skipped: UInt32,
        target: UInt32,
        key: UInt32
    ) -> Bool {
        let setup = RaySetup(ray)
        let box = BoxSetup(setup)
        let triangles = LeafSetup(setup)
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let padding = view.pointee.bvh.padding
        var depth = 0
        var current: UInt32 = 0
        while true {
            if current & BVHData.flag == 0 {
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = box.children(of: node, within: tMax, entries: self.entries)
                while hits != 0 {
                    let child = 192 &+ 4 &* hits.trailingZeroBitCount
                    self.stack[depth] = UInt64(node.load(fromByteOffset: child, as: UInt32.self))
                    depth &+= 1
                    hits &= hits &- 1
                }
            } else {
                let block = leaves + Int(current & ~BVHData.flag) &* BVHData.leafSize
                var candidates = triangles.candidates(in: block, within: tMax)
                while candidates != 0 {
                    let lane = 4 &* candidates.trailingZeroBitCount
                    candidates &= candidates &- 1
                    let word = block.load(fromByteOffset: 144 &+ lane, as: UInt32.self)
                    let id = word & ~BVHData.flag
                    guard id != skipped, id != target,
                        let hit = setup.test(block + lane, padding: padding, tMax: tMax), hit.t < tMax,
                        word & BVHData.flag == 0 || isSolid(view, id, hit, key)
                    else { continue }
                    return true
                }
            }
            guard depth > 0 else { return false }
            depth &-= 1
            current = UInt32(truncatingIfNeeded: self.stack[depth])
        }
    }

    @inline(__always) private func key(_ node: UnsafeRawPointer, _ child: Int) -> UInt64 {
        let entry = self.entries.load(fromByteOffset: 4 &* child, as: UInt32.self)
        return UInt64(entry) &<< 32 | UInt64(node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self))
    }

    /// Inserts a key into the descending run that begins at `floor`.
    @inline(__always) private func push(_ key: UInt64, _ floor: Int, _ depth: inout Int) {
        var at = depth
        while at > floor, self.stack[at &- 1] < key {
            self.stack[at] = self.stack[at &- 1]
            at &-= 1
        }
        self.stack[at] = key
        depth &+= 1
    }
}

/// A ray's constants for box tests, eight boxes at a time.
private struct BoxSetup {
    private let ox: SIMD8<Float>
    private let oy: SIMD8<Float>
    private let oz: SIMD8<Float>
    private let rx: SIMD8<Float>
    private let ry: SIMD8<Float>
    private let rz: SIMD8<Float>
    /// Byte offsets of the near planes; the far ones are 32 bytes beside.
    private let nearX: Int
    private let nearY: Int
    private let nearZ: Int

    @inline(__always) init(_ ray: RaySetup) {
        self.ox = SIMD8(repeating: ray.origin.x)
        self.oy = SIMD8(repeating: ray.origin.y)
        self.oz = SIMD8(repeating: ray.origin.z)
        self.rx = SIMD8(repeating: ray.reciprocal.x)
        self.ry = SIMD8(repeating: ray.reciprocal.y)
        self.rz = SIMD8(repeating: ray.reciprocal.z)
        self.nearX = ray.reciprocal.x < 0 ? 32 : 0
        self.nearY = ray.reciprocal.y < 0 ? 96 : 64
        self.nearZ = ray.reciprocal.z < 0 ? 160 : 128
    }

    /// The children that the ray may enter at up to `t`, as bits; writes their entry distances.
    @inline(__always) func children(
        of node: UnsafeRawPointer,
        within t: Float,
        entries: UnsafeMutableRawPointer
    ) -> UInt32 {
        let near = cvector_max8(
            cvector_max8(
                (row(node, self.nearX) - self.ox) * self.rx,
                (row(node, self.nearY) - self.oy) * self.ry
            ),
            cvector_max8((row(node, self.nearZ) - self.oz) * self.rz, SIMD8(repeating: 0))
        )
        let far = cvector_min8(
            cvector_min8(
                (row(node, self.nearX ^ 32) - self.ox) * self.rx,
                (row(node, self.nearY ^ 32) - self.oy) * self.ry
            ),
            (row(node, self.nearZ ^ 32) - self.oz) * self.rz
        )
        entries.storeBytes(of: near, as: SIMD8<Float>.self)
        let slack = SIMD8<Float>(repeating: 0x1.0000a8p0)
        return cvector_mask_le8(near, cvector_min8(far * slack, SIMD8(repeating: t)))
    }

    @inline(__always) private func row(_ node: UnsafeRawPointer, _ offset: Int) -> SIMD8<Float> {
        node.load(fromByteOffset: offset, as: SIMD8<Float>.self)
    }
}

/// A ray's constants for triangle tests, four triangles at a time.
private struct LeafSetup {
    private typealias Four = SIMD4<Float>

    private let ox: SIMD4<Float>
    private let oy: SIMD4<Float>
    private let oz: SIMD4<Float>
    private let sx: SIMD4<Float>
    private let sy: SIMD4<Float>
    private let sz: SIMD4<Float>
    /// Byte offsets of the renamed axes.
    private let kx: Int
    private let ky: Int
    private let kz: Int

    @inline(__always) init(_ ray: RaySetup) {
        self.ox = SIMD4(repeating: ray.renamedOrigin.x)
        self.oy = SIMD4(repeating: ray.renamedOrigin.y)
        self.oz = SIMD4(repeating: ray.renamedOrigin.z)
        self.sx = SIMD4(repeating: ray.sx)
        self.sy = SIMD4(repeating: ray.sy)
        self.sz = SIMD4(repeating: ray.sz)
        self.kx = 16 &* ray.kx
        self.ky = 16 &* ray.ky
        self.kz = 16 &* ray.kz
    }

    /// The triangles that ``intersect(_:renamed:_:_:padding:tMax:)`` must look at, as bits: the same operations four at a
    /// time, where an edge function of zero leaves the decision to it.
    @inline(__always) func candidates(in block: UnsafeRawPointer, within t: Float) -> UInt32 {
        let az = row(block, self.kz) - self.oz
        let bz = row(block + 48, self.kz) - self.oz
        let cz = row(block + 96, self.kz) - self.oz
        let ax = (row(block, self.kx) - self.ox) - self.sx * az
        let ay = (row(block, self.ky) - self.oy) - self.sy * az
        let bx = (row(block + 48, self.kx) - self.ox) - self.sx * bz
        let by = (row(block + 48, self.ky) - self.oy) - self.sy * bz
        let cx = (row(block + 96, self.kx) - self.ox) - self.sx * cz
        let cy = (row(block + 96, self.ky) - self.oy) - self.sy * cz
        let u = cx * by - cy * bx
        let v = ax * cy - ay * cx
        let w = bx * ay - by * ax
        let zero = Four(repeating: 0)
        // Zeros count for both signs here, so every lane with one is looked at when its other edges agree; with a
        // binary64 sign instead of zero the scalar test may still refuse it.
        let least = cvector_min4(cvector_min4(u, v), w)
        let most = cvector_max4(cvector_max4(u, v), w)
        let isZero = (u .== zero) .| (v .== zero) .| (w .== zero)
        let sameSign = (least .>= zero) .| (most .<= zero)
        let det = (u + v) + w
        let distance = ((u * (self.sz * az) + v * (self.sz * bz)) + w * (self.sz * cz)) / det
        let inside = sameSign .& (distance .>= zero) .& (distance .<= Four(repeating: t))
        return cvector_mask4(unsafeBitCast(inside .| isZero, to: SIMD4<Int32>.self))
    }

    @inline(__always) private func row(_ block: UnsafeRawPointer, _ offset: Int) -> SIMD4<Float> {
        block.load(fromByteOffset: offset, as: SIMD4<Float>.self)
    }
}

extension RaySetup {
    /// The exact test of the triangle whose lane begins at `lane` of a leaf block.
    @inline(__always) fileprivate func test(
        _ lane: UnsafeRawPointer,
        padding: Float,
        tMax: Float
    ) -> TriangleHit? {
        let x = lane + 16 &* self.kx
        let y = lane + 16 &* self.ky
        let z = lane + 16 &* self.kz
        return intersect(
            self,
            renamed: corner(x, y, z, 0),
            corner(x, y, z, 48),
            corner(x, y, z, 96),
            padding: padding,
            tMax: tMax
        )
    }
}

@inline(__always) private func corner(
    _ x: UnsafeRawPointer,
    _ y: UnsafeRawPointer,
    _ z: UnsafeRawPointer,
    _ offset: Int
) -> Vector3 {
    Vector3(
        x.load(fromByteOffset: offset, as: Float.self),
        y.load(fromByteOffset: offset, as: Float.self),
        z.load(fromByteOffset: offset, as: Float.self)
    )
}
