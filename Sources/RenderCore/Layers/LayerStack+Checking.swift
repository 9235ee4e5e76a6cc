extension LayerStack {
    /// The same stack with numbers that are out of range moved to its ends.
    ///
    /// - Parameter what: what a message calls it, as "the layers of material 3".
    /// - Throws: ``SceneBlobError`` for a wrong number or order of layers, and for numbers that are not finite.
    func checked(_ what: String) throws(SceneBlobError) -> LayerStack {
        guard 1 ... Self.layersMax ~= self.layers.count else {
            throw SceneBlobError(
                .limitExceeded,
                "\(what): there are \(self.layers.count); a stack has 1 to \(Self.layersMax)"
            )
        }
        var checked = LayerStack([])
        for (i, layer) in self.layers.enumerated() {
            let isLast = i == self.layers.count - 1
            guard layer.isGround == isLast else {
                throw SceneBlobError(
                    .invalidValue,
                    isLast
                        ? "\(what): the last one must be metal or diffuse, so that it ends the stack"
                        : "\(what): number \(i) is metal or diffuse, which only the last may be"
                )
            }
            checked.layers.append(try layer.checked("number \(i) of \(what)"))
        }
        return checked
    }
}

extension Layer {
    var isGround: Bool {
        switch self {
        case .metal, .diffuse: true
        case .dielectric, .flakes, .medium: false
        }
    }

    fileprivate func checked(_ what: String) throws(SceneBlobError) -> Layer {
        func number(_ value: Float, _ range: ClosedRange<Float>) throws(SceneBlobError) -> Float {
            try encodable(value, range, what)
        }
        func color(_ c: SIMD3<Float>, _ range: ClosedRange<Float>) throws(SceneBlobError) -> SIMD3<Float> {
            SIMD3(try number(c.x, range), try number(c.y, range), try number(c.z, range))
        }
        func film(_ film: Film?) throws(SceneBlobError) -> Film? {
            guard let film else { return nil }
            return Film(
                ior: try number(film.ior, SceneRange.ior),
                thickness: try number(film.thickness, LayerRange.film)
            )
        }
        switch self {
        case .dielectric(let ior, let roughness, let thin):
            return .dielectric(
                ior: try number(ior, SceneRange.ior),
                roughness: try number(roughness, SceneRange.fraction),
                film: try film(thin)
            )
        case .flakes(let metal, let roughness, let coverage):
            return .flakes(
                color: try color(metal, SceneRange.fraction),
                roughness: try number(roughness, SceneRange.fraction),
                coverage: try number(coverage, SceneRange.fraction)
            )
        case .medium(let absorption, let scattering, let albedo, let anisotropy):
            return .medium(
                absorption: try color(absorption, LayerRange.depth),
                scattering: try number(scattering, LayerRange.depth),
                albedo: try color(albedo, SceneRange.fraction),
                anisotropy: try number(anisotropy, LayerRange.anisotropy)
            )
        case .metal(let metal, let roughness, let thin):
            return .metal(
                color: try color(metal, SceneRange.fraction),
                roughness: try number(roughness, SceneRange.fraction),
                film: try film(thin)
            )
        case .diffuse(let albedo):
            return .diffuse(color: try color(albedo, SceneRange.fraction))
        }
    }
}
