/// A mesh of a loaded scene; pointers are nil where the mesh has no such array.
struct MeshData: BitwiseCopyable {
    var positions: UnsafePointer<Float>
    var normals: UnsafePointer<Float>?
    var tangents: UnsafePointer<Float>?
    var textureCoordinates: UnsafePointer<Float>?
    var colors: UnsafePointer<Float>?
    var indices: UnsafePointer<UInt32>
    var triangleCount: Int
    var material: Int
    /// The tree of its triangles when they emit.
    var lights: LightTreeData?

    /// The corners of a triangle where it was modelled.
    @inline(__always) func corners(_ triangle: Int) -> (Vector3, Vector3, Vector3) {
        let corners = self.indices + 3 &* triangle
        return (
            loadVector(self.positions, Int(corners[0])),
            loadVector(self.positions, Int(corners[1])),
            loadVector(self.positions, Int(corners[2]))
        )
    }
}

/// A set of particles of a loaded scene.
struct ParticleData: BitwiseCopyable {
    /// Centre and radius of each, four numbers.
    var spheres: UnsafePointer<Float>
    /// Red, green, blue of each in sRGB codes, from the lowest byte; nil where all are white.
    var colors: UnsafePointer<UInt32>?
    var count: Int
    var material: Int

    @inline(__always) func sphere(_ i: Int) -> (center: Vector3, radius: Float) {
        let at = self.spheres + 4 &* i
        return (Vector3(at[0], at[1], at[2]), at[3])
    }
}

/// A texture reference of a loaded scene; without a picture when `image` is negative.
struct TextureData: BitwiseCopyable {
    var image: Int
    var wrapS: TextureReference.Wrap
    var wrapT: TextureReference.Wrap
    var isNearest: Bool
    var transform: TextureReference.Transform

    @inline(__always) var isPresent: Bool { self.image >= 0 }

    /// No picture.
    static var none: TextureData {
        TextureData(image: -1, wrapS: .repeat, wrapT: .repeat, isNearest: false, transform: .init())
    }
}

/// A material of a loaded scene.
struct MaterialData: BitwiseCopyable {
    var baseColor: Vector3
    var alpha: Float
    var emission: Vector3
    var metallic: Float
    var roughness: Float
    var normalScale: Float
    var ior: Float
    /// The dielectric's reflectance at normal incidence and at grazing angles.
    var coatReflectance: Float
    var coatGrazing: Float
    var transmission: Float
    /// Zero where nothing is refracted.
    var dispersion: Float
    /// The coefficients of absorption inside, per metre.
    var absorption: Vector3
    /// Zero for a thin wall.
    var thickness: Float
    /// Whether light goes on inside.
    var isSolid: Bool
    /// Whether particles inside scatter light.
    var scatters: Bool
    var alphaCutoff: Float
    var alphaMode: Material.AlphaMode
    var isDoubleSided: Bool
    /// The number of its layer stack; negative when it has none.
    var layers: Int
    /// The number of the lobes that ``BSDF`` does not have; negative when there are none.
    var lobes: Int
    var baseColorTexture: TextureData
    var metallicRoughnessTexture: TextureData
    var emissionTexture: TextureData
    var normalTexture: TextureData

    @inline(__always) var isEmissive: Bool { self.emission.largest > 0 }

    @inline(__always) var isTextured: Bool {
        self.baseColorTexture.isPresent || self.metallicRoughnessTexture.isPresent || self.emissionTexture.isPresent
            || self.normalTexture.isPresent
    }
}

/// A picture of a loaded scene.
struct ImageData: BitwiseCopyable {
    var width: Int
    var height: Int
    var encoding: Image.Encoding
    /// The picture, then half its size, a quarter and so on until it is a single texel.
    var levels: UnsafePointer<ImageLevel>
    var levelCount: Int
}

/// A picture at one of its sizes.
struct ImageLevel: BitwiseCopyable {
    var texels: UnsafeRawPointer
    var width: Int
    var height: Int
}

/// A placed mesh of a loaded scene.
struct InstanceData: BitwiseCopyable {
    var transform: Affine
    var isMirrored: Bool
    var mesh: Int
    /// The number of the mesh's first triangle among those of all instances.
    var firstTriangle: Int
    /// Its number among the lights of the tree; negative when it does not emit.
    var light: Int
    /// Whether ``mesh`` is a set of particles.
    var isParticles = false
    /// Whether rays go to the object's own space instead of its triangles to the world.
    var isPlaced = false
    /// Whether a placed instance has an inverse.
    var isVisible = true
    /// World to object.
    var inverse = Affine(Transform())
    /// The box in the world, padded where the instance is placed.
    var low = Vector3.zero
    var high = Vector3.zero
    /// By how much boxes in the object's space are larger than primitives.
    var padding: Float = 0

    /// A ray in the object's space; the direction keeps its length, so distances are the same.
    @inline(__always) func local(_ ray: Ray) -> Ray {
        Ray(origin: self.inverse.point(ray.origin), direction: self.inverse.vector(ray.direction))
    }

    /// ``local(_:)`` for every lane.
    @inline(__always) func local(_ origin: Vector3Lanes, _ direction: Vector3Lanes) -> (Vector3Lanes, Vector3Lanes) {
        (self.inverse.point(origin), self.inverse.vector(direction))
    }
}

/// A light without extent of a loaded scene.
struct LightData: BitwiseCopyable {
    enum Kind: UInt32 {
        case point = 0
        case spot = 1
        case directional = 2
    }

    var kind: Kind
    var position: Vector3
    var direction: Vector3
    var intensity: Vector3
    var range: Float
    var cosInner: Float
    var cosOuter: Float
}

/// The environment of a loaded scene; without a map when `width` is zero.
struct EnvironmentData: BitwiseCopyable {
    var radiance: Vector3
    var width: Int
    var height: Int
    /// Four numbers a texel: radiance, then the density per solid angle times the sine of the angle from the poles.
    var texels: UnsafePointer<Float>?
    var rowStarts: UnsafePointer<UInt32>?
    var columnStarts: UnsafePointer<UInt32>?
    /// The guide of the rows, then those of each row's columns; there when the starts are.
    var guides: UnsafePointer<UInt16>?
    var sine: Float
    var cosine: Float
    var intensity: Float
    /// What arrives at a surface.
    var irradiance: AmbientCube

    /// Whether light samples go to it.
    @inline(__always) var isSampled: Bool { self.rowStarts != nil }
}

/// The camera of a loaded scene.
struct CameraData: BitwiseCopyable {
    var transform: Affine
    var isOrthographic: Bool
    /// The field of view in radians, or half the width.
    var first: Float
    /// Half the height of an orthographic picture.
    var second: Float
    var lensRadius: Float
    var focusDistance: Float
    /// The corners of the aperture; zero when it is round.
    var lensBlades: Int
    /// Where the first corner is, in full turns.
    var lensTurns: Float
}

/// Everything that rendering reads, as plain pointers without reference counts.
///
/// Sound because all of it was checked when the scene was loaded, is never written again, and is kept alive by the
/// ``Scene`` that every renderer holds.
struct SceneView: BitwiseCopyable {
    var meshes: UnsafePointer<MeshData>
    var meshCount: Int
    var particles: UnsafePointer<ParticleData>
    var particleSetCount: Int
    var materials: UnsafePointer<MaterialData>
    var images: UnsafePointer<ImageData>
    var lobes: UnsafePointer<LobeData>
    var layerStacks: UnsafePointer<LayerStackData>
    var layerStackCount: Int
    var instances: UnsafePointer<InstanceData>
    var instanceCount: Int
    /// The instance of each triangle.
    var triangleInstances: UnsafePointer<UInt32>
    var triangleCount: Int
    var volumes: UnsafePointer<VolumeInstanceData>
    var volumeCount: Int
    var lights: UnsafePointer<LightData>
    var lightCount: Int
    /// The tree of everything that shines from a place: emitting instances, points and spots.
    var lightTree: LightTreeData?
    /// The lights of the tree: instances first, then lights without extent with ``LightNode/flag``.
    var treeLights: UnsafePointer<UInt32>
    /// From the world to the instances among them.
    var objectMaps: UnsafePointer<ObjectMap>
    var suns: Suns
    /// The probabilities of the kinds of light where they are the same everywhere.
    var onlyKinds: LightKinds?
    var environment: EnvironmentData
    var camera: CameraData
    /// The linear values of 8-bit sRGB codes.
    var sRGB: UnsafePointer<Float>
    var albedo: AlbedoTable
    /// There when any material has further lobes.
    var lobeTables: LobeTables?
    var bvh: BVHData

    /// Whether there is anything that light samples can find.
    @inline(__always) var hasLightSamples: Bool {
        guard let only = self.onlyKinds else { return true }
        return only.environment > 0 || only.directional > 0 || only.tree > 0
    }

    /// The corners in the world of a triangle of an instance that is not placed.
    @inline(__always) func corners(_ triangle: Int) -> (Vector3, Vector3, Vector3) {
        let instance = self.instances + Int(self.triangleInstances[triangle])
        let mesh = self.meshes + instance.pointee.mesh
        let (a, b, c) = mesh.pointee.corners(triangle &- instance.pointee.firstTriangle)
        let transform = instance.pointee.transform
        return (transform.point(a), transform.point(b), transform.point(c))
    }
}

/// The `i`-th group of three numbers.
@inline(__always) func loadVector(_ numbers: UnsafePointer<Float>, _ i: Int) -> Vector3 {
    Vector3(numbers[3 &* i], numbers[3 &* i &+ 1], numbers[3 &* i &+ 2])
}
