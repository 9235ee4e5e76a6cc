import ImageCodec
import RenderCore

/// The sharpest level of the cube map of an image-based light (`EXT_lights_image_based`).
///
/// The extension leaves the colour curve open; faces are read as sRGB, then divided by alpha (RGBD), as in the engine
/// that it comes from.
struct CubeMap {
    /// The edge of the map that is made of it, at most.
    private static let edgeMax = 1_024

    private let size: Int
    /// Linear colours of +x, -x, +y, -y, +z, -z, rows from the top.
    private let faces: [[SIMD3<Float>]]
    private let rotation: SIMD4<Double>
    private let intensity: Float

    init(_ light: GLTF.ImageBasedLight, textures: inout TextureLoader) throws(ImportError) {
        guard let level = light.specularImages.first, level.count == 6 else {
            throw ImportError(.malformed, "it does not have six faces")
        }
        let r = try Numbers.vector(light.rotation, count: 4, default: [0, 0, 0, 1], "its rotation")
        self.rotation = Quaternion.normalized(SIMD4(r[0], r[1], r[2], r[3]))
        self.intensity = try Numbers.float(light.intensity ?? 1, "its intensity")
        guard self.intensity >= 0 else {
            throw ImportError(.malformed, "its intensity is \(self.intensity): give a number from 0")
        }
        var size: Int?
        var faces: [[SIMD3<Float>]] = []
        for image in level {
            let picture = try textures.decoded(image)
            guard picture.width == picture.height, size == nil || size == picture.width else {
                throw ImportError(.badImage, "image \(image) of it is not a square of the size of the others")
            }
            size = picture.width
            faces.append(
                (0 ..< picture.width * picture.height).map { i in
                    let scale = picture.hasAlpha ? 255 / Double(max(picture.pixels[4 * i + 3], 1)) : 1
                    func value(_ k: Int) -> Float { Float(SRGB.linear[Int(picture.pixels[4 * i + k])] * scale) }
                    return SIMD3(value(0), value(1), value(2))
                }
            )
        }
        self.size = size ?? 1
        self.faces = faces
    }

    /// The map by latitude and longitude.
    func environment() -> Environment {
        let height = min(2 * self.size, Self.edgeMax / 2)
        let inverse = Affine(
            translation: .zero,
            rotation: SIMD4(-self.rotation.x, -self.rotation.y, -self.rotation.z, self.rotation.w),
            scale: SIMD3(1, 1, 1)
        )
        var map = LatitudeLongitude(width: 2 * height, height: height).texels { direction in
            self.radiance(inverse.direction(direction))
        }
        map.intensity = self.intensity
        return .map(map)
    }

    /// The texel in a direction (the faces of OpenGL's cube maps).
    private func radiance(_ d: SIMD3<Double>) -> SIMD3<Double> {
        let (x, y, z) = (d.x.magnitude, d.y.magnitude, d.z.magnitude)
        let (face, axis, u, v) =
            if x >= y && x >= z {
                d.x > 0 ? (0, x, -d.z, -d.y) : (1, x, d.z, -d.y)
            } else if y >= z {
                d.y > 0 ? (2, y, d.x, d.z) : (3, y, d.x, -d.z)
            } else {
                d.z > 0 ? (4, z, d.x, -d.y) : (5, z, -d.x, -d.y)
            }
        let scale = axis > 0 ? 0.5 / axis : 0
        let column = min(max(Int((u * scale + 0.5) * Double(self.size)), 0), self.size - 1)
        let row = min(max(Int((v * scale + 0.5) * Double(self.size)), 0), self.size - 1)
        return SIMD3<Double>(self.faces[face][row * self.size + column])
    }
}
