/// A linear colour with alpha.
struct Texel {
    var color: Vector3
    var alpha: Float
}

/// Reads a texture that is present, bilinearly or at the nearest texel.
@inline(never) func lookUp(
    _ view: UnsafePointer<SceneView>,
    _ texture: borrowing TextureData,
    _ uv: (Float, Float)
) -> Texel {
    let image = view.pointee.images + texture.image
    let width = image.pointee.width
    let height = image.pointee.height
    let m = texture.transform
    let s = ((m.a * uv.0 + m.b * uv.1) + m.c) * Float(width)
    let t = ((m.d * uv.0 + m.e * uv.1) + m.f) * Float(height)
    if texture.isNearest {
        return texel(
            view,
            image,
            texture.wrapS.wrapped(floorToInt(s), count: width),
            texture.wrapT.wrapped(floorToInt(t), count: height)
        )
    }
    let x = floorToInt(s - 0.5)
    let y = floorToInt(t - 0.5)
    let fx = clamped((s - 0.5) - Float(x), 0, 1)
    let fy = clamped((t - 0.5) - Float(y), 0, 1)
    let x0 = texture.wrapS.wrapped(x, count: width)
    let x1 = texture.wrapS.wrapped(x &+ 1, count: width)
    let y0 = texture.wrapT.wrapped(y, count: height)
    let y1 = texture.wrapT.wrapped(y &+ 1, count: height)
    let a = texel(view, image, x0, y0)
    let b = texel(view, image, x1, y0)
    let c = texel(view, image, x0, y1)
    let d = texel(view, image, x1, y1)
    return Texel(
        color: mix(mix(a.color, b.color, fx), mix(c.color, d.color, fx), fy),
        alpha: mix(mix(a.alpha, b.alpha, fx), mix(c.alpha, d.alpha, fx), fy)
    )
}

@inline(__always) private func texel(
    _ view: UnsafePointer<SceneView>,
    _ image: UnsafePointer<ImageData>,
    _ x: Int,
    _ y: Int
) -> Texel {
    let at = y &* image.pointee.width &+ x
    let texels = image.pointee.texels
    switch image.pointee.encoding {
    case .sRGB8:
        let bits = texels.load(fromByteOffset: 4 &* at, as: UInt32.self)
        let table = view.pointee.sRGB
        return Texel(
            color: Vector3(
                table[Int(bits & 255)],
                table[Int(bits &>> 8 & 255)],
                table[Int(bits &>> 16 & 255)]
            ),
            alpha: eighth(bits &>> 24)
        )
    case .linear8:
        let bits = texels.load(fromByteOffset: 4 &* at, as: UInt32.self)
        return Texel(
            color: Vector3(eighth(bits & 255), eighth(bits &>> 8 & 255), eighth(bits &>> 16 & 255)),
            alpha: eighth(bits &>> 24)
        )
    case .linearFloat:
        let numbers = texels + 16 &* at
        return Texel(
            color: Vector3(
                numbers.load(as: Float.self),
                numbers.load(fromByteOffset: 4, as: Float.self),
                numbers.load(fromByteOffset: 8, as: Float.self)
            ),
            alpha: numbers.load(fromByteOffset: 12, as: Float.self)
        )
    }
}

/// 0...255 as 0...1.
@inline(__always) private func eighth(_ code: UInt32) -> Float { Float(Int32(truncatingIfNeeded: code)) / 255 }

/// Whether a triangle with holes is there for a ray that meets it; part of the definition of a hit.
@inline(never) func isSolid(
    _ view: UnsafePointer<SceneView>,
    _ triangle: UInt32,
    _ hit: TriangleHit,
    _ key: UInt32
) -> Bool {
    let instance = view.pointee.instances + Int(view.pointee.triangleInstances[Int(triangle)])
    let mesh = view.pointee.meshes + instance.pointee.mesh
    let material = view.pointee.materials + mesh.pointee.material
    var alpha = material.pointee.alpha
    if material.pointee.baseColorTexture.isPresent, let coordinates = mesh.pointee.textureCoordinates {
        let at = 3 &* (Int(triangle) &- instance.pointee.firstTriangle)
        let corners = mesh.pointee.indices + at
        let uv = interpolated(coordinates, corners, hit.u / hit.det, hit.v / hit.det, hit.w / hit.det)
        alpha *= lookUp(view, material.pointee.baseColorTexture, uv).alpha
    }
    switch material.pointee.alphaMode {
    case .opaque: return true
    case .mask: return alpha >= material.pointee.alphaCutoff
    case .blend: return unitFloat(mixedBits(key ^ mixedBits(triangle &+ 0x9e37_79b9))) < alpha
    }
}

/// Texture coordinates at the given weights of a triangle's corners.
@inline(__always) func interpolated(
    _ coordinates: UnsafePointer<Float>,
    _ corners: UnsafePointer<UInt32>,
    _ b0: Float,
    _ b1: Float,
    _ b2: Float
) -> (Float, Float) {
    let i0 = 2 &* Int(corners[0])
    let i1 = 2 &* Int(corners[1])
    let i2 = 2 &* Int(corners[2])
    return (
        (coordinates[i0] * b0 + coordinates[i1] * b1) + coordinates[i2] * b2,
        (coordinates[i0 &+ 1] * b0 + coordinates[i1 &+ 1] * b1) + coordinates[i2 &+ 1] * b2
    )
}
