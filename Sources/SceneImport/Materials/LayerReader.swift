import RenderCore

/// Turns `TESSERA_layers` into the renderer's layers.
enum LayerReader {
    /// The stack of a material.
    ///
    /// - Throws: ``ImportError`` for unknown types of layers, and for stacks that are none.
    static func stack(_ source: GLTF.Layers) throws(ImportError) -> LayerStack {
        let count = source.layers.count
        guard 1 ... LayerStack.layersMax ~= count else {
            throw ImportError(
                .malformed,
                "TESSERA_layers has \(count) layers, 1 to \(LayerStack.layersMax) make a stack"
            )
        }
        var stack = LayerStack([])
        for (i, layer) in source.layers.enumerated() {
            do throws(ImportError) {
                stack.layers.append(try self.layer(layer, isLast: i == count - 1))
            } catch {
                throw error.located(at: "layer \(i) of TESSERA_layers")
            }
        }
        return stack
    }

    private static func layer(_ source: GLTF.Layers.Layer, isLast: Bool) throws(ImportError) -> Layer {
        let isGround = source.type == "metal" || source.type == "diffuse"
        guard isGround == isLast else {
            throw ImportError(
                .malformed,
                isLast
                    ? "it is the last and has to be \"metal\" or \"diffuse\", which let no light through"
                    : "it lets no light through, so no layer may come after it"
            )
        }
        let roughness = try Numbers.within(0 ... 1, source.roughness, default: 0, "its roughness")
        switch source.type {
        case "dielectric":
            return .dielectric(
                ior: try Numbers.within(1 ... 4, source.ior, default: 1.5, "its ior"),
                roughness: roughness,
                film: try self.film(source.film)
            )
        case "flakes":
            return .flakes(
                color: try self.color(source.color, 1, 0 ... 1, "its color"),
                roughness: roughness,
                coverage: try Numbers.within(0 ... 1, source.coverage, default: 1, "its coverage")
            )
        case "medium":
            return .medium(
                absorption: try self.color(source.absorption, 0, 0 ... 64, "its absorption"),
                scattering: try Numbers.within(0 ... 64, source.scattering, default: 0, "its scattering"),
                albedo: try self.color(source.albedo, 1, 0 ... 1, "its albedo"),
                anisotropy: try Numbers.within(-0.95 ... 0.95, source.anisotropy, default: 0, "its anisotropy")
            )
        case "metal":
            return .metal(
                color: try self.color(source.color, 1, 0 ... 1, "its color"),
                roughness: roughness,
                film: try self.film(source.film)
            )
        case "diffuse":
            return .diffuse(color: try self.color(source.color, 1, 0 ... 1, "its color"))
        default:
            throw ImportError(
                .unsupported,
                "its type is \"\(ResourceLoader.shortened(source.type))\"; there are dielectric, flakes, medium, metal and "
                    + "diffuse"
            )
        }
    }

    private static func film(_ source: GLTF.Layers.Film?) throws(ImportError) -> Layer.Film? {
        guard let source else { return nil }
        return Layer.Film(
            ior: try Numbers.within(1 ... 4, source.ior, default: 1.3, "its film's ior"),
            thickness: try Numbers.within(0 ... 2_000, source.thickness, default: 400, "its film's thickness")
        )
    }

    private static func color(
        _ values: [Double]?,
        _ fallback: Double,
        _ range: ClosedRange<Double>,
        _ what: String
    ) throws(ImportError) -> SIMD3<Float> {
        let all = try Numbers.vector(values, count: 3, default: [fallback, fallback, fallback], what)
        return SIMD3(
            try Numbers.within(range, all[0], default: fallback, what),
            try Numbers.within(range, all[1], default: fallback, what),
            try Numbers.within(range, all[2], default: fallback, what)
        )
    }
}
