extension SceneAssets {
    /// The number of sections of an assets blob.
    static var sectionCount: Int { 31 }
    /// The words of a mesh record: vertices, triangles, material, flags, two about its lights.
    static var meshWords: Int { 4 + MeshLights.recordWords }
    /// The words of a picture record: width, height, encoding.
    static var imageWords: Int { 3 }
    /// The words of the environment record: kind, width, height, rotation, intensity, three of radiance, six of
    /// irradiance.
    static var environmentWords: Int { 14 }

    /// The bytes that travel: validated, little-endian, with every table that shapes a sampling decision.
    ///
    /// Equal assets give equal bytes on every machine. Colours and factors that are out of range are moved to its ends.
    ///
    /// - Throws: ``SceneBlobError`` for indices that point nowhere, arrays that do not fit together, numbers that are not
    ///   finite, and meshes that are outlines.
    public func encoded() throws(SceneBlobError) -> [UInt8] {
        let blob = BlobInMemory(capacity: self.sizeEstimate)
        return try self.encode(to: blob) { (i) throws(SceneBlobError) in
            guard !self.meshes[i].isOutline else {
                throw .notWritten("mesh \(i) is an outline: its arrays are elsewhere")
            }
            return self.meshes[i]
        }.bytes
    }

    /// Writes the same bytes with one mesh in memory at a time.
    ///
    /// - Parameter mesh: gives a mesh by its number, whole; asked once for each, in ascending order.
    /// - Returns: `output`, when everything is written.
    /// - Throws: As ``encoded()``, and what `output` and `mesh` throw.
    public func encode<Output: BlobOutput>(
        to output: consuming Output,
        mesh: (Int) throws(SceneBlobError) -> Mesh
    ) throws(SceneBlobError) -> Output {
        var writer = BlobWriter(sections: Self.sectionCount, to: output)
        try self.writeMeshes(&writer, mesh)
        try self.writeMaterials(&writer)
        try self.writeImages(&writer)
        try self.writeEnvironment(&writer)
        try self.writeParticles(&writer)
        try self.writeVolumes(&writer)
        return try writer.finished(magic: BlobFormat.assetsMagic)
    }

    /// About how many bytes the blob will have: the large arrays.
    private var sizeEstimate: Int {
        var size = 1 << 16
        for mesh in self.meshes {
            size += 4 * (mesh.arrayCounts.reduce(0, +) + Self.meshWords)
        }
        // Smaller levels make a picture a third larger.
        for image in self.images { size += image.texels.byteCount / 3 * 4 + BlobFormat.alignment }
        for volume in self.volumes { size += 2 * (volume.densities.count + volume.temperatures.count) }
        if case .map(let map) = self.environment { size += 8 * map.texels.count }
        return size
    }

    private func writeImages(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        var records: [UInt32] = []
        guard self.images.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(self.images.count) pictures are too many")
        }
        for (i, image) in self.images.enumerated() {
            guard SceneRange.imageEdge.contains(image.width), SceneRange.imageEdge.contains(image.height) else {
                throw SceneBlobError(
                    .invalidValue,
                    "picture \(i) is \(image.width) x \(image.height); edges may be 1 to \(SceneRange.imageEdge.upperBound)"
                )
            }
            let components: Int
            switch image.texels {
            case .sRGB8(let bytes), .linear8(let bytes): components = bytes.count
            case .linear16(let numbers): components = numbers.count
            case .linearFloat(let floats):
                components = floats.count
                try check(floats, -1e9 ... 1e9, "picture \(i)")
            }
            guard components == image.width * image.height * 4 else {
                throw SceneBlobError(
                    .invalidValue,
                    "picture \(i) has \(components) components; \(image.width) x \(image.height) RGBA needs "
                        + "\(image.width * image.height * 4)"
                )
            }
            records.append(UInt32(image.width))
            records.append(UInt32(image.height))
            records.append(image.encoding.rawValue)
        }
        try writer.section(records)
        let levels = ImageLevels()
        try writer.section(pieces: self.images.count) { i, body in
            levels.append(self.images[i], to: &body)
            // Each picture begins as a section does.
            while body.count % BlobFormat.alignment != 0 { body.append(0) }
        }
    }

    private func writeEnvironment(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        switch self.environment {
        case .constant(let radiance):
            let r = try encodable(radiance.x, SceneRange.radiance, "the sky's radiance")
            let g = try encodable(radiance.y, SceneRange.radiance, "the sky's radiance")
            let b = try encodable(radiance.z, SceneRange.radiance, "the sky's radiance")
            try writer.section([
                0, 0, 0, 0, Float(1).bitPattern, r.bitPattern, g.bitPattern, b.bitPattern, 0, 0, 0, 0, 0, 0,
            ])
            try writer.section([Float]())
            try writer.section([UInt32]())
            try writer.section([UInt32]())
            try writer.section([UInt32]())
        case .map(let map):
            guard SceneRange.imageEdge.contains(map.width), SceneRange.imageEdge.contains(map.height),
                map.texels.count == map.width * map.height * 3
            else {
                throw SceneBlobError(
                    .invalidValue,
                    "the environment map is \(map.width) x \(map.height) with \(map.texels.count) numbers; three a texel "
                        + "are needed, and edges of 1 to \(SceneRange.imageEdge.upperBound)"
                )
            }
            var texels = map.texels
            for i in texels.indices {
                texels[i] = try encodable(texels[i], 0 ... 1e9, "number \(i) of the environment map")
            }
            let intensity = try encodable(map.intensity, 0 ... 1e3, "the environment's intensity")
            let rotation = try encodable(map.rotation, SceneRange.angle, "the environment's rotation")
            let tables = EnvironmentTables(width: map.width, height: map.height, texels: texels)
            let irradiance = tables.irradiance(texels: texels, rotation: rotation, intensity: intensity)
            try writer.section(
                [1, UInt32(map.width), UInt32(map.height), rotation.bitPattern, intensity.bitPattern, 0, 0, 0]
                    + irradiance.map { $0.bitPattern }
            )
            try writer.section(tables.interleaved(texels))
            try writer.section(tables.rowStarts)
            try writer.section(tables.columnStarts)
            try writer.section(arrays: [tables.guides])
        }
    }
}
