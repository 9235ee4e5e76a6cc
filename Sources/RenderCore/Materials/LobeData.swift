/// The further lobes of a material of a loaded scene; see ``Material`` for the meaning of the numbers.
struct LobeData: BitwiseCopyable {
    var specular: Float = 1
    var specularColor = Vector3(1)
    var clearcoat: Float = 0
    var clearcoatRoughness: Float = 0
    var clearcoatNormalScale: Float = 1
    var sheenColor = Vector3.zero
    var sheenRoughness: Float = 0
    var iridescence: Float = 0
    var filmIOR: Float = 1
    var filmThicknessMinimum: Float = 0
    var filmThicknessMaximum: Float = 0
    var anisotropy: Float = 0
    /// Of the direction that reflections are stretched in, from the tangent.
    var anisotropySine: Float = 0
    var anisotropyCosine: Float = 1
    var diffuseTransmission: Float = 0
    var diffuseTransmissionColor = Vector3(1)
    /// The coefficients of extinction per metre; zero where nothing scatters.
    var extinction = Vector3.zero
    var scatteringAlbedo = Vector3.zero
    var scatteringAnisotropy: Float = 0
    var transmissionTexture = TextureData.none
    var specularTexture = TextureData.none
    var specularColorTexture = TextureData.none
    var clearcoatTexture = TextureData.none
    var clearcoatRoughnessTexture = TextureData.none
    var clearcoatNormalTexture = TextureData.none
    var sheenColorTexture = TextureData.none
    var sheenRoughnessTexture = TextureData.none
    var iridescenceTexture = TextureData.none
    var filmThicknessTexture = TextureData.none
    var anisotropyTexture = TextureData.none
    var diffuseTransmissionTexture = TextureData.none
    var diffuseTransmissionColorTexture = TextureData.none

    /// All references to pictures.
    var textures: [TextureData] {
        [
            self.transmissionTexture, self.specularTexture, self.specularColorTexture, self.clearcoatTexture,
            self.clearcoatRoughnessTexture, self.clearcoatNormalTexture, self.sheenColorTexture,
            self.sheenRoughnessTexture, self.iridescenceTexture, self.filmThicknessTexture, self.anisotropyTexture,
            self.diffuseTransmissionTexture, self.diffuseTransmissionColorTexture,
        ]
    }

    /// Whether a material with these lobes is more than ``BSDF`` can do.
    func areNeeded(by material: UnsafePointer<MaterialData>) -> Bool {
        let isGrey = self.specularColor.x == self.specularColor.y && self.specularColor.y == self.specularColor.z
        let isUsual = self.specular == 1 && isGrey && self.specularColor.x == 1
        let hasSpecularTexture = self.specularTexture.isPresent || self.specularColorTexture.isPresent
        let isGlass = material.pointee.transmission > 0
        let isUsualGlass = material.pointee.thickness > 0 && isUsual && !self.transmissionTexture.isPresent
        return material.pointee.scatters || (isGlass && !isUsualGlass) || !isGrey || hasSpecularTexture
            || self.clearcoat > 0
            || self.sheenColor.largest > 0 || self.iridescence > 0 || self.anisotropy > 0
            || self.diffuseTransmission > 0
    }
}
