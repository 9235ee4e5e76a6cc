/// The further lobes of a material at a point, with their textures.
struct LobePoint: BitwiseCopyable {
    /// The dielectric's reflectance at normal incidence and at grazing angles.
    var reflectance: Vector3
    var grazing: Float
    var clearcoat: Float
    var clearcoatRoughness: Float
    var sheenColor: Vector3
    var sheenRoughness: Float
    var iridescence: Float
    var filmIOR: Float
    /// In nanometres.
    var filmThickness: Float
    var anisotropy: Float
    var transmission: Float
    /// Whether what passes is bent by nothing.
    var isThin: Bool
    var diffuseTransmission: Float
    var diffuseTransmissionColor: Vector3

    /// What the numbers of a material say by themselves.
    @inline(__always) init(_ material: UnsafePointer<MaterialData>, _ lobes: UnsafePointer<LobeData>) {
        let r = (material.pointee.ior - 1) / (material.pointee.ior + 1)
        // Not yet with the factor, and not yet clamped.
        self.reflectance = lobes.pointee.specularColor * (r * r)
        self.grazing = lobes.pointee.specular
        self.clearcoat = lobes.pointee.clearcoat
        self.clearcoatRoughness = lobes.pointee.clearcoatRoughness
        self.sheenColor = lobes.pointee.sheenColor
        self.sheenRoughness = lobes.pointee.sheenRoughness
        self.iridescence = lobes.pointee.iridescence
        self.filmIOR = lobes.pointee.filmIOR
        self.filmThickness = lobes.pointee.filmThicknessMaximum
        self.anisotropy = lobes.pointee.anisotropy
        self.transmission = material.pointee.transmission
        self.isThin = material.pointee.thickness <= 0
        self.diffuseTransmission = lobes.pointee.diffuseTransmission
        self.diffuseTransmissionColor = lobes.pointee.diffuseTransmissionColor
    }

    /// Brings in all textures but normal maps and that of anisotropy.
    @inline(never) mutating func apply(
        _ view: UnsafePointer<SceneView>,
        _ lobes: UnsafePointer<LobeData>,
        _ place: TexturePlace
    ) {
        func texel(_ texture: TextureData) -> Texel? {
            texture.isPresent ? place.texel(view, texture) : nil
        }
        if let t = texel(lobes.pointee.transmissionTexture) { self.transmission *= Self.fraction(t.color.x) }
        if let t = texel(lobes.pointee.specularTexture) { self.grazing *= Self.fraction(t.alpha) }
        if let t = texel(lobes.pointee.specularColorTexture) { self.reflectance *= Self.fractions(t.color) }
        if let t = texel(lobes.pointee.clearcoatTexture) { self.clearcoat *= Self.fraction(t.color.x) }
        if let t = texel(lobes.pointee.clearcoatRoughnessTexture) {
            self.clearcoatRoughness *= Self.fraction(t.color.y)
        }
        if let t = texel(lobes.pointee.sheenColorTexture) { self.sheenColor *= Self.fractions(t.color) }
        if let t = texel(lobes.pointee.sheenRoughnessTexture) { self.sheenRoughness *= Self.fraction(t.alpha) }
        if let t = texel(lobes.pointee.iridescenceTexture) { self.iridescence *= Self.fraction(t.color.x) }
        if let t = texel(lobes.pointee.filmThicknessTexture) {
            let (low, high) = (lobes.pointee.filmThicknessMinimum, lobes.pointee.filmThicknessMaximum)
            self.filmThickness = mix(low, high, Self.fraction(t.color.y))
        }
        if let t = texel(lobes.pointee.diffuseTransmissionTexture) {
            self.diffuseTransmission *= Self.fraction(t.alpha)
        }
        if let t = texel(lobes.pointee.diffuseTransmissionColorTexture) {
            self.diffuseTransmissionColor *= Self.fractions(t.color)
        }
    }

    /// Keeps the reflectance in its bounds; comes last.
    @inline(__always) mutating func finish() {
        let r = self.reflectance
        self.reflectance = Vector3(smaller(r.x, 1), smaller(r.y, 1), smaller(r.z, 1)) * self.grazing
    }

    @inline(__always) private static func fraction(_ x: Float) -> Float { clamped(x, 0, 1) }

    @inline(__always) private static func fractions(_ c: Vector3) -> Vector3 {
        Vector3(self.fraction(c.x), self.fraction(c.y), self.fraction(c.z))
    }
}
