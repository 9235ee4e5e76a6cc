/// The layer stacks of materials as records: one a stack, and one a layer.
struct MaterialLayers {
    /// The words of a stack: the number of layers, and the mixtures of its density.
    static var stackWords: Int { 1 + 3 * LayerDensity.bins }
    /// The words of a layer: kind, three of colour or absorption, coverage or scattering, roughness, ior, the film's ior and
    /// thickness, three of albedo, anisotropy.
    ///
    /// Words that a kind does not use are zero; so are those of a film that is not there.
    static var layerWords: Int { 13 }

    private(set) var stackRecords: [UInt32] = []
    private(set) var layerRecords: [UInt32] = []

    /// Adds a material's stack.
    ///
    /// - Returns: its number and one, or zero for nothing.
    mutating func add(_ stack: LayerStack?, ofMaterial material: Int) throws(SceneBlobError) -> UInt32 {
        guard let stack = try stack?.checked("the layers of material \(material)") else { return 0 }
        guard self.stackRecords.count < LayerRange.stacksMax * Self.stackWords else {
            throw SceneBlobError(.limitExceeded, "more than \(LayerRange.stacksMax) materials have layers")
        }
        self.stackRecords.append(UInt32(stack.layers.count))
        let memory = SceneMemory()
        let data = LayerStackData(stack, mixtures: nil, memory: memory)
        for bin in withExtendedLifetime(memory, { data.density.mixtures }) {
            self.stackRecords += [bin.outer.bitPattern, bin.inner.bitPattern, bin.innerAlpha.bitPattern]
        }
        for layer in stack.layers { self.layerRecords += Self.words(layer) }
        return UInt32(self.stackRecords.count / Self.stackWords)
    }

    /// The record of a layer.
    static func words(_ layer: Layer) -> [UInt32] {
        func record(
            _ kind: UInt32,
            color: SIMD3<Float>,
            amount: Float = 0,
            roughness: Float = 0,
            ior: Float = 0,
            film: Layer.Film? = nil,
            albedo: SIMD3<Float> = SIMD3(0, 0, 0),
            anisotropy: Float = 0
        ) -> [UInt32] {
            [kind]
                + [
                    color.x, color.y, color.z, amount, roughness, ior, film?.ior ?? 0, film?.thickness ?? 0,
                    albedo.x, albedo.y, albedo.z, anisotropy,
                ].map { (number: Float) in number.bitPattern }
        }
        switch layer {
        case .dielectric(let ior, let roughness, let film):
            return record(0, color: SIMD3(0, 0, 0), roughness: roughness, ior: ior, film: film)
        case .flakes(let color, let roughness, let coverage):
            return record(1, color: color, amount: coverage, roughness: roughness)
        case .medium(let absorption, let scattering, let albedo, let anisotropy):
            return record(2, color: absorption, amount: scattering, albedo: albedo, anisotropy: anisotropy)
        case .metal(let color, let roughness, let film):
            return record(3, color: color, roughness: roughness, film: film)
        case .diffuse(let color):
            return record(4, color: color)
        }
    }

    /// The layer of a record, unchecked; nothing for an unknown kind.
    static func layer(_ cursor: inout BlobCursor) -> Layer? {
        let kind = cursor.word()
        func vector() -> SIMD3<Float> {
            let v = cursor.vector()
            return SIMD3(v.x, v.y, v.z)
        }
        let color = vector()
        let amount = cursor.float()
        let roughness = cursor.float()
        let ior = cursor.float()
        let filmIOR = cursor.float()
        let thickness = cursor.float()
        let albedo = vector()
        let anisotropy = cursor.float()
        // The index of a film is at least one, so zero means that there is none.
        let film: Layer.Film? = filmIOR == 0 ? nil : Layer.Film(ior: filmIOR, thickness: thickness)
        switch kind {
        case 0: return .dielectric(ior: ior, roughness: roughness, film: film)
        case 1: return .flakes(color: color, roughness: roughness, coverage: amount)
        case 2: return .medium(absorption: color, scattering: amount, albedo: albedo, anisotropy: anisotropy)
        case 3: return .metal(color: color, roughness: roughness, film: film)
        case 4: return .diffuse(color: color)
        default: return nil
        }
    }
}
