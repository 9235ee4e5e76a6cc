extension SceneLoader {
    /// A mesh that is used more than once may have so many triangles in all its copies and still go to the world.
    private static var copiesMax: Int { 65_536 }
    /// And all such meshes together.
    private static var allCopiesMax: Int { 1 << 20 }

    mutating func loadInstances(_ records: BlobRecords, _ motions: BlobRecords) throws(SceneBlobError) {
        let instancesMax = min(self.limits.instancesMax, self.limits.memoryBytesMax / Self.instanceBytes)
        guard records.count <= instancesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the frame has \(records.count) instances; this node takes at most \(instancesMax)"
            )
        }
        self.instanceCount = records.count
        self.instances = self.memory.allocate(InstanceData.self, count: records.count)
        guard motions.count <= records.count else {
            throw SceneBlobError(.malformed, "the frame has more moving instances than instances")
        }
        let closing = self.memory.allocate(Affine.self, count: motions.count)
        var nextMotion = 0
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let word = cursor.word()
            let isParticles = word & SceneFrame.particlesFlag != 0
            let count = isParticles ? self.assets.particleSetCount : self.meshCount
            // Counts are below 2^28.
            guard word & ~SceneFrame.particlesFlag < UInt32(count) else {
                throw SceneBlobError(
                    .invalidValue,
                    "instance \(i) refers to a mesh or to particles that do not exist"
                )
            }
            let mesh = Int(word & ~SceneFrame.particlesFlag)
            let transform = try Self.transform(&cursor, "instance", i)
            var data = InstanceData(
                transform: transform,
                isMirrored: transform.isMirrored,
                mesh: mesh,
                firstTriangle: 0,
                light: -1
            )
            data.isParticles = isParticles
            let box = isParticles ? self.assets.particleBoxes[mesh] : self.meshBoxes[mesh]
            data.isDeforming =
                isParticles
                ? self.assets.particles[mesh].closingCenters != nil : self.meshes[mesh].closingPositions != nil
            (data.low, data.high) = try Self.box(of: box, under: transform, instance: i)
            if nextMotion < motions.count {
                var cursor = motions.cursor(at: nextMotion)
                if cursor.word() == UInt32(i) {
                    let transform = try Self.transform(&cursor, "instance", i)
                    let (low, high) = try Self.box(of: box, under: transform, instance: i)
                    data.low = data.low.smaller(low)
                    data.high = data.high.larger(high)
                    (closing + nextMotion).initialize(to: transform)
                    data.closing = UnsafePointer(closing + nextMotion)
                    nextMotion += 1
                }
            }
            low = low.smaller(data.low)
            high = high.larger(data.high)
            (self.instances + i).initialize(to: data)
        }
        guard nextMotion == motions.count else {
            throw SceneBlobError(.malformed, "moving instances are not in order, or do not exist")
        }
        if self.instanceCount > 0 { self.extent = Self.extent(low, high) }
        try self.place()
    }

    /// The largest coordinate or edge of a box.
    private static func extent(_ low: Vector3, _ high: Vector3) -> Float {
        let size = high - low
        let farthest = Vector3(
            larger(low.x.magnitude, high.x.magnitude),
            larger(low.y.magnitude, high.y.magnitude),
            larger(low.z.magnitude, high.z.magnitude)
        )
        return larger(size.largest, farthest.largest)
    }

    /// Decides which instances keep their own space and which give their triangles to the world; numbers the latter.
    ///
    /// The same decision everywhere, since rays are transformed for the former and vertices for the latter, and the two
    /// round differently. A hierarchy over the world's triangles is faster than one over instances that overlap, so meshes
    /// that are used once go to the world whatever their size, and so do small ones; those that emit must, for lights are
    /// numbered there.
    private mutating func place() throws(SceneBlobError) {
        var most = min(self.limits.trianglesMax, 1 << 28, self.limits.memoryBytesMax / Self.triangleBytes)
        var uses = [Int](repeating: 0, count: self.meshCount)
        var isMoving = [Bool](repeating: false, count: self.meshCount)
        for i in 0 ..< self.instanceCount where !self.instances[i].isParticles {
            if self.instances[i].isMoving {
                isMoving[self.instances[i].mesh] = true
            } else {
                uses[self.instances[i].mesh] += 1
            }
        }
        var isPlaced = [Bool](repeating: false, count: self.meshCount)
        var total = 0
        if isMoving.contains(true) { most = min(most, ChildCode.movingLeavesMax / 2) }
        for mesh in 0 ..< self.meshCount where isMoving[mesh] {
            // Leaves over what moves are twice as large.
            total += self.meshes[mesh].triangleCount * (self.meshes[mesh].closingPositions == nil ? 1 : 2)
            guard total <= most else { throw Self.tooManyTriangles(most) }
        }
        var copies = 0
        for mesh in 0 ..< self.meshCount where uses[mesh] > 0 {
            let triangles = self.meshes[mesh].triangleCount
            // Both are below 2^28.
            let all = UInt64(uses[mesh]) * UInt64(triangles)
            if uses[mesh] > 1, self.meshes[mesh].lights == nil {
                if all <= UInt64(min(Self.copiesMax, Self.allCopiesMax - copies)) {
                    copies += Int(all)
                } else {
                    isPlaced[mesh] = true
                }
            }
            guard isPlaced[mesh] || all <= UInt64(most), total + (isPlaced[mesh] ? triangles : Int(all)) <= most else {
                throw Self.tooManyTriangles(most)
            }
            total += isPlaced[mesh] ? triangles : Int(all)
        }
        for i in 0 ..< self.instanceCount {
            let instance = self.instances + i
            let mesh = instance.pointee.mesh
            if instance.pointee.isParticles {
                instance.pointee.isPlaced = true
                self.setSpace(of: instance, self.assets.particleBoxes[mesh])
            } else if isPlaced[mesh] || instance.pointee.isMoving {
                instance.pointee.isPlaced = true
                self.setSpace(of: instance, self.meshBoxes[mesh])
            } else {
                instance.pointee.firstTriangle = self.triangleCount
                self.triangleCount += self.meshes[mesh].triangleCount
            }
        }
        for i in 0 ..< self.instanceCount where self.isMovingLight(i) {
            let triangles = self.meshes[self.instances[i].mesh].triangleCount
            guard total + self.movingLightCount + triangles <= most else { throw Self.tooManyTriangles(most) }
            self.instances[i].firstTriangle = self.triangleCount + self.movingLightCount
            self.movingLightCount += triangles
        }
    }

    /// Whether an instance emits and moves.
    func isMovingLight(_ i: Int) -> Bool {
        let instance = self.instances + i
        return instance.pointee.isMoving && !instance.pointee.isParticles
            && self.meshes[instance.pointee.mesh].lights != nil
    }

    private static func tooManyTriangles(_ most: Int) -> SceneBlobError {
        SceneBlobError(.limitExceeded, "the frame has more than the \(most) triangles that this node takes")
    }

    /// What a ray needs to enter a placed instance.
    private func setSpace(of instance: UnsafeMutablePointer<InstanceData>, _ box: (low: Vector3, high: Vector3)) {
        let inverse = instance.pointee.transform.inverse
        instance.pointee.inverse = inverse ?? Affine(Transform())
        // What moves may have an inverse at other times.
        instance.pointee.isVisible = inverse != nil || instance.pointee.closing != nil
        instance.pointee.padding = Self.extent(box.low, box.high) * 0x1p-20
        instance.pointee.low = instance.pointee.low - Vector3(self.padding)
        instance.pointee.high = instance.pointee.high + Vector3(self.padding)
    }

    /// The box in the world of the corners of a mesh's box, which also bound what the vertices can become.
    private static func box(
        of box: (low: Vector3, high: Vector3),
        under transform: Affine,
        instance: Int
    ) throws(SceneBlobError) -> (low: Vector3, high: Vector3) {
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for corner in 0 ..< 8 {
            let p = transform.point(
                Vector3(
                    corner & 1 == 0 ? box.low.x : box.high.x,
                    corner & 2 == 0 ? box.low.y : box.high.y,
                    corner & 4 == 0 ? box.low.z : box.high.z
                )
            )
            // Written so that what is not a number fails.
            let limit = SceneRange.coordinate.upperBound
            guard p.x.magnitude <= limit, p.y.magnitude <= limit, p.z.magnitude <= limit else {
                throw SceneBlobError(
                    .invalidValue,
                    "instance \(instance) reaches beyond the \(Int(limit)) metres that a world may measure"
                )
            }
            low = low.smaller(p)
            high = high.larger(p)
        }
        return (low, high)
    }
}
