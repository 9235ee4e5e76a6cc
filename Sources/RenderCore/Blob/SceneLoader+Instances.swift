extension SceneLoader {
    /// What an instance takes while the scene is built, in bytes.
    private static var bytesEach: Int { 512 }
    /// A mesh that is used more than once may have so many triangles in all its copies and still go to the world.
    private static var copiesMax: Int { 65_536 }
    /// And all such meshes together.
    private static var allCopiesMax: Int { 1 << 20 }

    mutating func loadInstances(_ records: BlobRecords) throws(SceneBlobError) {
        let instancesMax = min(self.limits.instancesMax, self.limits.memoryBytesMax / Self.bytesEach)
        guard records.count <= instancesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the frame has \(records.count) instances; this node takes at most \(instancesMax)"
            )
        }
        self.instanceCount = records.count
        self.instances = self.memory.allocate(InstanceData.self, count: records.count)
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
            try self.setBox(of: &data, box, instance: i)
            low = Vector3(smaller(low.x, data.low.x), smaller(low.y, data.low.y), smaller(low.z, data.low.z))
            high = Vector3(larger(high.x, data.high.x), larger(high.y, data.high.y), larger(high.z, data.high.z))
            (self.instances + i).initialize(to: data)
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
        let most = min(self.limits.trianglesMax, 1 << 28, self.limits.memoryBytesMax / 150)
        var uses = [Int](repeating: 0, count: self.meshCount)
        for i in 0 ..< self.instanceCount where !self.instances[i].isParticles { uses[self.instances[i].mesh] += 1 }
        var isPlaced = [Bool](repeating: false, count: self.meshCount)
        var total = 0
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
                throw SceneBlobError(
                    .limitExceeded,
                    "the frame has more than the \(most) triangles that this node takes"
                )
            }
            total += isPlaced[mesh] ? triangles : Int(all)
        }
        for i in 0 ..< self.instanceCount {
            let instance = self.instances + i
            let mesh = instance.pointee.mesh
            if instance.pointee.isParticles {
                instance.pointee.isPlaced = true
                self.setSpace(of: instance, self.assets.particleBoxes[mesh])
            } else if isPlaced[mesh] {
                instance.pointee.isPlaced = true
                self.setSpace(of: instance, self.meshBoxes[mesh])
            } else {
                instance.pointee.firstTriangle = self.triangleCount
                self.triangleCount += self.meshes[mesh].triangleCount
            }
        }
    }

    /// What a ray needs to enter a placed instance.
    private func setSpace(of instance: UnsafeMutablePointer<InstanceData>, _ box: (low: Vector3, high: Vector3)) {
        let inverse = instance.pointee.transform.inverse
        instance.pointee.inverse = inverse ?? Affine(Transform())
        instance.pointee.isVisible = inverse != nil
        instance.pointee.padding = Self.extent(box.low, box.high) * 0x1p-20
        instance.pointee.low = instance.pointee.low - Vector3(self.padding)
        instance.pointee.high = instance.pointee.high + Vector3(self.padding)
    }

    /// Sets the box in the world to that of the corners of a mesh's box, which also bound what the vertices can become.
    private func setBox(
        of data: inout InstanceData,
        _ box: (low: Vector3, high: Vector3),
        instance: Int
    ) throws(SceneBlobError) {
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for corner in 0 ..< 8 {
            let p = data.transform.point(
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
            low = Vector3(smaller(low.x, p.x), smaller(low.y, p.y), smaller(low.z, p.z))
            high = Vector3(larger(high.x, p.x), larger(high.y, p.y), larger(high.z, p.z))
        }
        data.low = low
        data.high = high
    }
}
