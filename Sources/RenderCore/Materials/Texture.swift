/// A linear colour with alpha.
struct Texel {
    private let components: SIMD4<Float>

    @inline(__always) fileprivate init(_ components: SIMD4<Float>) { self.components = components }

    @inline(__always) var color: Vector3 { Vector3(self.components.x, self.components.y, self.components.z) }
    @inline(__always) var alpha: Float { self.components.w }
}

/// How much of a texture a ray sees at once.
///
/// After T. Akenine-Möller et al., "Improved Shader and Texture Level of Detail Using Ray Cones", JCGT 10(1), 2021, with
/// the area that the cone covers in place of its longer axis: glancing looks stay sharper.
struct TextureFootprint: BitwiseCopyable {
    /// The area in units of the texture coordinates, squared; zero for the finest picture.
    let area: Float
    /// Chooses between two sizes of the picture, 0..<1.
    let choice: Float

    @inline(__always) init(area: Float, choice: Float) {
        self.area = area
        self.choice = choice
    }

    /// A point.
    @inline(__always) static var point: TextureFootprint { TextureFootprint(area: 0, choice: 0) }

    /// What a cone of `width` metres covers on a triangle.
    ///
    /// `textureArea` and `area` are those of the triangle in texture coordinates and in the world, `cosine` that between
    /// ray and normal; `key` is a number that belongs to the ray.
    @inline(__always) init(
        coneWidth width: Float,
        textureArea: Float,
        area: Float,
        cosine: Float,
        key: UInt32
    ) {
        let ratio = textureArea / larger(area * larger(cosine.magnitude, 0x1p-6), 0x1p-60)
        let covered = ratio * (width * width)
        self.area = covered < 0x1p60 ? covered : 0
        self.choice = unitFloat(mixedBits(key ^ 0x7465_7874))
    }
}

/// Reads a texture that is present, at the nearest texel, or bilinearly at one of the two sizes that fit the footprint.
@inline(never) func lookUp(
    _ view: UnsafePointer<SceneView>,
    _ texture: borrowing TextureData,
    _ uv: (Float, Float),
    _ footprint: TextureFootprint = .point
) -> Texel {
    let image = view.pointee.images + texture.image
    let m = texture.transform
    let number = texture.isNearest ? 0 : level(image, m, footprint)
    let level = image.pointee.levels + number
    let width = level.pointee.width
    let height = level.pointee.height
    let s = ((m.a * uv.0 + m.b * uv.1) + m.c) * Float(width)
    let t = ((m.d * uv.0 + m.e * uv.1) + m.f) * Float(height)
    if texture.isNearest {
        let x = texture.wrapS.wrapped(floorToInt(s), count: width)
        let y = texture.wrapT.wrapped(floorToInt(t), count: height)
        return Texel(texel(view, image, level, x, y))
    }
    let x = floorToInt(s - 0.5)
    let y = floorToInt(t - 0.5)
    let fx = SIMD4<Float>(repeating: clamped((s - 0.5) - Float(x), 0, 1))
    let fy = SIMD4<Float>(repeating: clamped((t - 0.5) - Float(y), 0, 1))
    let x0 = texture.wrapS.wrapped(x, count: width)
    let x1 = texture.wrapS.wrapped(x &+ 1, count: width)
    let y0 = texture.wrapT.wrapped(y, count: height)
    let y1 = texture.wrapT.wrapped(y &+ 1, count: height)
    let a = texel(view, image, level, x0, y0)
    let b = texel(view, image, level, x1, y0)
    let c = texel(view, image, level, x0, y1)
    let d = texel(view, image, level, x1, y1)
    let above = a + (b - a) * fx
    let below = c + (d - c) * fx
    return Texel(above + (below - above) * fy)
}

/// The number of the size at which the footprint is about one texel, the larger or the smaller one at random.
@inline(__always) private func level(
    _ image: UnsafePointer<ImageData>,
    _ m: TextureReference.Transform,
    _ footprint: TextureFootprint
) -> Int {
    let texels = Float(image.pointee.width) * Float(image.pointee.height)
    let covered = footprint.area * texels * (m.a * m.e - m.b * m.d).magnitude
    guard covered > 1 else { return 0 }
    guard covered < 0x1p60 else { return image.pointee.levelCount &- 1 }
    // Half the logarithm: the exponent's, and the mantissa's as a straight line.
    let exponent = Int(covered.bitPattern &>> 23) &- 127
    let mantissa = Float(bitPattern: (covered.bitPattern & 0x7f_ffff) | 0x3f80_0000)
    let fraction = (Float(exponent & 1) + (mantissa - 1)) * 0.5
    let level = (exponent &>> 1) &+ (footprint.choice < fraction ? 1 : 0)
    return level < image.pointee.levelCount ? level : image.pointee.levelCount &- 1
}

@inline(__always) private func texel(
    _ view: UnsafePointer<SceneView>,
    _ image: UnsafePointer<ImageData>,
    _ level: UnsafePointer<ImageLevel>,
    _ x: Int,
    _ y: Int
) -> SIMD4<Float> {
    let at = y &* level.pointee.width &+ x
    let texels = level.pointee.texels
    switch image.pointee.encoding {
    case .sRGB8:
        let bits = texels.load(fromByteOffset: 4 &* at, as: UInt32.self)
        let table = view.pointee.sRGB
        return SIMD4(
            table[Int(bits & 255)],
            table[Int(bits &>> 8 & 255)],
            table[Int(bits &>> 16 & 255)],
            fraction(bits &>> 24) * 0x1.010102p-8
        )
    case .linear8:
        let bits = texels.load(fromByteOffset: 4 &* at, as: UInt32.self)
        let codes = SIMD4(
            fraction(bits & 255),
            fraction(bits &>> 8 & 255),
            fraction(bits &>> 16 & 255),
            fraction(bits &>> 24)
        )
        // 255 times this is one.
        return codes * SIMD4(repeating: 0x1.010102p-8)
    case .linear16:
        let low = texels.load(fromByteOffset: 8 &* at, as: UInt32.self)
        let high = texels.load(fromByteOffset: 8 &* at &+ 4, as: UInt32.self)
        let codes = SIMD4(
            fraction(low & 0xffff),
            fraction(low &>> 16),
            fraction(high & 0xffff),
            fraction(high &>> 16)
        )
        // 65,535 times this is one.
        return codes * SIMD4(repeating: 0x1.0001p-16)
    case .linearFloat:
        return texels.load(fromByteOffset: 16 &* at, as: SIMD4<Float>.self)
    }
}

/// A small integer as a number.
@inline(__always) private func fraction(_ code: UInt32) -> Float { Float(Int32(truncatingIfNeeded: code)) }

/// Whether a triangle with holes is there for a ray that meets it; part of the definition of a hit.
@inline(never) func isSolid(
    _ view: UnsafePointer<SceneView>,
    _ triangle: PrimitiveID,
    _ weights: (Float, Float),
    _ key: UInt32
) -> Bool {
    let instance = view.pointee.instances + Int(triangle.instance)
    let mesh = view.pointee.meshes + instance.pointee.mesh
    let material = view.pointee.materials + mesh.pointee.material
    var alpha = material.pointee.alpha
    if mesh.pointee.alphas != nil {
        alpha *= mesh.pointee.alpha(Int(triangle.number), (1 - weights.0) - weights.1, weights.0, weights.1)
    }
    if material.pointee.baseColorTexture.isPresent,
        let coordinates = mesh.pointee.coordinates(of: material.pointee.baseColorTexture)
    {
        let corners = mesh.pointee.indices + 3 &* Int(triangle.number)
        let uv = interpolated(coordinates, corners, (1 - weights.0) - weights.1, weights.0, weights.1)
        alpha *= lookUp(view, material.pointee.baseColorTexture, uv).alpha
    }
    switch material.pointee.alphaMode {
    case .opaque: return true
    case .mask: return alpha >= material.pointee.alphaCutoff
    case .blend:
        let first =
            instance.pointee.isPlaced
            ? triangle.instance &* 0x9e37_79b1 : UInt32(truncatingIfNeeded: instance.pointee.firstTriangle)
        let place = first &+ triangle.number
        return unitFloat(mixedBits(key ^ mixedBits(place &+ 0x9e37_79b9))) < alpha
    }
}

extension MeshData {
    /// What multiplies the alpha of the material at the weights of a triangle's corners.
    @inline(__always) func alpha(_ triangle: Int, _ b0: Float, _ b1: Float, _ b2: Float) -> Float {
        guard let alphas = self.alphas else { return 1 }
        let corners = self.indices + 3 &* triangle
        return (alphas[Int(corners[0])] * b0 + alphas[Int(corners[1])] * b1) + alphas[Int(corners[2])] * b2
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
