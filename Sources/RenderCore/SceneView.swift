/// A mesh of a loaded scene; pointers are nil where the mesh has no such array.
struct MeshData: BitwiseCopyable {
    var positions: UnsafePointer<Float>
    var normals: UnsafePointer<Float>?
    var tangents: UnsafePointer<Float>?
    var textureCoordinates: UnsafePointer<Float>?
    var secondCoordinates: UnsafePointer<Float>?
    var colors: UnsafePointer<Float>?
    var alphas: UnsafePointer<Float>?
    var indices: UnsafePointer<UInt32>
    var triangleCount: Int
    var material: Int
    /// The tree of its triangles when they emit.
    var lights: LightTreeData?
    /// Where the vertices are when the shutter closes; nil where they stand still.
    var closingPositions: UnsafePointer<Float>?
    /// Their normals then; there when both ``closingPositions`` and ``normals`` are.
    var closingNormals: UnsafePointer<Float>?

    /// The texture coordinates that a texture uses.
    @inline(__always) func coordinates(of texture: TextureData) -> UnsafePointer<Float>? {
        texture.usesSecondCoordinates ? self.secondCoordinates ?? self.textureCoordinates : self.textureCoordinates
    }

    /// The corners of a triangle where it was modelled.
    @inline(__always) func corners(_ triangle: Int) -> (Vector3, Vector3, Vector3) {
        let corners = self.indices + 3 &* triangle
        return (
            loadVector(self.positions, Int(corners[0])),
            loadVector(self.positions, Int(corners[1])),
            loadVector(self.positions, Int(corners[2]))
        )
    }

    /// The corners of a triangle at a time of 0...1 while the shutter is open.
    @inline(__always) func corners(_ triangle: Int, at time: Float) -> (Vector3, Vector3, Vector3) {
        let (a, b, c) = self.corners(triangle)
        guard self.closingPositions != nil else { return (a, b, c) }
        let closing = self.closingCorners(triangle)
        return (between(a, closing.0, time), between(b, closing.1, time), between(c, closing.2, time))
    }

    /// The corners of a triangle when the shutter closes.
    @inline(__always) func closingCorners(_ triangle: Int) -> (Vector3, Vector3, Vector3) {
        let corners = self.indices + 3 &* triangle
        let positions = self.closingPositions ?? self.positions
        return (
            loadVector(positions, Int(corners[0])),
            loadVector(positions, Int(corners[1])),
            loadVector(positions, Int(corners[2]))
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
    /// The centre of each when the shutter closes, three numbers; nil where they stand still.
    var closingCenters: UnsafePointer<Float>?
    /// The tree of its clusters (``ParticleCluster``) when they emit.
    var lights: LightTreeData?

    /// A particle at a time of 0...1 while the shutter is open.
    @inline(__always) func sphere(_ i: Int, at time: Float) -> (center: Vector3, radius: Float) {
        let (center, radius) = self.sphere(i)
        guard self.closingCenters != nil else { return (center, radius) }
        return (between(center, self.closingSphere(i).center, time), radius)
    }

    /// A particle when the shutter closes.
    @inline(__always) func closingSphere(_ i: Int) -> (center: Vector3, radius: Float) {
        let (center, radius) = self.sphere(i)
        return (self.closingCenters.map { loadVector($0, i) } ?? center, radius)
    }

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
    var usesSecondCoordinates: Bool
    var transform: TextureReference.Transform

    @inline(__always) var isPresent: Bool { self.image >= 0 }

    /// No picture.
    static var none: TextureData {
        TextureData(
            image: -1,
            wrapS: .repeat,
            wrapT: .repeat,
            isNearest: false,
            usesSecondCoordinates: false,
            transform: .init()
        )
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
    ///
    /// Moving lights have numbers behind those of the world's triangles.
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
    /// Where ``transform`` goes until the shutter closes; nil where it stays.
    var closing: UnsafePointer<Affine>?
    /// Whether the mesh or the particles themselves move.
    var isDeforming = false

    /// Whether anything of it moves while the shutter is open; such an instance is always placed.
    @inline(__always) var isMoving: Bool { self.closing != nil || self.isDeforming }

    /// The tree of the triangles of a mesh that emits, or of the particles of a set.
    ///
    /// Of what moves power alone decides: it is the same at all times, so nobody needs to know when a light was drawn. The
    /// bounds of particles hold for all of their way.
    @inline(__always) func lights(_ view: UnsafePointer<SceneView>) -> LightTreeData? {
        var tree = self.isParticles ? view.pointee.particles[self.mesh].lights : view.pointee.meshes[self.mesh].lights
        if self.closing != nil || (self.isDeforming && !self.isParticles) { tree?.isByPower = true }
        return tree
    }

    /// Object to world at a time of 0...1 while the shutter is open.
    @inline(__always) func transform(at time: Float) -> Affine {
        guard let closing = self.closing else { return self.transform }
        return between(self.transform, closing.pointee, time)
    }

    /// A ray in the object's space; the direction keeps its length, so distances are the same.
    ///
    /// Nothing where a moving object has no extent along some direction at that time.
    @inline(__always) func local(_ ray: Ray, at time: Float) -> Ray? {
        guard self.closing == nil else { return self.moved(ray, at: time) }
        return Ray(origin: self.inverse.point(ray.origin), direction: self.inverse.vector(ray.direction))
    }

    @inline(never) private func moved(_ ray: Ray, at time: Float) -> Ray? {
        guard let inverse = self.transform(at: time).inverse else { return nil }
        return Ray(origin: inverse.point(ray.origin), direction: inverse.vector(ray.direction))
    }

    /// ``local(_:at:)`` for the lanes of `entering`, which loses those that are given nothing.
    @inline(__always) func local(
        _ origin: Vector3Lanes,
        _ direction: Vector3Lanes,
        at time: FloatLanes,
        _ entering: inout MaskLanes
    ) -> (Vector3Lanes, Vector3Lanes) {
        guard self.closing == nil else { return self.moved(origin, direction, at: time, &entering) }
        return (self.inverse.point(origin), self.inverse.vector(direction))
    }

    @inline(never) private func moved(
        _ origin: Vector3Lanes,
        _ direction: Vector3Lanes,
        at time: FloatLanes,
        _ entering: inout MaskLanes
    ) -> (Vector3Lanes, Vector3Lanes) {
        var result = (origin, direction)
        var bits: UInt32 = 0
        for lane in LaneSequence(entering) {
            guard let ray = self.moved(Ray(origin: origin[lane], direction: direction[lane]), at: time[lane]) else {
                continue
            }
            result.0[lane] = ray.origin
            result.1[lane] = ray.direction
            bits |= 1 &<< UInt32(truncatingIfNeeded: lane)
        }
        entering = MaskLanes(bits: bits)
        return result
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
    /// Four numbers a texel, one row more than ``height``: see ``EnvironmentTables/interleaved(_:)``.
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
    /// Where ``transform`` goes until the shutter closes.
    var closing: Affine
    /// Whether the two differ.
    var isMoving: Bool
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
    /// Whether any surface encloses something that light goes through: few scenes have to keep account of it.
    var hasSolids: Bool
    /// Whether any surface may have textures.
    var hasImages: Bool
    var instances: UnsafePointer<InstanceData>
    var instanceCount: Int
    /// The instance of each triangle of the world, then of moving lights.
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

    /// The corners in the world of a triangle of an instance that moves, and whether it is mirrored, at a time.
    @inline(never) func movedCorners(
        _ triangle: Int,
        at time: Float
    ) -> (corners: (Vector3, Vector3, Vector3), isMirrored: Bool) {
        let instance = self.instances + Int(self.triangleInstances[triangle])
        let mesh = self.meshes + instance.pointee.mesh
        let (a, b, c) = mesh.pointee.corners(triangle &- instance.pointee.firstTriangle, at: time)
        let transform = instance.pointee.transform(at: time)
        return ((transform.point(a), transform.point(b), transform.point(c)), transform.isMirrored)
    }
}

/// The `i`-th group of three numbers.
@inline(__always) func loadVector(_ numbers: UnsafePointer<Float>, _ i: Int) -> Vector3 {
    Vector3(numbers[3 &* i], numbers[3 &* i &+ 1], numbers[3 &* i &+ 2])
}
