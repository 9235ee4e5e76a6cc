extension AssetsLoader {
    mutating func loadMaterials(_ records: BlobRecords) throws(SceneBlobError) {
        self.materialCount = records.count
        self.materials = self.memory.allocate(MaterialData.self, count: records.count)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            (self.materials + i).initialize(to: try AssetsData.material(&cursor, i))
        }
    }

    mutating func loadImages(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneAssets.imageWords)
        let texels = reader.bytes()
        self.imageCount = records.count
        self.images = self.memory.allocate(ImageData.self, count: records.count)
        var used = 0
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let width = cursor.count()
            let height = cursor.count()
            guard SceneRange.imageEdge.contains(width), SceneRange.imageEdge.contains(height) else {
                throw SceneBlobError(.invalidValue, "picture \(i) is \(width) x \(height)")
            }
            guard let encoding = Image.Encoding(rawValue: cursor.word()) else {
                throw SceneBlobError(.malformed, "picture \(i) has an unknown encoding")
            }
            guard let base = texels.baseAddress else {
                throw SceneBlobError(.malformed, "the assets blob has fewer texels than its pictures claim")
            }
            let count = ImageLevels.count(width: width, height: height)
            let levels = self.memory.allocate(ImageLevel.self, count: count)
            let first = used
            for k in 0 ..< count {
                let level = ImageLevel(texels: base + used, width: max(1, width >> k), height: max(1, height >> k))
                let size = UInt64(level.width) * UInt64(level.height) * UInt64(encoding.texelSize)
                guard size <= UInt64(texels.count - used) else {
                    throw SceneBlobError(.malformed, "the assets blob has fewer texels than its pictures claim")
                }
                (levels + k).initialize(to: level)
                used += Int(size)
            }
            if encoding == .linearFloat {
                guard areWithin(1e9, UnsafeRawBufferPointer(start: base + first, count: used - first)) else {
                    throw SceneBlobError(.invalidValue, "picture \(i) has a number that is not finite or too large")
                }
            }
            let end = BlobFormat.aligned(used)
            guard end <= texels.count, (used ..< end).allSatisfy({ texels[$0] == 0 }) else {
                throw SceneBlobError(.malformed, "the assets blob has data between its pictures")
            }
            used = end
            (self.images + i).initialize(
                to: ImageData(
                    width: width,
                    height: height,
                    encoding: encoding,
                    levels: UnsafePointer(levels),
                    levelCount: count
                )
            )
        }
        guard used == texels.count else {
            throw SceneBlobError(.malformed, "the assets blob has more texels than its pictures claim")
        }
    }

    mutating func loadEnvironment(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneAssets.environmentWords)
        let texels = try reader.floats("environment map", limit: 1e12)
        let rows = try reader.words()
        let columns = try reader.words()
        let guides = try reader.halfWords()
        guard records.count == 1 else {
            throw SceneBlobError(.malformed, "the assets blob has \(records.count) environments instead of one")
        }
        var cursor = records.cursor(at: 0)
        let kind = cursor.word()
        let width = cursor.count()
        let height = cursor.count()
        let rotation = try cursor.float(SceneRange.angle, "environment", 0)
        self.environment.intensity = try cursor.float(SceneRange.optionalLength, "environment", 0)
        self.environment.radiance = try cursor.vector(SceneRange.radiance, "environment", 0)
        let faces = 0 ... Float(0x1p60)
        self.environment.irradiance.faces = (
            try cursor.float(faces, "environment", 0), try cursor.float(faces, "environment", 0),
            try cursor.float(faces, "environment", 0), try cursor.float(faces, "environment", 0),
            try cursor.float(faces, "environment", 0), try cursor.float(faces, "environment", 0)
        )
        (self.environment.sine, self.environment.cosine) = sinCos(radians: rotation)
        if kind == 0 {
            guard width == 0, height == 0, texels.isEmpty, rows.isEmpty, columns.isEmpty, guides.isEmpty else {
                throw SceneBlobError(.malformed, "the constant environment has a map")
            }
            return
        }
        guard kind == 1, SceneRange.imageEdge.contains(width), SceneRange.imageEdge.contains(height),
            UInt64(texels.count) == UInt64(width) * (UInt64(height) + 1) * 4
        else { throw SceneBlobError(.malformed, "the environment map has a wrong size") }
        guard areNotNegative(texels) else {
            throw SceneBlobError(.invalidValue, "the environment map has a negative number")
        }
        self.environment.width = width
        self.environment.height = height
        self.environment.texels = texels.pointer
        if rows.isEmpty, columns.isEmpty, guides.isEmpty { return }
        // Patches between texels, see EnvironmentTables.
        let rowCount = height + 1
        let rowGuide = 1 << DiscreteDistribution.guideBits(count: rowCount)
        let columnGuide = 1 << DiscreteDistribution.guideBits(count: width)
        guard rows.count == rowCount, columns.count == width * rowCount,
            guides.count == rowGuide + rowCount * columnGuide,
            DiscreteDistribution.isValid(rows.pointer, count: rowCount),
            DiscreteDistribution.isValid(guide: guides.pointer, rows.pointer, count: rowCount)
        else { throw SceneBlobError(.malformed, "the tables of the environment map have a wrong size") }
        for y in 0 ..< rowCount {
            let starts = columns.pointer + y * width
            let guide = guides.pointer + (rowGuide + y * columnGuide)
            guard DiscreteDistribution.isValid(starts, count: width),
                DiscreteDistribution.isValid(guide: guide, starts, count: width)
            else { throw SceneBlobError(.malformed, "row \(y) of the environment map's table is not ordered") }
        }
        self.environment.guides = guides.pointer
        self.environment.rowStarts = rows.pointer
        self.environment.columnStarts = columns.pointer
    }
}
