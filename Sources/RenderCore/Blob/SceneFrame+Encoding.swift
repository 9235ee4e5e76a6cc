extension SceneFrame {
    /// The number of sections of a frame blob.
    static var sectionCount: Int { 20 }
    /// The words of the camera record: twelve of transform, kind, two of projection, lens radius, focus distance,
    /// number of blades, their rotation, twelve of the transform when the shutter closes.
    static var cameraWords: Int { 31 }
    /// The words of the record of a deformed mesh: the mesh of the assets, two about its lights, whether it moves.
    static var deformedMeshWords: Int { 2 + MeshLights.recordWords }
    /// Marks sets of particles among meshes.
    static var particlesFlag: UInt32 { 0x8000_0000 }
    /// The words of an instance record: mesh, twelve of transform.
    static var instanceWords: Int { 13 }
    /// The words of the record of a moving instance: the instance, twelve of transform when the shutter closes.
    static var motionWords: Int { 13 }
    /// The words of a light record: kind, position, direction, intensity, range, cosines of the inner and outer angle.
    static var lightWords: Int { 13 }

    /// The bytes that travel, with the tree by which lights are chosen.
    ///
    /// Equal frames of equal assets give equal bytes on every machine.
    ///
    /// - Throws: ``SceneBlobError`` for instances of meshes that do not exist and numbers that are not finite, also those
    ///   of `assets` as far as they matter here.
    public func encoded(for assets: SceneAssets) throws(SceneBlobError) -> [UInt8] {
        let blob = BlobInMemory(capacity: 1 << 16 + 4 * Self.instanceWords * self.instances.count)
        var writer = BlobWriter(sections: Self.sectionCount, to: blob)
        try self.writeCamera(&writer)
        var estimates = EmissionEstimates(assets: assets)
        try self.writeDeformedMeshes(&estimates, &writer)
        try self.writeInstances(assets, &writer)
        try self.writeVolumes(assets, &writer)
        var lights = FrameLights()
        var lightWords: [UInt32] = []
        try self.appendInstances(assets, &estimates, to: &lights)
        for (i, light) in self.lights.enumerated() { try Self.append(light, number: i, to: &lightWords, &lights) }
        try writer.section(lightWords)
        self.appendVolumes(assets, to: &lights)
        try lights.write(&writer)
        try self.writeMaterials(assets, &writer)
        return try writer.finished(magic: BlobFormat.frameMagic).bytes
    }

    private func writeCamera(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        func number(_ value: Float, _ range: ClosedRange<Float>) throws(SceneBlobError) -> UInt32 {
            try encodable(value, range, "a number of the camera").bitPattern
        }
        let camera = self.camera
        var words: [UInt32] = []
        try Self.append(camera.transform, to: &words, "the camera's transform")
        switch camera.projection {
        case .perspective(let angle):
            words.append(0)
            words.append(try number(angle, SceneRange.fieldOfView))
            words.append(Float(1).bitPattern)
        case .orthographic(let x, let y):
            words.append(1)
            words.append(try number(x, SceneRange.length))
            words.append(try number(y, SceneRange.length))
        }
        words.append(try number(camera.lensRadius, SceneRange.optionalLength))
        words.append(try number(camera.focusDistance, SceneRange.length))
        guard camera.lensBlades == 0 || SceneRange.lensBlades.contains(camera.lensBlades) else {
            throw SceneBlobError(
                .invalidValue,
                "the camera's lens has \(camera.lensBlades) blades; give it 0 for a round one, or 3 to 32"
            )
        }
        words.append(UInt32(camera.lensBlades))
        words.append(try number(camera.lensRotation, SceneRange.angle))
        try Self.append(camera.closingTransform ?? camera.transform, to: &words, "the camera's closing transform")
        try writer.section(words)
    }

    private func writeDeformedMeshes(
        _ estimates: inout EmissionEstimates,
        _ writer: inout BlobWriter<some BlobOutput>
    ) throws(SceneBlobError) {
        let assets = estimates.assets
        var records: [UInt32] = []
        var lights = MeshLights()
        for (i, pose) in self.deformedMeshes.enumerated() {
            guard assets.meshes.indices.contains(pose.mesh) else {
                throw SceneBlobError(
                    .invalidValue,
                    "deformed mesh \(i) refers to mesh \(pose.mesh), but there are \(assets.meshes.count)"
                )
            }
            let mesh = assets.meshes[pose.mesh]
            guard pose.positions.count == mesh.positions.count, pose.normals.count == mesh.normals.count,
                pose.tangents.count == mesh.tangents.count
            else {
                throw SceneBlobError(
                    .invalidValue,
                    "deformed mesh \(i) has another number of positions, normals or tangents than mesh \(pose.mesh)"
                )
            }
            let isMoving = !pose.closingPositions.isEmpty
            guard pose.closingPositions.count == (isMoving ? pose.positions.count : 0),
                pose.closingNormals.count == (isMoving ? pose.normals.count : 0)
            else {
                throw SceneBlobError(
                    .invalidValue,
                    "deformed mesh \(i) has another number of closing positions or normals than it has positions or "
                        + "normals"
                )
            }
            try check(pose.closingPositions, SceneRange.coordinate, "the closing positions of deformed mesh \(i)")
            try check(pose.closingNormals, SceneRange.coordinate, "the closing normals of deformed mesh \(i)")
            try check(pose.positions, SceneRange.coordinate, "the positions of deformed mesh \(i)")
            try check(pose.normals, SceneRange.coordinate, "the normals of deformed mesh \(i)")
            try check(pose.tangents, SceneRange.coordinate, "the tangents of deformed mesh \(i)")
            records.append(UInt32(pose.mesh))
            records += lights.append(try estimates.lights(of: pose))
            records.append(isMoving ? 1 : 0)
        }
        try writer.section(records)
        try writer.section(arrays: self.deformedMeshes.map { $0.positions })
        try writer.section(arrays: self.deformedMeshes.map { $0.normals })
        try writer.section(arrays: self.deformedMeshes.map { $0.tangents })
        try writer.section(arrays: self.deformedMeshes.map { $0.closingPositions })
        try writer.section(arrays: self.deformedMeshes.map { $0.closingNormals })
        try lights.write(&writer)
    }

    private func writeInstances(
        _ assets: SceneAssets,
        _ writer: inout BlobWriter<some BlobOutput>
    ) throws(SceneBlobError) {
        var words: [UInt32] = []
        words.reserveCapacity(self.instances.count * Self.instanceWords)
        var motions: [UInt32] = []
        let meshCount = assets.meshes.count + self.deformedMeshes.count
        for (i, instance) in self.instances.enumerated() {
            let count = instance.isParticles ? assets.particles.count : meshCount
            guard (0 ..< count).contains(instance.mesh) else {
                throw SceneBlobError(
                    .invalidValue,
                    "instance \(i) refers to \(instance.isParticles ? "particles" : "mesh") \(instance.mesh), "
                        + "but there are \(count)"
                )
            }
            words.append(UInt32(instance.mesh) | (instance.isParticles ? Self.particlesFlag : 0))
            try Self.append(instance.transform, to: &words, "the transform of instance \(i)")
            guard let closing = instance.closingTransform, closing != instance.transform else { continue }
            motions.append(UInt32(i))
            try Self.append(closing, to: &motions, "the closing transform of instance \(i)")
        }
        try writer.section(words)
        try writer.section(motions)
    }

    static func append(
        _ t: Transform,
        to words: inout [UInt32],
        _ what: @autoclosure () -> String
    ) throws(SceneBlobError) {
        for row in [t.x, t.y, t.z] {
            for k in 0 ..< 4 {
                guard row[k].magnitude <= SceneRange.factor.upperBound else {
                    throw SceneBlobError(.invalidValue, "\(what()) has a number that is not finite or too large")
                }
                words.append(row[k].bitPattern)
            }
        }
    }

    /// Appends a light's record, and the light to those that are chosen from.
    private static func append(
        _ light: Light,
        number i: Int,
        to words: inout [UInt32],
        _ lights: inout FrameLights
    ) throws(SceneBlobError) {
        let kind: UInt32
        var position = SIMD3<Float>(0, 0, 0)
        var direction = SIMD3<Float>(0, 0, -1)
        let intensity: SIMD3<Float>
        var range: Float = 0
        var inner: Float = 0
        var outer: Float = 0
        switch light {
        case .point(let p, let radiant, let r):
            (kind, position, intensity, range) = (0, p, radiant, r)
        case .spot(let p, let d, let radiant, let r, let innerAngle, let outerAngle):
            (kind, position, direction, intensity, range) = (1, p, d, radiant, r)
            outer = try encodable(outerAngle, 0 ... Pi.half, "the outer cone angle of light \(i)")
            inner = try encodable(innerAngle, 0 ... outer, "the inner cone angle of light \(i)")
        case .directional(let d, let illuminance):
            (kind, direction, intensity) = (2, d, illuminance)
        }
        words.append(kind)
        for k in 0 ..< 3 {
            words.append(try encodable(position[k], SceneRange.coordinate, "the position of light \(i)").bitPattern)
        }
        for k in 0 ..< 3 { _ = try encodable(direction[k], SceneRange.coordinate, "the direction of light \(i)") }
        let unit = Vector3(direction).normalized(or: Vector3(0, 0, -1))
        words += [unit.x.bitPattern, unit.y.bitPattern, unit.z.bitPattern]
        var weight: Float = 0
        for k in 0 ..< 3 {
            let value = try encodable(intensity[k], SceneRange.radiance, "the intensity of light \(i)")
            words.append(value.bitPattern)
            weight += value
        }
        words.append(try encodable(range, SceneRange.optionalLength, "the range of light \(i)").bitPattern)
        words.append(sinCos(radians: inner).cos.bitPattern)
        words.append(sinCos(radians: outer).cos.bitPattern)
        switch light {
        case .directional: lights.append(sun: i, illuminance: weight)
        case .point: lights.append(light: i, at: Vector3(position), axis: unit, cosCone: -1, cosReach: 0, power: weight)
        case .spot:
            let cosCone = sinCos(radians: inner).cos
            let cosReach = sinCos(radians: outer - inner).cos
            lights.append(
                light: i,
                at: Vector3(position),
                axis: unit,
                cosCone: cosCone,
                cosReach: cosReach,
                power: weight
            )
        }
    }
}
