extension SceneAssets {
    /// The number of sections of an assets blob.
    static var sectionCount: Int { 30 }
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
    /// - Throws: ``SceneBlobError`` for indices that point nowhere, arrays that do not fit together, and numbers that
    ///   are not finite.
    public func encoded() throws(SceneBlobError) -> [UInt8] {
        var writer = BlobWriter(sections: Self.sectionCount, capacity: self.sizeEstimate)
        try self.writeMeshes(&writer)
        try self.writeMaterials(&writer)
        try self.writeImages(&writer)
        try self.writeEnvironment(&writer)
        try self.writeParticles(&writer)
        try self.writeVolumes(&writer)
        return writer.finished(magic: BlobFormat.assetsMagic)
    }

    /// About how many bytes the blob will have: the large arrays.
    private var sizeEstimate: Int {
        var size = 1 << 16
        for mesh in self.meshes {
            let numbers = mesh.positions.count + mesh.normals.count + mesh.tangents.count
            let coordinates = mesh.textureCoordinates.count + mesh.secondCoordinates.count
            let others = coordinates + mesh.colors.count + mesh.indices.count
            size += 4 * (numbers + others + Self.meshWords)
        }
        // Smaller levels make a picture a third larger.
        for image in self.images { size += image.texels.byteCount / 3 * 4 + BlobFormat.alignment }
        for volume in self.volumes { size += 2 * (volume.densities.count + volume.temperatures.count) }
        if case .map(let map) = self.environment { size += 8 * map.texels.count }
        return size
    }

    private func writeMeshes(_ writer: inout BlobWriter) throws(SceneBlobError) {
        var records: [UInt32] = []
        var estimates = EmissionEstimates(assets: self)
        var lights = MeshLights()
        guard self.meshes.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(self.meshes.count) meshes are too many")
        }
        for (i, mesh) in self.meshes.enumerated() {
            let vertices = mesh.positions.count / 3
            let triangles = mesh.indices.count / 3
            guard mesh.positions.count == vertices * 3, mesh.indices.count == triangles * 3 else {
                throw SceneBlobError(.invalidValue, "mesh \(i): positions and indices must come in threes")
            }
            guard vertices < SceneRange.meshCountMax, triangles < SceneRange.meshCountMax else {
                throw SceneBlobError(.limitExceeded, "mesh \(i) is too large")
            }
            guard mesh.normals.isEmpty || mesh.normals.count == vertices * 3,
                mesh.tangents.isEmpty || mesh.tangents.count == vertices * 4,
                mesh.textureCoordinates.isEmpty || mesh.textureCoordinates.count == vertices * 2,
                mesh.secondCoordinates.isEmpty || mesh.secondCoordinates.count == vertices * 2,
                mesh.colors.isEmpty || mesh.colors.count == vertices * 3
            else {
                throw SceneBlobError(
                    .invalidValue,
                    "mesh \(i) has \(vertices) vertices, but another number of normals, tangents, texture coordinates "
                        + "or colours"
                )
            }
            guard self.materials.indices.contains(mesh.material) else {
                throw SceneBlobError(
                    .invalidValue,
                    "mesh \(i) has material \(mesh.material), but there are \(self.materials.count)"
                )
            }
            for index in mesh.indices where Int(index) >= vertices {
                throw SceneBlobError(.invalidValue, "mesh \(i) refers to vertex \(index), but it has \(vertices)")
            }
            try check(mesh.positions, SceneRange.coordinate, "the positions of mesh \(i)")
            try check(mesh.normals, SceneRange.coordinate, "the normals of mesh \(i)")
            try check(mesh.tangents, SceneRange.coordinate, "the tangents of mesh \(i)")
            try check(mesh.textureCoordinates, SceneRange.factor, "the texture coordinates of mesh \(i)")
            try check(mesh.secondCoordinates, SceneRange.factor, "the second texture coordinates of mesh \(i)")
            try check(mesh.colors, SceneRange.fraction, "the colours of mesh \(i)")
            records.append(UInt32(vertices))
            records.append(UInt32(triangles))
            records.append(UInt32(mesh.material))
            records.append(
                (mesh.normals.isEmpty ? 0 : MeshFlags.normals) | (mesh.tangents.isEmpty ? 0 : MeshFlags.tangents)
                    | (mesh.textureCoordinates.isEmpty ? 0 : MeshFlags.textureCoordinates)
                    | (mesh.colors.isEmpty ? 0 : MeshFlags.colors)
                    | (mesh.secondCoordinates.isEmpty ? 0 : MeshFlags.secondCoordinates)
            )
            records += lights.append(try estimates.lights(of: mesh, number: i))
        }
        writer.section(records)
        writer.section(floats: self.meshes.map { $0.positions })
        writer.section(floats: self.meshes.map { $0.normals })
        writer.section(floats: self.meshes.map { $0.tangents })
        writer.section(floats: self.meshes.map { $0.textureCoordinates })
        writer.section(floats: self.meshes.map { $0.secondCoordinates })
        writer.section(floats: self.meshes.map { $0.colors })
        writer.section(words: self.meshes.map { $0.indices })
        lights.write(&writer)
    }

    private func writeImages(_ writer: inout BlobWriter) throws(SceneBlobError) {
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
        writer.section(records)
        let images = self.images
        let levels = ImageLevels()
        writer.section { body in
            for image in images {
                levels.append(image, to: &body)
                // Each picture begins as a section does.
                while body.count % BlobFormat.alignment != 0 { body.append(0) }
            }
        }
    }

    private func writeEnvironment(_ writer: inout BlobWriter) throws(SceneBlobError) {
        switch self.environment {
        case .constant(let radiance):
            let r = try encodable(radiance.x, SceneRange.radiance, "the sky's radiance")
            let g = try encodable(radiance.y, SceneRange.radiance, "the sky's radiance")
            let b = try encodable(radiance.z, SceneRange.radiance, "the sky's radiance")
            writer.section([
                0, 0, 0, 0, Float(1).bitPattern, r.bitPattern, g.bitPattern, b.bitPattern, 0, 0, 0, 0, 0, 0,
            ])
            writer.section([Float]())
            writer.section([UInt32]())
            writer.section([UInt32]())
            writer.section([UInt32]())
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
            writer.section(
                [1, UInt32(map.width), UInt32(map.height), rotation.bitPattern, intensity.bitPattern, 0, 0, 0]
                    + irradiance.map { $0.bitPattern }
            )
            writer.section(tables.interleaved(texels))
            writer.section(tables.rowStarts)
            writer.section(tables.columnStarts)
            writer.section { $0.append(littleEndianNumbers: tables.guides) }
        }
    }
}

/// Which optional arrays a mesh has.
enum MeshFlags {
    static var normals: UInt32 { 1 }
    static var tangents: UInt32 { 2 }
    static var textureCoordinates: UInt32 { 4 }
    static var colors: UInt32 { 8 }
    static var secondCoordinates: UInt32 { 16 }
    static var all: UInt32 { 31 }
}
