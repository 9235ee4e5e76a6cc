import ImageCodec
import RenderCore

/// Finds what a ray sees that leaves the scene.
struct Surroundings {
    let document: GLTF.Document
    let scene: Int?
    let accessors: AccessorReader
    let options: ImportOptions

    /// What the caller chose, or what the file has, or black for a scene that is lit, or a soft neutral sky.
    ///
    /// `textures` loads the faces of an image-based light.
    func environment(
        isLit: Bool,
        textures: inout TextureLoader,
        _ notes: inout [String]
    ) throws(ImportError) -> Environment {
        if let path = self.options.environment {
            do throws(ImportError) {
                let file = try MappedFile(path, maxBytes: self.options.limits.maxFileBytes)
                let options = self.options
                guard options.environmentIntensity >= 0, options.environmentIntensity.isFinite,
                    options.environmentRotation.magnitude <= 36_000
                else {
                    throw ImportError(
                        .malformed,
                        "intensity \(options.environmentIntensity) and rotation "
                            + "\(options.environmentRotation) are not possible: give a number from 0 and degrees"
                    )
                }
                // The middle of a panorama lies towards +X, as in Blender and three.js; a map's own middle towards -Z.
                return try self.map(
                    ByteView(file),
                    rotation: (options.environmentRotation - 90) * (.pi / 180),
                    intensity: options.environmentIntensity
                )
            } catch {
                throw error.located(at: "environment \(path)")
            }
        }
        if let color = self.options.skyColor { return .constant(color) }
        let scene = self.scene.flatMap { (self.document.scenes ?? [])[checked: $0] }
        if let own = scene?.extras?.value?.tessera?.environment {
            do throws(ImportError) {
                let intensity = try Numbers.float(own.intensity ?? 1, "its intensity")
                let degrees = try Numbers.float(own.rotation ?? 0, "its rotation")
                guard intensity >= 0 else {
                    throw ImportError(.malformed, "its intensity is \(intensity): give a number from 0")
                }
                return try self.map(
                    try self.accessors.bytes(ofView: own.bufferView),
                    rotation: degrees * (.pi / 180),
                    intensity: intensity
                )
            } catch {
                throw error.located(at: "the environment in the scene's extras")
            }
        }
        if let light = scene?.extensions?.lightsImageBased?.light {
            do throws(ImportError) {
                let lights = self.document.extensions?.lightsImageBased?.lights ?? []
                guard let own = lights[checked: light] else {
                    throw ImportError(.malformed, "it does not exist, the file has \(lights.count)")
                }
                return try CubeMap(own, textures: &textures).environment()
            } catch {
                throw error.located(at: "image-based light \(light)")
            }
        }
        guard !isLit else { return .constant(SIMD3(0, 0, 0)) }
        notes.append("The file has no lights and nothing that glows brightly: a soft neutral sky was added.")
        return .map(Self.neutralSky)
    }

    private func map(
        _ bytes: ByteView,
        rotation: Float = 0,
        intensity: Float = 1
    ) throws(ImportError) -> Environment {
        do throws(ImageError) {
            var limits = ImageLimits.standard
            limits.maxPixels = self.options.limits.maxTexturePixels
            let picture = try ImageDecoder.decodeLight(bytes.array, limits: limits)
            // Suns of a few texels are brighter than half floats can say, and cutting them off takes much of all light; only
            // what overflowed on its way here becomes the largest half float.
            return .map(
                width: picture.width,
                height: picture.height,
                texels: picture.pixels.map { $0.isFinite ? max($0, 0) : $0 > 0 ? 65_504 : 0 },
                rotation: rotation,
                intensity: intensity
            )
        } catch {
            let limit: ImportLimits.Name? = error.code == .tooManyPixels ? .texels : nil
            throw ImportError(limit == nil ? .badImage : .tooLarge, error.message, limit: limit)
        }
    }

    /// White above, grey below, a broad light from the upper right behind the viewer of an invented camera.
    static let neutralSky: Environment.Map = {
        let map = LatitudeLongitude(width: 64, height: 32)
        let key = normalized(SIMD3(0.2, 0.75, 0.65), or: .zero)
        return map.texels { direction in
            let bright = max(dot(direction, key) - 0.55, 0) * 7
            let sky = direction.y > 0 ? 0.35 + 0.3 * direction.y : 0.35 + 0.25 * direction.y
            return SIMD3(sky + bright, sky + bright * 0.97, sky * 1.03 + bright * 0.92)
        }
    }()
}

/// The grid of an environment map: the middle column looks along -Z, columns to the right turn towards +X.
struct LatitudeLongitude {
    let width: Int
    let height: Int

    /// A map of what `radiance` gives for the direction of each texel.
    func texels(_ radiance: (SIMD3<Double>) -> SIMD3<Double>) -> Environment.Map {
        var texels: [Float] = []
        texels.reserveCapacity(3 * self.width * self.height)
        let columns = (0 ..< self.width).map { column in
            DeterministicMath.sineCosine(((Double(column) + 0.5) / Double(self.width) * 2 - 1) * .pi)
        }
        for row in 0 ..< self.height {
            let (up, across) = DeterministicMath.sineCosine((0.5 - (Double(row) + 0.5) / Double(self.height)) * .pi)
            for (x, z) in columns {
                let value = radiance(SIMD3(x * across, up, -z * across))
                texels.append(Float(value.x))
                texels.append(Float(value.y))
                texels.append(Float(value.z))
            }
        }
        return Environment.Map(width: self.width, height: self.height, texels: texels)
    }
}
