extension AssetsLoader {
    /// Reads the records of further lobes; behind them lies one of a material that has none.
    mutating func loadLobes(_ records: BlobRecords) throws(SceneBlobError) {
        guard records.count <= self.materialCount else {
            throw SceneBlobError(
                .malformed,
                "there are \(records.count) records of lobes for \(self.materialCount) materials"
            )
        }
        self.lobes = self.memory.allocate(LobeData.self, count: records.count + 1)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            var lobes = LobeData()
            lobes.specular = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.specularColor = try cursor.vector(SceneRange.optionalLength, "lobes", i)
            lobes.clearcoat = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.clearcoatRoughness = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.clearcoatNormalScale = try cursor.float(SceneRange.factor, "lobes", i)
            lobes.sheenColor = try cursor.vector(SceneRange.fraction, "lobes", i)
            lobes.sheenRoughness = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.iridescence = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.filmIOR = try cursor.float(SceneRange.ior, "lobes", i)
            lobes.filmThicknessMinimum = try cursor.float(SceneRange.film, "lobes", i)
            lobes.filmThicknessMaximum = try cursor.float(SceneRange.film, "lobes", i)
            lobes.anisotropy = try cursor.float(SceneRange.fraction, "lobes", i)
            let rotation = try cursor.float(SceneRange.angle, "lobes", i)
            (lobes.anisotropySine, lobes.anisotropyCosine) = sinCos(radians: rotation)
            lobes.diffuseTransmission = try cursor.float(SceneRange.fraction, "lobes", i)
            lobes.diffuseTransmissionColor = try cursor.vector(SceneRange.fraction, "lobes", i)
            lobes.extinction = try cursor.vector(SceneRange.optionalLength, "lobes", i)
            lobes.scatteringAlbedo = try cursor.vector(SceneRange.fraction, "lobes", i)
            lobes.scatteringAnisotropy = try cursor.float(SceneRange.anisotropy, "lobes", i)
            lobes.transmissionTexture = try Self.texture(&cursor, "lobes", i)
            lobes.specularTexture = try Self.texture(&cursor, "lobes", i)
            lobes.specularColorTexture = try Self.texture(&cursor, "lobes", i)
            lobes.clearcoatTexture = try Self.texture(&cursor, "lobes", i)
            lobes.clearcoatRoughnessTexture = try Self.texture(&cursor, "lobes", i)
            lobes.clearcoatNormalTexture = try Self.texture(&cursor, "lobes", i)
            lobes.sheenColorTexture = try Self.texture(&cursor, "lobes", i)
            lobes.sheenRoughnessTexture = try Self.texture(&cursor, "lobes", i)
            lobes.iridescenceTexture = try Self.texture(&cursor, "lobes", i)
            lobes.filmThicknessTexture = try Self.texture(&cursor, "lobes", i)
            lobes.anisotropyTexture = try Self.texture(&cursor, "lobes", i)
            lobes.diffuseTransmissionTexture = try Self.texture(&cursor, "lobes", i)
            lobes.diffuseTransmissionColorTexture = try Self.texture(&cursor, "lobes", i)
            (self.lobes + i).initialize(to: lobes)
        }
        (self.lobes + records.count).initialize(to: LobeData())
        self.lobeCount = records.count
        for i in 0 ..< self.materialCount { try self.connectLobes(i) }
    }

    /// Gives a material its lobes, or takes from them what the usual ones can do.
    private mutating func connectLobes(_ i: Int) throws(SceneBlobError) {
        let material = self.materials + i
        let number = material.pointee.lobes
        guard number < self.lobeCount else {
            throw SceneBlobError(
                .invalidValue,
                "material \(i) refers to lobes \(number), but there are \(self.lobeCount)"
            )
        }
        let lobes = self.lobes + (number < 0 ? self.lobeCount : number)
        let r = (material.pointee.ior - 1) / (material.pointee.ior + 1)
        let reflectance = smaller(r * r * lobes.pointee.specularColor.x, 1)
        material.pointee.coatReflectance = reflectance * lobes.pointee.specular
        material.pointee.coatGrazing = lobes.pointee.specular
        let sendsThrough = material.pointee.transmission > 0 || lobes.pointee.diffuseTransmission > 0
        material.pointee.isSolid = sendsThrough && material.pointee.thickness > 0
        let extinction = lobes.pointee.extinction
        // A walk needs every colour to meet particles somewhere.
        let scatters = smaller(extinction.x, smaller(extinction.y, extinction.z)) > 0
        material.pointee.scatters = material.pointee.isSolid && material.pointee.layers < 0 && scatters
        let isNeeded = lobes.pointee.areNeeded(by: material) && material.pointee.layers < 0
        material.pointee.lobes = isNeeded ? (number < 0 ? self.lobeCount : number) : -1
    }

    /// Whether all pictures that lobes refer to are there.
    func checkLobeReferences() throws(SceneBlobError) {
        for i in 0 ..< self.lobeCount {
            for texture in self.lobes[i].textures where texture.image >= self.imageCount {
                throw SceneBlobError(
                    .invalidValue,
                    "lobes \(i) refer to picture \(texture.image), but there are \(self.imageCount)"
                )
            }
        }
    }
}
