extension SceneAssets {
    /// The words of the record of a set of particles: particles, material, flags, nodes and clusters of the light tree.
    static var particleSetWords: Int { 5 }
    /// Flags of a set of particles: it has colours.
    static var coloredFlag: UInt32 { 1 }
    /// It moves.
    static var movingFlag: UInt32 { 2 }

    /// Writes six sections: records, centres with radii, colours, centres when the shutter closes, and light trees: their
    /// nodes, then where their clusters hang.
    func writeParticles(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        var records: [UInt32] = []
        var sets = self.particles
        var nodes: [[UInt32]] = []
        var leaves: [[UInt32]] = []
        guard sets.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(sets.count) sets of particles are too many")
        }
        for i in sets.indices {
            try self.checkParticles(i)
            let set = sets[i]
            let flags = (set.colors.isEmpty ? 0 : Self.coloredFlag) | (set.closingCenters.isEmpty ? 0 : Self.movingFlag)
            records += [UInt32(set.radii.count), UInt32(set.material), flags]
            let emission = Vector3(self.materials[set.material].emission)
            guard emission.largest > 0, let lights = ParticleLights(set, emission: emission) else {
                records += [0, 0]
                continue
            }
            sets[i].centers = set.centers.arranged(lights.order, size: 3)
            sets[i].radii = set.radii.arranged(lights.order, size: 1)
            if !set.colors.isEmpty { sets[i].colors = set.colors.arranged(lights.order, size: 1) }
            if !set.closingCenters.isEmpty {
                sets[i].closingCenters = set.closingCenters.arranged(lights.order, size: 3)
            }
            nodes.append(lights.tree.nodes)
            leaves.append(lights.tree.leaves)
            records += [UInt32(lights.tree.nodes.count / LightNode.words), UInt32(lights.tree.leaves.count)]
        }
        try writer.section(records)
        try writer.section(pieces: sets.count) { number, body in
            let set = sets[number]
            body.reserveCapacity(16 * set.radii.count)
            for i in set.radii.indices {
                for k in 0 ..< 3 { body.append(littleEndian: set.centers[3 * i + k].bitPattern) }
                body.append(littleEndian: set.radii[i].bitPattern)
            }
        }
        try writer.section(arrays: sets.map { $0.colors.map { $0 & 0xff_ffff } })
        try writer.section(arrays: sets.map { $0.closingCenters })
        try writer.section(arrays: nodes)
        try writer.section(arrays: leaves)
    }

    /// Refuses a set whose arrays do not fit together or that has numbers out of range.
    func checkParticles(_ i: Int) throws(SceneBlobError) {
        let set = self.particles[i]
        let count = set.radii.count
        guard set.centers.count == 3 * count, set.colors.isEmpty || set.colors.count == count,
            set.closingCenters.isEmpty || set.closingCenters.count == 3 * count
        else {
            throw SceneBlobError(
                .invalidValue,
                "particles \(i) have \(count) radii, but another number of centers or colors"
            )
        }
        guard count < SceneRange.meshCountMax else {
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
    }

    /// What a light tree knows of a set; nothing where it does not shine.
    func lightBounds(ofParticles i: Int) throws(SceneBlobError) -> LightBounds? {
        guard self.materials.indices.contains(self.particles[i].material) else { return nil }
        let emission = Vector3(self.materials[self.particles[i].material].emission)
        guard emission.largest > 0 else { return nil }
        try self.checkParticles(i)
        return ParticleBrightness(self.particles[i], emission: emission).all
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
        var nodes = Slices(try reader.words(), "nodes of light trees of particles")
        var leaves = Slices(try reader.words(), "leaves of light trees of particles")
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
            let nodeCount = cursor.count()
            let clusterCount = cursor.count()
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
                closingCenters: isMoving ? try closing.next(count, times: 3).pointer : nil,
                lights: try Self.lightTree(&nodes, nodeCount, &leaves, clusterCount, particles: count, set: i)
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
        try nodes.finish()
        try leaves.finish()
    }

    /// Reads and checks the light tree of a set; nothing when it has none.
    private static func lightTree(
        _ nodes: inout Slices<UInt32>,
        _ nodeCount: Int,
        _ leaves: inout Slices<UInt32>,
        _ clusterCount: Int,
        particles: Int,
        set: Int
    ) throws(SceneBlobError) -> LightTreeData? {
        guard nodeCount > 0 || clusterCount > 0 else { return nil }
        let words = try nodes.next(nodeCount, times: LightNode.words)
        let places = try leaves.next(clusterCount, times: 1)
        // The last cluster may have fewer particles, but not none.
        let size = ParticleCluster.count
        guard clusterCount <= (particles + size - 1) / size,
            let tree = LightTreeData(nodes: words, leaves: places, isByPower: false)
        else { throw SceneBlobError(.malformed, "the light tree of particles \(set) is none") }
        return tree
    }
}
