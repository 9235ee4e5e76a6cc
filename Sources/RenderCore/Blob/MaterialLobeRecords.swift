/// The further lobes of materials as records, one for each material that has any.
struct MaterialLobeRecords {
    /// The words of a record.
    ///
    /// Specular factor and colour (4), clear coat's factor, roughness and normal scale (3), sheen's colour and roughness (4),
    /// iridescence's factor, index, least and greatest thickness (4), anisotropy's strength and rotation (2), diffuse
    /// transmission's factor and colour (4), scattering's coefficients of extinction, albedos and anisotropy (7); then thirteen texture references in the order of ``LobeData``.
    static var words: Int { 28 + 13 * SceneAssets.textureWords }

    private(set) var records: [UInt32] = []

    /// Adds what a material has.
    ///
    /// - Returns: the number of its record and one, or zero when it has nothing.
    mutating func add(_ material: Material, number: Int, of assets: SceneAssets) throws(SceneBlobError) -> UInt32 {
        let isPlain =
            material.specular == nil && material.clearcoat == nil && material.sheen == nil
            && material.iridescence == nil
            && material.anisotropy == nil && material.diffuseTransmission == nil && material.scattering == nil
            && material.transmissionTexture == nil
        guard !isPlain else { return 0 }
        let specular = material.specular ?? Material.Specular()
        let clearcoat = material.clearcoat ?? Material.Clearcoat(factor: 0)
        let sheen = material.sheen ?? Material.Sheen(color: SIMD3(0, 0, 0))
        let film = material.iridescence ?? Material.Iridescence(factor: 0)
        let anisotropy = material.anisotropy ?? Material.Anisotropy(strength: 0)
        let diffuse = material.diffuseTransmission ?? Material.DiffuseTransmission(factor: 0)
        func add(_ values: [Float], _ range: ClosedRange<Float>) throws(SceneBlobError) {
            for value in values {
                self.records.append(try encodable(value, range, "a number of material \(number)").bitPattern)
            }
        }
        try add([specular.factor], SceneRange.fraction)
        try add([specular.color.x, specular.color.y, specular.color.z], SceneRange.optionalLength)
        try add([clearcoat.factor, clearcoat.roughness], SceneRange.fraction)
        try add([clearcoat.normalScale], SceneRange.factor)
        try add([sheen.color.x, sheen.color.y, sheen.color.z, sheen.roughness], SceneRange.fraction)
        try add([film.factor], SceneRange.fraction)
        try add([film.ior], SceneRange.ior)
        try add([film.thicknessMinimum, film.thicknessMaximum], SceneRange.film)
        try add([anisotropy.strength], SceneRange.fraction)
        try add([anisotropy.rotation], SceneRange.angle)
        try add([diffuse.factor, diffuse.color.x, diffuse.color.y, diffuse.color.z], SceneRange.fraction)
        try add(try Self.scattering(material.scattering, number), SceneRange.optionalLength)
        try add([material.scattering?.anisotropy ?? 0], SceneRange.anisotropy)
        for reference in [
            material.transmissionTexture, specular.texture, specular.colorTexture, clearcoat.texture,
            clearcoat.roughnessTexture, clearcoat.normalTexture, sheen.colorTexture, sheen.roughnessTexture,
            film.texture,
            film.thicknessTexture, anisotropy.texture, diffuse.texture, diffuse.colorTexture,
        ] {
            try assets.appendReference(reference, ofMaterial: number, to: &self.records)
        }
        return UInt32(self.records.count / Self.words)
    }

    /// The coefficients of extinction per metre, then the fraction of the light that each particle scatters.
    ///
    /// C. Kulla and A. Conty, "Revisiting Physically Based Shading at Imageworks", 2017: which albedo shows a colour.
    private static func scattering(
        _ scattering: Material.Scattering?,
        _ material: Int
    ) throws(SceneBlobError) -> [Float] {
        guard let scattering else { return [0, 0, 0, 0, 0, 0] }
        let what = "the scattering of material \(material)"
        let g = try encodable(scattering.anisotropy, SceneRange.anisotropy, what)
        var numbers: [Float] = []
        for k in 0 ..< 3 {
            numbers.append(1 / (try encodable(scattering.distance[k], 0x1.12e0bep-30 ... 1e9, what)))
        }
        for k in 0 ..< 3 {
            let c = Double(try encodable(scattering.color[k], SceneRange.fraction, what))
            let root = (0x1.32f30e7ff583ap3 + c * (0x1.4d7266ba493c9p5 + c * 0x1.1b66cf41f212dp4)).squareRoot()
            let s = 0x1.063736cdf266cp2 + c * 0x1.0d5a31a4bdba1p2 - root
            let albedo = (1 - s * s) / (1 - Double(g) * s * s)
            numbers.append(Float(min(max(albedo, 0), 1)))
        }
        return numbers
    }
}
