extension AssetsData {
    /// Reads the numbers of a material; ``connect(_:number:_:count:none:)`` gives it its lobes.
    static func material(_ cursor: inout BlobCursor, _ i: Int) throws(SceneBlobError) -> MaterialData {
        let baseColor = try cursor.vector(SceneRange.fraction, "material", i)
        let alpha = try cursor.float(SceneRange.fraction, "material", i)
        let emission = try cursor.vector(SceneRange.radiance, "material", i)
        let metallic = try cursor.float(SceneRange.fraction, "material", i)
        let roughness = try cursor.float(SceneRange.fraction, "material", i)
        let normalScale = try cursor.float(SceneRange.factor, "material", i)
        let ior = try cursor.float(SceneRange.ior, "material", i)
        let transmission = try cursor.float(SceneRange.fraction, "material", i)
        let alphaCutoff = try cursor.float(SceneRange.factor, "material", i)
        guard let alphaMode = Material.AlphaMode(rawValue: cursor.word()) else {
            throw SceneBlobError(.malformed, "material \(i) has an unknown alpha mode")
        }
        let doubleSided = cursor.word()
        guard doubleSided <= 1 else {
            throw SceneBlobError(.malformed, "material \(i) has unknown flags")
        }
        let absorption = try cursor.vector(SceneRange.optionalLength, "material", i)
        let thickness = try cursor.float(SceneRange.optionalLength, "material", i)
        let dispersion = try cursor.float(SceneRange.dispersion, "material", i)
        let layers = cursor.count() - 1
        let lobes = cursor.count() - 1
        return MaterialData(
            baseColor: baseColor,
            alpha: alpha,
            emission: emission,
            metallic: metallic,
            roughness: roughness,
            normalScale: normalScale,
            ior: ior,
            coatReflectance: 0,
            coatGrazing: 0,
            transmission: transmission,
            dispersion: transmission > 0 && thickness > 0 ? dispersion : 0,
            absorption: absorption,
            thickness: thickness,
            isSolid: false,
            scatters: false,
            alphaCutoff: alphaCutoff,
            alphaMode: alphaMode,
            isDoubleSided: doubleSided == 1,
            layers: layers,
            lobes: lobes,
            baseColorTexture: try self.texture(&cursor, "material", i),
            metallicRoughnessTexture: try self.texture(&cursor, "material", i),
            emissionTexture: try self.texture(&cursor, "material", i),
            normalTexture: try self.texture(&cursor, "material", i)
        )
    }

    /// The reference that comes next in a record of `what`.
    static func texture(
        _ cursor: inout BlobCursor,
        _ what: String,
        _ number: Int
    ) throws(SceneBlobError) -> TextureData {
        let image = cursor.count() - 1
        guard let wrapS = TextureReference.Wrap(rawValue: cursor.word()),
            let wrapT = TextureReference.Wrap(rawValue: cursor.word())
        else { throw SceneBlobError(.malformed, "\(what) \(number) has an unknown way of wrapping") }
        let flags = cursor.word()
        guard flags <= 3 else { throw SceneBlobError(.malformed, "\(what) \(number) has an unknown filter") }
        return TextureData(
            image: image,
            wrapS: wrapS,
            wrapT: wrapT,
            isNearest: flags & 1 != 0,
            usesSecondCoordinates: flags & 2 != 0,
            transform: TextureReference.Transform(
                a: try cursor.float(SceneRange.factor, what, number),
                b: try cursor.float(SceneRange.factor, what, number),
                c: try cursor.float(SceneRange.factor, what, number),
                d: try cursor.float(SceneRange.factor, what, number),
                e: try cursor.float(SceneRange.factor, what, number),
                f: try cursor.float(SceneRange.factor, what, number)
            )
        )
    }

    /// Reads a record of further lobes.
    static func lobes(_ cursor: inout BlobCursor, _ i: Int) throws(SceneBlobError) -> LobeData {
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
        lobes.transmissionTexture = try self.texture(&cursor, "lobes", i)
        lobes.specularTexture = try self.texture(&cursor, "lobes", i)
        lobes.specularColorTexture = try self.texture(&cursor, "lobes", i)
        lobes.clearcoatTexture = try self.texture(&cursor, "lobes", i)
        lobes.clearcoatRoughnessTexture = try self.texture(&cursor, "lobes", i)
        lobes.clearcoatNormalTexture = try self.texture(&cursor, "lobes", i)
        lobes.sheenColorTexture = try self.texture(&cursor, "lobes", i)
        lobes.sheenRoughnessTexture = try self.texture(&cursor, "lobes", i)
        lobes.iridescenceTexture = try self.texture(&cursor, "lobes", i)
        lobes.filmThicknessTexture = try self.texture(&cursor, "lobes", i)
        lobes.anisotropyTexture = try self.texture(&cursor, "lobes", i)
        lobes.diffuseTransmissionTexture = try self.texture(&cursor, "lobes", i)
        lobes.diffuseTransmissionColorTexture = try self.texture(&cursor, "lobes", i)
        return lobes
    }

    /// Gives a material its lobes, the number of which it has been read with, or takes from them what the usual ones can do.
    ///
    /// - Parameters:
    ///   - count: how many lobes there are.
    ///   - none: the place of those of a material that has none.
    static func connect(
        _ material: UnsafeMutablePointer<MaterialData>,
        number i: Int,
        _ all: UnsafePointer<LobeData>,
        count: Int,
        none: Int
    ) throws(SceneBlobError) {
        let number = material.pointee.lobes
        guard number < count else {
            throw SceneBlobError(.invalidValue, "material \(i) refers to lobes \(number), but there are \(count)")
        }
        let place = number < 0 ? none : number
        let lobes = all + place
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
        material.pointee.lobes = isNeeded ? place : -1
    }

    /// Refuses a material that refers to pictures that are not there.
    static func check(_ material: MaterialData, number i: Int, imageCount: Int) throws(SceneBlobError) {
        let images = [
            material.baseColorTexture.image, material.metallicRoughnessTexture.image, material.emissionTexture.image,
            material.normalTexture.image,
        ]
        for image in images where image >= imageCount {
            throw SceneBlobError(.invalidValue, "material \(i) refers to picture \(image), but there are \(imageCount)")
        }
    }

    /// Refuses lobes that refer to pictures that are not there.
    static func check(_ lobes: LobeData, number i: Int, imageCount: Int) throws(SceneBlobError) {
        for texture in lobes.textures where texture.image >= imageCount {
            throw SceneBlobError(
                .invalidValue,
                "lobes \(i) refer to picture \(texture.image), but there are \(imageCount)"
            )
        }
    }
}
