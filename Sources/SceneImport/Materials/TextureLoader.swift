import ImageCodec
import RenderCore

/// Decodes the pictures of a document, each once for each way of reading it.
struct TextureLoader {
    /// How a material reads a picture.
    enum Meaning: Hashable {
        /// Colours with the sRGB curve.
        case color
        /// Plain numbers.
        case data
        /// The roughness that is left where alpha is the glossiness, times a factor: 1 - factor * alpha, in green.
        case roughness(glossiness: Float)
    }

    private struct Key: Hashable {
        var image: Int
        var meaning: Meaning
    }

    private let document: GLTF.Document
    private let accessors: AccessorReader
    private var resources: ResourceLoader
    private var loaded: [Key: Int] = [:]
    private var pixelsLeft: Int

    /// The set of texture coordinates that is the second one of the material in hand.
    var secondCoordinates: Int?

    /// The pictures so far.
    private(set) var images: [RenderCore.Image] = []

    init(document: GLTF.Document, accessors: AccessorReader, resources: ResourceLoader, limits: ImportLimits) {
        self.document = document
        self.accessors = accessors
        self.resources = resources
        self.pixelsLeft = limits.maxTexturePixels
    }

    /// The renderer's view of a texture.
    mutating func reference(_ info: GLTF.TextureInfo, as meaning: Meaning) throws(ImportError) -> TextureReference {
        let textures = self.document.textures ?? []
        guard let texture = textures[checked: info.index] else {
            throw ImportError(.malformed, "it names texture \(info.index), and the file has \(textures.count)")
        }
        guard let source = texture.extensions?.webp?.source ?? texture.source else {
            let kind = texture.extensions?.basisu == nil ? "no picture" : "only a KTX2 picture (KHR_texture_basisu)"
            throw ImportError(
                .unsupported,
                "texture \(info.index) has \(kind): export the file with PNG, JPEG or WebP pictures"
            )
        }
        var sampler: GLTF.Sampler?
        if let index = texture.sampler {
            sampler = (self.document.samplers ?? [])[checked: index]
            guard sampler != nil else {
                throw ImportError(.malformed, "texture \(info.index) names sampler \(index), which does not exist")
            }
        }
        return TextureReference(
            image: try self.image(source, as: meaning),
            wrapS: try Self.wrap(sampler?.wrapS),
            wrapT: try Self.wrap(sampler?.wrapT),
            isNearest: sampler?.magFilter == 9728,
            usesSecondCoordinates: info.coordinateSet == self.secondCoordinates,
            transform: try Self.transform(info.extensions?.transform)
        )
    }

    private mutating func image(_ index: Int, as meaning: Meaning) throws(ImportError) -> Int {
        let key = Key(image: index, meaning: meaning)
        if let known = self.loaded[key] { return known }
        let decoded = try self.decoded(index)
        self.loaded[key] = self.images.count
        self.images.append(
            RenderCore.Image(
                width: decoded.width,
                height: decoded.height,
                texels: Self.texels(decoded.pixels, as: meaning)
            )
        )
        return self.images.count - 1
    }

    private static func texels(_ pixels: [UInt8], as meaning: Meaning) -> RenderCore.Image.Texels {
        switch meaning {
        case .color: return .sRGB8(pixels)
        case .data: return .linear8(pixels)
        case .roughness(let glossiness):
            let roughness = (0 ... 255).map { alpha in UInt8(255 - glossiness * Float(alpha) + 0.5) }
            var texels = [UInt8](repeating: 255, count: pixels.count)
            for i in stride(from: 0, to: pixels.count, by: 4) { texels[i + 1] = roughness[Int(pixels[i + 3])] }
            return .linear8(texels)
        }
    }

    /// The pixels of image number `index` of the file.
    mutating func decoded(_ index: Int) throws(ImportError) -> DecodedTexture {
        let images = self.document.images ?? []
        guard let image = images[checked: index] else {
            throw ImportError(.malformed, "a texture names image \(index), and the file has \(images.count)")
        }
        let name = (image.uri.flatMap { $0.utf8.starts(with: "data:".utf8) ? nil : $0 } ?? image.name)
            .map { " \"\(ResourceLoader.shortened($0))\"" }
        let place = "image \(index)\(name ?? "")"
        let bytes: ByteView
        do throws(ImportError) {
            bytes = try self.encodedBytes(image)
        } catch {
            let code = error.code == .unreadable ? .badImage : error.code
            throw ImportError(code, "\(place): \(error.message)", limit: error.limit)
        }
        guard self.pixelsLeft > 0 else {
            throw ImportError(
                .tooLarge,
                "\(place) brings the scene to too many pixels: scale its pictures down",
                limit: .texels
            )
        }
        var limits = ImageLimits.standard
        limits.maxPixels = self.pixelsLeft
        let decoded: DecodedTexture
        do throws(ImageError) {
            decoded = try ImageDecoder.decodeTexture(bytes.array, limits: limits)
        } catch {
            let limit: ImportLimits.Name? = error.code == .tooManyPixels ? .texels : nil
            throw ImportError(limit == nil ? .badImage : .tooLarge, "\(place): \(error.message)", limit: limit)
        }
        self.pixelsLeft -= decoded.width * decoded.height
        return decoded
    }

    private mutating func encodedBytes(_ image: GLTF.Image) throws(ImportError) -> ByteView {
        if let uri = image.uri {
            return try self.resources.load(uri)
        }
        guard let view = image.bufferView else {
            throw ImportError(.malformed, "has neither a URI nor a buffer view")
        }
        return try self.accessors.bytes(ofView: view)
    }

    private static func wrap(_ code: Int?) throws(ImportError) -> TextureReference.Wrap {
        switch code {
        case nil, 10497: return .repeat
        case 33071: return .clampToEdge
        case 33648: return .mirroredRepeat
        case .some(let code): throw ImportError(.malformed, "a sampler has the unknown wrap mode \(code)")
        }
    }

    /// Offset, rotation and scale of `KHR_texture_transform` as one affine map.
    private static func transform(
        _ transform: GLTF.TextureTransform?
    ) throws(ImportError) -> TextureReference.Transform {
        guard let transform else { return TextureReference.Transform() }
        let offset = try Numbers.vector(transform.offset, count: 2, default: [0, 0], "the texture offset")
        let scale = try Numbers.vector(transform.scale, count: 2, default: [1, 1], "the texture scale")
        let (sine, cosine) = DeterministicMath.sineCosine(transform.rotation ?? 0)
        return TextureReference.Transform(
            a: Float(cosine * scale[0]),
            b: Float(sine * scale[1]),
            c: Float(offset[0]),
            d: Float(-sine * scale[0]),
            e: Float(cosine * scale[1]),
            f: Float(offset[1])
        )
    }
}
