extension Material {
    /// The strength and colour of a dielectric's reflection, as in `KHR_materials_specular`.
    public struct Specular: Sendable, Equatable {
        /// Weighs the reflection, 0...1.
        public var factor: Float
        /// Its alpha multiplies ``factor``.
        public var texture: TextureReference?
        /// Multiplies the reflectance at normal incidence, linear, not negative; the product is at most one.
        public var color: SIMD3<Float>
        /// Multiplies ``color``.
        public var colorTexture: TextureReference?

        /// Creates what a dielectric has anyway.
        public init(
            factor: Float = 1,
            texture: TextureReference? = nil,
            color: SIMD3<Float> = SIMD3(1, 1, 1),
            colorTexture: TextureReference? = nil
        ) {
            self.factor = factor
            self.texture = texture
            self.color = color
            self.colorTexture = colorTexture
        }
    }

    /// A clear coat of index 1.5 over everything else, as in `KHR_materials_clearcoat`.
    public struct Clearcoat: Sendable, Equatable {
        /// How much of the surface has it, 0...1.
        public var factor: Float
        /// Its red multiplies ``factor``.
        public var texture: TextureReference?
        /// Perceptual roughness, 0...1.
        public var roughness: Float
        /// Its green multiplies ``roughness``.
        public var roughnessTexture: TextureReference?
        /// A normal map of the coat alone; without it the coat has the mesh's normals.
        public var normalTexture: TextureReference?
        /// Multiplies the x and y of the normal map.
        public var normalScale: Float

        /// Creates a coat.
        public init(
            factor: Float,
            texture: TextureReference? = nil,
            roughness: Float = 0,
            roughnessTexture: TextureReference? = nil,
            normalTexture: TextureReference? = nil,
            normalScale: Float = 1
        ) {
            self.factor = factor
            self.texture = texture
            self.roughness = roughness
            self.roughnessTexture = roughnessTexture
            self.normalTexture = normalTexture
            self.normalScale = normalScale
        }
    }

    /// Fibres that stand up from cloth, below a clear coat and above the rest, as in `KHR_materials_sheen`.
    public struct Sheen: Sendable, Equatable {
        /// Linear, 0...1 each.
        public var color: SIMD3<Float>
        /// Multiplies ``color``.
        public var colorTexture: TextureReference?
        /// How much the fibres spread, 0...1.
        public var roughness: Float
        /// Its alpha multiplies ``roughness``.
        public var roughnessTexture: TextureReference?

        /// Creates a sheen.
        public init(
            color: SIMD3<Float>,
            colorTexture: TextureReference? = nil,
            roughness: Float = 0,
            roughnessTexture: TextureReference? = nil
        ) {
            self.color = color
            self.colorTexture = colorTexture
            self.roughness = roughness
            self.roughnessTexture = roughnessTexture
        }
    }

    /// A thin film that colours reflections, as in `KHR_materials_iridescence`.
    public struct Iridescence: Sendable, Equatable {
        /// How much it counts, 0...1.
        public var factor: Float
        /// Its red multiplies ``factor``.
        public var texture: TextureReference?
        /// The film's index of refraction, 1...4.
        public var ior: Float
        /// The thickness where ``thicknessTexture`` is black, in nanometres, 0...1e5.
        public var thicknessMinimum: Float
        /// The thickness where ``thicknessTexture`` is white or missing, in nanometres, 0...1e5.
        public var thicknessMaximum: Float
        /// Its green goes from the one to the other.
        public var thicknessTexture: TextureReference?

        /// Creates a film.
        public init(
            factor: Float,
            texture: TextureReference? = nil,
            ior: Float = 1.3,
            thicknessMinimum: Float = 100,
            thicknessMaximum: Float = 400,
            thicknessTexture: TextureReference? = nil
        ) {
            self.factor = factor
            self.texture = texture
            self.ior = ior
            self.thicknessMinimum = thicknessMinimum
            self.thicknessMaximum = thicknessMaximum
            self.thicknessTexture = thicknessTexture
        }
    }

    /// Grooves that stretch reflections, as in `KHR_materials_anisotropy`.
    public struct Anisotropy: Sendable, Equatable {
        /// 0...1; its square takes the width along the direction from ``Material/roughness`` to one.
        public var strength: Float
        /// The direction in which reflections are stretched, in radians from the tangent towards the bitangent.
        public var rotation: Float
        /// Red and green are a direction that ``rotation`` turns further, blue multiplies ``strength``.
        public var texture: TextureReference?

        /// Creates grooves.
        public init(strength: Float, rotation: Float = 0, texture: TextureReference? = nil) {
            self.strength = strength
            self.rotation = rotation
            self.texture = texture
        }
    }

    /// Light that leaves a dielectric diffusely on the other side, as in `KHR_materials_diffuse_transmission`.
    public struct DiffuseTransmission: Sendable, Equatable {
        /// The share of the diffuse light that does, 0...1.
        public var factor: Float
        /// Its alpha multiplies ``factor``.
        public var texture: TextureReference?
        /// The colour of that light, linear, 0...1 each.
        public var color: SIMD3<Float>
        /// Multiplies ``color``.
        public var colorTexture: TextureReference?

        /// Creates a translucent base.
        public init(
            factor: Float,
            texture: TextureReference? = nil,
            color: SIMD3<Float> = SIMD3(1, 1, 1),
            colorTexture: TextureReference? = nil
        ) {
            self.factor = factor
            self.texture = texture
            self.color = color
            self.colorTexture = colorTexture
        }
    }

    /// What scatters light inside of a volume: skin, wax, milk, jade.
    ///
    /// It takes the place of ``Material/attenuationColor``. Light enters through a surface that lets it, by
    /// ``Material/transmission`` or ``Material/diffuseTransmission``, of a closed mesh with a ``Material/thickness`` above
    /// zero.
    public struct Scattering: Sendable, Equatable {
        /// The colour that a thick body of it has by itself, linear, 0...1 each.
        public var color: SIMD3<Float>
        /// How far light of each colour comes on average before it meets a particle, in metres, 1e-9...1e9.
        public var distance: SIMD3<Float>
        /// The mean cosine of the angle that a particle turns light by, -0.95...0.95.
        public var anisotropy: Float

        /// Creates a medium.
        public init(color: SIMD3<Float>, distance: SIMD3<Float>, anisotropy: Float = 0) {
            self.color = color
            self.distance = distance
            self.anisotropy = anisotropy
        }
    }
}
