extension SceneAssets {
    /// The words of a volume: points along x, y and z, flags (1 temperatures, 2 enclosed), colours of the emission, the corners of the
    /// box (6), the density of the number one, absorption (3), scattering (3), anisotropy.
    static var volumeWords: Int { 19 }

    /// Writes three sections: records, numbers at points, colours.
    func writeVolumes(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        var records: [UInt32] = []
        var scales: [Float] = []
        var colors: [Float] = []
        for (i, volume) in self.volumes.enumerated() {
            try Self.checkShape(volume, i)
            let what = "a number of volume \(i)"
            records += [UInt32(volume.width), UInt32(volume.height), UInt32(volume.depth)]
            let flags: UInt32 = (volume.temperatures.isEmpty ? 0 : 1) | (volume.isEnclosed ? 2 : 0)
            records += [flags, UInt32(volume.emission.count)]
            for corner in [volume.low, volume.high] {
                for k in 0 ..< 3 { records.append(try encodable(corner[k], SceneRange.coordinate, what).bitPattern) }
            }
            var most: Float = 0
            for density in volume.densities { most = density > most ? density : most }
            let scale = most * 0x1.0001p-16
            scales.append(scale)
            records.append(scale.bitPattern)
            for coefficient in [volume.absorption, volume.scattering] {
                for k in 0 ..< 3 {
                    records.append(try encodable(coefficient[k], SceneRange.coefficient, what).bitPattern)
                }
            }
            records.append(try encodable(volume.anisotropy, SceneRange.anisotropy, what).bitPattern)
            for color in volume.emission {
                for k in 0 ..< 3 { colors.append(try encodable(color[k], SceneRange.radiance, what)) }
            }
        }
        try writer.section(records)
        try writer.section(pieces: self.volumes.count) { i, bytes in
            let volume = self.volumes[i]
            let inverse = scales[i] > 0 ? 1 / scales[i] : 0
            bytes.append(littleEndianNumbers: volume.densities.map { Self.code($0 * inverse) })
            bytes.append(littleEndianNumbers: volume.temperatures.map { Self.code($0 * 65_535) })
        }
        try writer.section(colors)
    }

    private static func code(_ value: Float) -> UInt16 { UInt16(clamped(value + 0.5, 0, 65_535)) }

    private static func checkShape(_ volume: Volume, _ i: Int) throws(SceneBlobError) {
        let edges = [volume.width, volume.height, volume.depth]
        guard edges.allSatisfy({ SceneRange.volumeEdge.contains($0) }) else {
            throw SceneBlobError(
                .invalidValue,
                "volume \(i) has \(edges[0]) x \(edges[1]) x \(edges[2]) points; each may be 2 to 2048"
            )
        }
        // At most 2^33, which a 32-bit integer does not hold.
        let count = UInt64(edges[0]) * UInt64(edges[1]) * UInt64(edges[2])
        guard UInt64(volume.densities.count) == count,
            volume.temperatures.isEmpty || UInt64(volume.temperatures.count) == count
        else { throw SceneBlobError(.invalidValue, "volume \(i) has not one number for each of its \(count) points") }
        guard volume.emission.count <= SceneRange.emissionColorsMax else {
            throw SceneBlobError(.limitExceeded, "volume \(i) has \(volume.emission.count) colours; at most 256 go")
        }
        for k in 0 ..< 3 where !(volume.high[k] > volume.low[k]) {
            throw SceneBlobError(.invalidValue, "the box of volume \(i) is empty")
        }
        try check(volume.densities, SceneRange.coefficient, "the densities of volume \(i)")
        try check(volume.temperatures, SceneRange.fraction, "the temperatures of volume \(i)")
    }
}

extension SceneFrame {
    /// The words of a placed volume: volume, twelve of transform.
    static var volumeWords: Int { 13 }

    func writeVolumes(_ assets: SceneAssets, _ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        guard self.volumes.count <= SceneRange.volumeInstancesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the frame has \(self.volumes.count) volumes; at most \(SceneRange.volumeInstancesMax) go"
            )
        }
        var words: [UInt32] = []
        for (i, instance) in self.volumes.enumerated() {
            guard assets.volumes.indices.contains(instance.volume) else {
                throw SceneBlobError(
                    .invalidValue,
                    "placed volume \(i) refers to volume \(instance.volume), but there are \(assets.volumes.count)"
                )
            }
            words.append(UInt32(instance.volume))
            try Self.append(instance.transform, to: &words, "the transform of placed volume \(i)")
        }
        try writer.section(words)
    }
}

extension AssetsLoader {
    /// Reads and checks volumes; every number at a point is valid.
    mutating func loadVolumes(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneAssets.volumeWords)
        var numbers = Slices(try reader.halfWords(), "numbers of volumes")
        var colors = Slices(
            try reader.floats("colours of volumes", limit: SceneRange.radiance.upperBound),
            "colours of volumes"
        )
        guard records.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(records.count) volumes are too many")
        }
        self.volumes = self.memory.allocate(VolumeData.self, count: records.count)
        var total: UInt64 = 0
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let points = (x: cursor.count(), y: cursor.count(), z: cursor.count())
            guard SceneRange.volumeEdge.contains(points.x), SceneRange.volumeEdge.contains(points.y),
                SceneRange.volumeEdge.contains(points.z)
            else { throw SceneBlobError(.invalidValue, "volume \(i) has \(points) points") }
            let count = UInt64(points.x) * UInt64(points.y) * UInt64(points.z)
            total += count
            guard total <= UInt64(self.limits.voxelsMax) else {
                throw SceneBlobError(
                    .limitExceeded,
                    "the volumes have more than the \(self.limits.voxelsMax) points that this node takes"
                )
            }
            let flags = cursor.word()
            let colorCount = cursor.count()
            guard flags <= 3, colorCount <= SceneRange.emissionColorsMax else {
                throw SceneBlobError(.malformed, "volume \(i) has unknown flags or too many colours")
            }
            let low = try cursor.vector(SceneRange.coordinate, "volume", i)
            let high = try cursor.vector(SceneRange.coordinate, "volume", i)
            guard high.x > low.x, high.y > low.y, high.z > low.z else {
                throw SceneBlobError(.invalidValue, "the box of volume \(i) is empty")
            }
            let scale = try cursor.float(SceneRange.coefficient, "volume", i)
            let absorption = try cursor.vector(SceneRange.coefficient, "volume", i)
            let scattering = try cursor.vector(SceneRange.coefficient, "volume", i)
            let anisotropy = try cursor.float(SceneRange.anisotropy, "volume", i)
            let densities = try numbers.next(Int(count), times: 1)
            let temperatures = flags & 1 != 0 ? try numbers.next(Int(count), times: 1) : nil
            let emission = try colors.next(colorCount, times: 3)
            guard areNotNegative(emission) else {
                throw SceneBlobError(.invalidValue, "volume \(i) glows with less than nothing")
            }
            (self.volumes + i).initialize(
                to: VolumeData(
                    grid: DensityGrid(
                        densities.pointer,
                        temperatures: temperatures?.pointer,
                        points: points,
                        scale: scale,
                        memory: self.memory
                    ),
                    absorption: absorption,
                    scattering: scattering,
                    anisotropy: anisotropy,
                    emission: emission.pointer,
                    emissionCount: colorCount,
                    low: low,
                    high: high,
                    isEnclosed: flags & 2 != 0
                )
            )
            VolumeGlow.tabulate(self.volumes + i, memory: self.memory)
        }
        try numbers.finish()
        try colors.finish()
        self.volumeCount = records.count
    }
}

extension SceneLoader {
    /// Reads and checks where volumes are; those that are flat keep their number and hold nothing.
    mutating func loadVolumes(_ records: BlobRecords) throws(SceneBlobError) {
        guard records.count <= SceneRange.volumeInstancesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the frame has \(records.count) volumes; at most \(SceneRange.volumeInstancesMax) go"
            )
        }
        self.volumes = self.memory.allocate(VolumeInstanceData.self, count: records.count)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let number = cursor.count()
            guard number < self.assets.volumeCount else {
                throw SceneBlobError(
                    .invalidValue,
                    "placed volume \(i) refers to volume \(number), but there are \(self.assets.volumeCount)"
                )
            }
            let transform = try Self.transform(&cursor, "placed volume", i)
            let volume = self.assets.volumes + number
            (self.volumes + i).initialize(to: VolumeInstanceData(volume: volume, transform: transform))
        }
        self.volumeCount = records.count
    }
}
