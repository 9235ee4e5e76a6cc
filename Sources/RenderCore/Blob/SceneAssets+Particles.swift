extension SceneAssets {
    /// The words of the record of a set of particles: particles, material, flags.
    static var particleSetWords: Int { 3 }
    /// Flags of a set of particles: it has colours.
    static var coloredFlag: UInt32 { 1 }
    /// It moves.
    static var movingFlag: UInt32 { 2 }

    /// Writes four sections: records, centres with radii, colours, centres when the shutter closes.
    func writeParticles(_ writer: inout BlobWriter) throws(SceneBlobError) {
        var records: [UInt32] = []
        for (i, set) in self.particles.enumerated() {
            let count = set.radii.count
            guard set.centers.count == 3 * count, set.colors.isEmpty || set.colors.count == count,
                set.closingCenters.isEmpty || set.closingCenters.count == 3 * count
            else {
                throw SceneBlobError(
                    .invalidValue,
                    "particles \(i) have \(count) radii, but another number of centers or colors"
                )
            }
            guard count < SceneRange.meshCountMax, i < SceneRange.countMax else {
                throw SceneBlobError(.limitExceeded, "particles \(i) are too many")
            }
            guard self.materials.indices.contains(set.material) else {
                throw SceneBlobError(
                    .invalidValue,
                    "particles \(i) have material \(set.material), but there are \(self.materials.count)"
                )
            }
            try check(set.centers, SceneRange.coordinate, "the centers of particles \(i)")
            try check(set.closingCenters, SceneRange.coordinate, "the closing centers of particles \(i)")
            try check(set.radii, SceneRange.length, "the radii of particles \(i)")
            let flags = (set.colors.isEmpty ? 0 : Self.coloredFlag) | (set.closingCenters.isEmpty ? 0 : Self.movingFlag)
            records += [UInt32(count), UInt32(set.material), flags]
        }
        writer.section(records)
        let sets = self.particles
        writer.section { body in
            for set in sets {
                for i in set.radii.indices {
                    for k in 0 ..< 3 { body.append(littleEndian: set.centers[3 * i + k].bitPattern) }
                    body.append(littleEndian: set.radii[i].bitPattern)
                }
            }
        }
        writer.section(words: sets.map { $0.colors.map { $0 & 0xff_ffff } })
        writer.section(floats: sets.map { $0.closingCenters })
    }
}

extension AssetsLoader {
    /// Reads and checks the sets of particles; materials have been loaded.
    mutating func loadParticles(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneAssets.particleSetWords)
        var spheres = Slices(try reader.floats("particles", limit: SceneRange.coordinate.upperBound), "particles")
        var colors = Slices(try reader.words(), "colors of particles")
        var closing = Slices(
            try reader.floats("closing centers", limit: SceneRange.coordinate.upperBound),
            "closing centers of particles"
        )
        let most = min(self.limits.particlesMax, self.limits.memoryBytesMax / SceneLoader.particleBytes)
        self.particleSetCount = records.count
        self.particles = self.memory.allocate(ParticleData.self, count: records.count)
        self.particleBoxes.reserveCapacity(records.count)
        var total = 0
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let count = cursor.count()
            let material = cursor.count()
            let flags = cursor.word()
            let isMoving = flags & SceneAssets.movingFlag != 0
            guard flags & ~(SceneAssets.coloredFlag | SceneAssets.movingFlag) == 0 else {
                throw SceneBlobError(.malformed, "particles \(i) have unknown flags")
            }
            guard material < self.materialCount else {
                throw SceneBlobError(
                    .invalidValue,
                    "particles \(i) have material \(material), but there are \(self.materialCount)"
                )
            }
            // What moves has two places in the hierarchy.
            total += isMoving ? 2 * count : count
            guard total <= most else {
                throw SceneBlobError(.limitExceeded, "there are more than the \(most) particles that this node takes")
            }
            let data = ParticleData(
                spheres: try spheres.next(count, times: 4).pointer,
                colors: flags & SceneAssets.coloredFlag != 0 ? try colors.next(count, times: 1).pointer : nil,
                count: count,
                material: material,
                closingCenters: isMoving ? try closing.next(count, times: 3).pointer : nil
            )
            var low = Vector3(count == 0 ? 0 : Float.greatestFiniteMagnitude)
            var high = Vector3(count == 0 ? 0 : -Float.greatestFiniteMagnitude)
            for k in 0 ..< count {
                let (center, radius) = data.sphere(k)
                guard SceneRange.length.contains(radius) else {
                    throw SceneBlobError(.invalidValue, "the radius of particle \(k) of particles \(i) is out of range")
                }
                let other = data.closingSphere(k).center
                let l = center.smaller(other) - Vector3(radius)
                let h = center.larger(other) + Vector3(radius)
                low = low.smaller(l)
                high = high.larger(h)
            }
            if let words = data.colors {
                for k in 0 ..< count where words[k] > 0xff_ffff {
                    throw SceneBlobError(.malformed, "the color of particle \(k) of particles \(i) is none")
                }
            }
            (self.particles + i).initialize(to: data)
            self.particleBoxes.append((low, high))
        }
        try spheres.finish()
        try colors.finish()
        try closing.finish()
    }
}
