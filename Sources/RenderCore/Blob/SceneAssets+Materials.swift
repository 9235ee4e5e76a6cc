extension SceneAssets {
    /// The words of a texture reference: picture + 1 or zero, wraps, flags (1 nearest texel, 2 second
    /// coordinates), six of transform.
    static var textureWords: Int { 10 }
    /// The words of a material record.
    ///
    /// Base colour and alpha, emission, metallic, roughness, normal scale, ior, transmission, alpha cut-off, alpha mode,
    /// whether double-sided, three of absorption, thickness, dispersion, number of the layer stack and one (zero for
    /// none), number of the further lobes and one (zero for none), then the references.
    static var materialWords: Int { 22 + 4 * Self.textureWords }

    func writeMaterials(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        guard self.materials.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(self.materials.count) materials are too many")
        }
        var words: [UInt32] = []
        var stacks = MaterialLayers()
        var lobes = MaterialLobeRecords()
        for (i, material) in self.materials.enumerated() {
            let stack = try stacks.add(material.layers, ofMaterial: i)
            try self.appendRecord(of: material, number: i, stack: stack, &lobes, to: &words)
        }
        try writer.section(words)
        try writer.section(lobes.records)
        try writer.section(stacks.stackRecords)
        try writer.section(stacks.layerRecords)
    }

    /// Adds the words of a material.
    ///
    /// - Parameters:
    ///   - stack: the number of its layer stack and one, or zero.
    ///   - lobes: gets its further lobes.
    func appendRecord(
        of material: Material,
        number i: Int,
        stack: UInt32,
        _ lobes: inout MaterialLobeRecords,
        to words: inout [UInt32]
    ) throws(SceneBlobError) {
        func number(_ value: Float, _ range: ClosedRange<Float>) throws(SceneBlobError) -> UInt32 {
            try encodable(value, range, "a number of material \(i)").bitPattern
        }
        for k in 0 ..< 4 { words.append(try number(material.baseColor[k], SceneRange.fraction)) }
        for k in 0 ..< 3 { words.append(try number(material.emission[k], SceneRange.radiance)) }
        words.append(try number(material.metallic, SceneRange.fraction))
        words.append(try number(material.roughness, SceneRange.fraction))
        words.append(try number(material.normalScale, SceneRange.factor))
        words.append(try number(material.ior, SceneRange.ior))
        words.append(try number(material.transmission, SceneRange.fraction))
        words.append(try number(material.alphaCutoff, -1e9 ... 1e9))
        words.append(material.alphaMode.rawValue)
        words.append(material.isDoubleSided ? 1 : 0)
        for k in 0 ..< 3 {
            let color = try encodable(
                material.attenuationColor[k],
                SceneRange.fraction,
                "a number of material \(i)"
            )
            words.append(try Self.absorption(color, material.attenuationDistance, i).bitPattern)
        }
        words.append(try number(material.thickness, SceneRange.optionalLength))
        words.append(try number(material.dispersion, SceneRange.dispersion))
        words.append(stack)
        words.append(try lobes.add(material, number: i, of: self))
        for reference in [
            material.baseColorTexture, material.metallicRoughnessTexture, material.emissionTexture,
            material.normalTexture,
        ] {
            try self.appendReference(reference, ofMaterial: i, to: &words)
        }
    }

    /// The coefficient of absorption per metre.
    ///
    /// The distance at which the volume lets `color` through; what it lets through of black is taken as 2^-24.
    private static func absorption(
        _ color: Float,
        _ distance: Float,
        _ material: Int
    ) throws(SceneBlobError) -> Float {
        guard distance > 0 else {
            throw SceneBlobError(.invalidValue, "the attenuation distance of material \(material) is not above zero")
        }
        let coefficient = -logarithm(Double(larger(color, 0x1p-24))) / Double(distance)
        return Float(coefficient < 1e9 ? coefficient : 1e9)
    }

    /// Adds the words of a reference, or zeros.
    func appendReference(
        _ reference: TextureReference?,
        ofMaterial material: Int,
        to words: inout [UInt32]
    ) throws(SceneBlobError) {
        guard let reference else {
            for _ in 0 ..< Self.textureWords { words.append(0) }
            return
        }
        guard self.images.indices.contains(reference.image) else {
            throw SceneBlobError(
                .invalidValue,
                "material \(material) refers to picture \(reference.image), but there are \(self.images.count)"
            )
        }
        words.append(UInt32(reference.image + 1))
        words.append(reference.wrapS.rawValue)
        words.append(reference.wrapT.rawValue)
        words.append((reference.isNearest ? 1 : 0) | (reference.usesSecondCoordinates ? 2 : 0))
        let t = reference.transform
        for value in [t.a, t.b, t.c, t.d, t.e, t.f] {
            words.append(
                try encodable(value, SceneRange.factor, "a texture transform of material \(material)").bitPattern
            )
        }
    }
}
