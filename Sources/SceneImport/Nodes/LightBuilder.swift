import RenderCore

/// Reads the lights of `KHR_lights_punctual`.
struct LightBuilder {
    /// A light before it has a place.
    struct Source {
        enum Kind {
            case point
            case spot(inner: Float, outer: Float)
            case directional
        }

        var kind: Kind
        /// Candela, or lux of a directional light, in each colour.
        var intensity: SIMD3<Float>
        /// Metres, zero without limit.
        var range: Float

        /// The light in the world.
        func placed(by transform: Affine) -> Light {
            let t = transform.translation
            let position = SIMD3(Float(t.x), Float(t.y), Float(t.z))
            let d = normalized(-transform.z, or: SIMD3(0, 0, -1))
            let direction = SIMD3(Float(d.x), Float(d.y), Float(d.z))
            switch self.kind {
            case .point:
                return .point(position: position, intensity: self.intensity, range: self.range)
            case .spot(let inner, let outer):
                return .spot(
                    position: position,
                    direction: direction,
                    intensity: self.intensity,
                    range: self.range,
                    innerConeAngle: inner,
                    outerConeAngle: outer
                )
            case .directional:
                return .directional(direction: direction, illuminance: self.intensity)
            }
        }
    }

    /// Checks light number `index` of the file.
    static func build(_ index: Int, of lights: [GLTF.Light]) throws(ImportError) -> Source {
        guard let light = lights[checked: index] else {
            throw ImportError(.malformed, "it names light \(index), and the file has \(lights.count)")
        }
        do throws(ImportError) {
            return try self.build(light)
        } catch {
            let name = light.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
            throw error.located(at: "light \(index)\(name)")
        }
    }

    private static func build(_ light: GLTF.Light) throws(ImportError) -> Source {
        let color = try Numbers.vector(light.color, count: 3, default: [1, 1, 1], "its colour")
        let intensity = light.intensity ?? 1
        guard intensity >= 0, color.allSatisfy({ $0 >= 0 }) else {
            throw ImportError(.malformed, "its colour or intensity is negative: light cannot be taken away")
        }
        let range = try Numbers.float(light.range ?? 0, "its range")
        guard range >= 0 else {
            throw ImportError(.malformed, "its range is \(range): give a distance above zero, or none")
        }
        let kind: Source.Kind
        switch light.type {
        case "point":
            kind = .point
        case "directional":
            kind = .directional
        case "spot":
            let outer = light.spot?.outerConeAngle ?? 0.785_398_163_397_448_3
            let inner = light.spot?.innerConeAngle ?? 0
            guard inner >= 0, inner <= outer, outer > 0, outer <= 1.570_8 else {
                throw ImportError(
                    .malformed,
                    "its cone goes from \(inner) to \(outer) radians: 0 <= inner <= outer <= pi/2 is possible"
                )
            }
            kind = .spot(inner: Float(inner), outer: Float(outer))
        case let other:
            throw ImportError(.malformed, "it is of the unknown type \"\(ResourceLoader.shortened(other))\"")
        }
        return Source(
            kind: kind,
            intensity: SIMD3(
                try Numbers.float(color[0] * intensity, "its intensity"),
                try Numbers.float(color[1] * intensity, "its intensity"),
                try Numbers.float(color[2] * intensity, "its intensity")
            ),
            range: range
        )
    }
}
