import CVector

/// The primitives that one hierarchy is over.
struct BuildSource {
    enum Kind {
        /// The world's triangles, then the placed instances.
        case world
        /// The triangles of a mesh, where they were modelled.
        case mesh
        /// The spheres of a set of particles.
        case particles
    }

    let kind: Kind
    /// The mesh or the set of particles.
    let index: Int
    /// By how much boxes are larger than primitives.
    let padding: Float
    let view: UnsafePointer<SceneView>
    /// The instances that are leaves of the world.
    let instances: UnsafePointer<UInt32>
    let instanceCount: Int

    var count: Int {
        switch self.kind {
        case .world: self.view.pointee.triangleCount + self.instanceCount
        case .mesh: self.view.pointee.meshes[self.index].triangleCount
        case .particles: self.view.pointee.particles[self.index].count
        }
    }

    /// How many primitives a leaf block has.
    var blockSize: Int { self.kind == .particles ? 8 : 4 }

    @inline(__always) func reference(_ i: Int) -> BuildReference {
        if self.kind == .particles {
            let set = self.view.pointee.particles + self.index
            let reference = self.box(set.pointee.sphere(i), UInt32(truncatingIfNeeded: i))
            guard self.isMoving else { return reference }
            return cvector_min8(
                reference,
                self.box(set.pointee.closingSphere(i), UInt32(truncatingIfNeeded: i))
            )
        }
        if self.kind == .world, i >= self.view.pointee.triangleCount {
            let number = self.instances[i - self.view.pointee.triangleCount]
            let instance = self.view.pointee.instances + Int(number)
            return BuildReference(
                low: instance.pointee.low,
                high: instance.pointee.high,
                number: number | BuildReference.instanceFlag
            )
        }
        var reference = self.box(self.corners(i), UInt32(truncatingIfNeeded: i))
        // Both are lower corners and upper ones negated; the number is the same.
        if self.isMoving {
            reference = cvector_min8(reference, self.box(self.closingCorners(i), UInt32(truncatingIfNeeded: i)))
        }
        return reference
    }

    /// The padded box of a particle.
    @inline(__always) private func box(
        _ sphere: (center: Vector3, radius: Float),
        _ number: UInt32
    ) -> BuildReference {
        BuildReference(
            low: (sphere.center - Vector3(sphere.radius)) - Vector3(self.padding),
            high: (sphere.center + Vector3(sphere.radius)) + Vector3(self.padding),
            number: number
        )
    }

    /// The padded box of a triangle.
    @inline(__always) private func box(_ corners: (Vector3, Vector3, Vector3), _ number: UInt32) -> BuildReference {
        let (a, b, c) = corners
        return BuildReference(
            low: Vector3(
                smaller(smaller(a.x, b.x), c.x) - self.padding,
                smaller(smaller(a.y, b.y), c.y) - self.padding,
                smaller(smaller(a.z, b.z), c.z) - self.padding
            ),
            high: Vector3(
                larger(larger(a.x, b.x), c.x) + self.padding,
                larger(larger(a.y, b.y), c.y) + self.padding,
                larger(larger(a.z, b.z), c.z) + self.padding
            ),
            number: number
        )
    }

    /// Whether the primitives themselves move.
    private var isMoving: Bool {
        switch self.kind {
        case .world: false
        case .mesh: self.view.pointee.meshes[self.index].closingPositions != nil
        case .particles: self.view.pointee.particles[self.index].closingCenters != nil
        }
    }

    @inline(__always) private func corners(_ i: Int) -> (Vector3, Vector3, Vector3) {
        guard self.kind == .mesh else { return self.view.pointee.corners(i) }
        return self.view.pointee.meshes[self.index].corners(i)
    }

    /// The corners of a mesh's triangle when the shutter closes.
    private func closingCorners(_ i: Int) -> (Vector3, Vector3, Vector3) {
        self.view.pointee.meshes[self.index].closingCorners(i)
    }

    @inline(__always) private func hasHoles(_ i: Int) -> Bool {
        var mesh = self.index
        if self.kind == .world {
            mesh = self.view.pointee.instances[Int(self.view.pointee.triangleInstances[i])].mesh
        }
        let material = self.view.pointee.meshes[mesh].material
        return self.view.pointee.materials[material].alphaMode != .opaque
    }

    /// Whether instances are among the primitives; a ray must have met the box of each before it enters, so that none can
    /// be a root.
    var hasInstances: Bool { self.kind == .world && self.instanceCount > 0 }

    /// Whether references can be one leaf together.
    func isLeaf(_ references: UnsafePointer<BuildReference>, _ count: Int) -> Bool {
        guard self.kind == .world, self.instanceCount > 0, count > 1 else { return true }
        for i in 0 ..< count where BuildRange.number(references + i) & BuildReference.instanceFlag != 0 { return false }
        return true
    }

    /// Appends the leaf over references and returns its code.
    func writeLeaf(
        _ references: UnsafePointer<BuildReference>,
        _ count: Int,
        to leaves: inout GrowingBytes
    ) -> UInt32 {
        let first = BuildRange.number(references)
        if self.kind == .world, first & BuildReference.instanceFlag != 0 {
            return first & ~BuildReference.instanceFlag | ChildCode.instance
        }
        let isMoving = self.isMoving
        let offset = leaves.extend(by: isMoving ? 2 * BVHData.leafSize : BVHData.leafSize)
        let block = leaves.base + offset
        let number = UInt32(truncatingIfNeeded: offset / BVHData.leafSize)
        if self.kind == .particles {
            self.writeSpheres(references, count, block, isClosing: false)
            if isMoving { self.writeSpheres(references, count, block + BVHData.leafSize, isClosing: true) }
            return number | (isMoving ? ChildCode.moving : ChildCode.spheres)
        }
        self.writeTriangles(references, count, block) { self.corners($0) }
        guard isMoving else { return number | ChildCode.triangles }
        self.writeTriangles(references, count, block + BVHData.leafSize) { self.closingCorners($0) }
        return number | ChildCode.movingTriangles
    }

    @inline(__always) private func writeTriangles(
        _ references: UnsafePointer<BuildReference>,
        _ count: Int,
        _ block: UnsafeMutableRawPointer,
        _ corners: (Int) -> (Vector3, Vector3, Vector3)
    ) {
        for lane in 0 ..< 4 {
            let at = block + 4 &* lane
            guard lane < count else {
                Self.writeNoTriangle(at)
                continue
            }
            let id = BuildRange.number(references + lane)
            let (a, b, c) = corners(Int(id))
            self.store(a, at)
            self.store(b, at + 48)
            self.store(c, at + 96)
            at.storeBytes(of: id | (self.hasHoles(Int(id)) ? BVHData.flag : 0), toByteOffset: 144, as: UInt32.self)
        }
    }

    /// Writes a leaf block of triangles that are all missing.
    static func writeNothing(_ block: UnsafeMutableRawPointer) {
        for lane in 0 ..< 4 { self.writeNoTriangle(block + 4 &* lane) }
    }

    @inline(__always) private static func writeNoTriangle(_ lane: UnsafeMutableRawPointer) {
        for row in 0 ..< 9 { lane.storeBytes(of: .nan, toByteOffset: 16 &* row, as: Float.self) }
        lane.storeBytes(of: .max, toByteOffset: 144, as: UInt32.self)
    }

    @inline(__always) private func store(_ p: Vector3, _ at: UnsafeMutableRawPointer) {
        at.storeBytes(of: p.x, as: Float.self)
        at.storeBytes(of: p.y, toByteOffset: 16, as: Float.self)
        at.storeBytes(of: p.z, toByteOffset: 32, as: Float.self)
    }

    private func writeSpheres(
        _ references: UnsafePointer<BuildReference>,
        _ count: Int,
        _ block: UnsafeMutableRawPointer,
        isClosing: Bool
    ) {
        for lane in 0 ..< 8 {
            let at = block + 4 &* lane
            guard lane < count else {
                for row in 0 ..< 4 { at.storeBytes(of: .nan, toByteOffset: 32 &* row, as: Float.self) }
                at.storeBytes(of: .max, toByteOffset: 128, as: UInt32.self)
                continue
            }
            let id = BuildRange.number(references + lane)
            let set = self.view.pointee.particles + self.index
            let sphere = isClosing ? set.pointee.closingSphere(Int(id)) : set.pointee.sphere(Int(id))
            at.storeBytes(of: sphere.center.x, as: Float.self)
            at.storeBytes(of: sphere.center.y, toByteOffset: 32, as: Float.self)
            at.storeBytes(of: sphere.center.z, toByteOffset: 64, as: Float.self)
            at.storeBytes(of: sphere.radius, toByteOffset: 96, as: Float.self)
            at.storeBytes(of: id, toByteOffset: 128, as: UInt32.self)
        }
    }
}
