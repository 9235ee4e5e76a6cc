/// A loaded stack.
struct LayerStackData: BitwiseCopyable {
    /// From the outermost to the ground.
    var interfaces: UnsafePointer<LayerInterface>
    var count: Int
    /// Whether light samples can find anything.
    var hasSpread: Bool
    var density: LayerDensity

    /// Prepares a stack whose numbers are in their ranges; see ``LayerStack/checked(_:)``.
    ///
    /// - Parameter mixtures: those of its density; without them they are estimated.
    init(_ stack: LayerStack, mixtures: [LayerDensity.Bin]?, memory: SceneMemory) {
        let interfaces = memory.allocate(LayerInterface.self, count: LayerStack.layersMax)
        var count = 0
        var ior: Float = 1
        var next = LayerInterface.clear
        func close(_ kind: LayerInterface.Kind) {
            next.kind = kind
            next.radianceScale = 1 / (ior * ior)
            (interfaces + count).initialize(to: next)
            count += 1
            next = .clear
        }
        for layer in stack.layers {
            switch layer {
            case .medium(let absorption, let scattering, let albedo, let anisotropy):
                // Two media need something between them: flakes that are not there.
                if next.hasMedium { close(.flakes) }
                next.absorption = Vector3(absorption)
                next.scattering = scattering
                next.albedo = Vector3(albedo)
                next.anisotropy = anisotropy
                next.hasMedium = true
            case .dielectric(let below, let roughness, let film):
                next.eta = below / ior
                next.coverage = 1
                next.alpha = LayerInterface.width(roughness)
                if let film {
                    next.film = ThinFilm(film, outside: ior, inside: below, base: .zero, memory: memory)
                } else if below == ior {
                    // Nothing bends or reflects here.
                    next.coverage = 0
                    close(.flakes)
                    continue
                }
                close(.dielectric)
                ior = below
            case .flakes(let color, let roughness, let coverage):
                next.color = Vector3(color)
                next.coverage = coverage
                next.alpha = LayerInterface.width(roughness)
                close(.flakes)
            case .metal(let color, let roughness, let film):
                next.color = Vector3(color)
                next.coverage = 1
                next.alpha = LayerInterface.width(roughness)
                if let film {
                    next.film = ThinFilm(film, outside: ior, inside: nil, base: next.color, memory: memory)
                    next.color = Vector3(1)
                }
                close(.metal)
            case .diffuse(let color):
                next.color = Vector3(color)
                close(.diffuse)
            }
        }
        var hasSpread = false
        for i in 0 ..< count {
            interfaces[i].connection = Self.connection(of: i, interfaces)
            if interfaces[i].scattering > 0 || interfaces[i].connection >= 0 { hasSpread = true }
        }
        self.interfaces = UnsafePointer(interfaces)
        self.count = count
        self.hasSpread = hasSpread
        self.density = LayerDensity(mixtures ?? [], outerAlpha: interfaces[0].alpha, memory: memory)
        if mixtures == nil {
            let estimated = withUnsafePointer(to: self) {
                LayerDensity.estimated(LayerWalk(stack: $0, tint: Vector3(1)))
            }
            self.density = LayerDensity(estimated, outerAlpha: interfaces[0].alpha, memory: memory)
        }
    }

    /// The interface with the widest lobe on the way up from `turn`, the lowest where several are alike.
    private static func connection(of turn: Int, _ interfaces: UnsafePointer<LayerInterface>) -> Int {
        let own = interfaces + turn
        var best = -1
        var width: Float = 0
        if own.pointee.kind == .diffuse || own.pointee.coverage > 0 && own.pointee.alpha > 0 {
            best = turn
            width = own.pointee.kind == .diffuse ? 4 : own.pointee.alpha
        }
        for i in stride(from: turn - 1, through: 0, by: -1) where interfaces[i].kind == .dielectric {
            // Refraction spreads light less than reflection does.
            let eta = interfaces[i].eta
            let spread = interfaces[i].alpha * (eta - 1).magnitude * 0.5
            if spread > width {
                best = i
                width = spread
            }
        }
        return best
    }
}

extension LayerInterface {
    /// An interface that is not there, under a slab with nothing in it.
    static var clear: LayerInterface {
        LayerInterface(
            kind: .flakes,
            alpha: 0,
            eta: 1,
            radianceScale: 1,
            color: .zero,
            coverage: 0,
            film: nil,
            connection: -1,
            absorption: .zero,
            scattering: 0,
            albedo: Vector3(1),
            anisotropy: 0,
            hasMedium: false
        )
    }

    /// The width of facets by perceptual roughness; below 1/32 they are a mirror, as in ``BSDF``.
    static func width(_ roughness: Float) -> Float { roughness <= 0x1p-5 ? 0 : roughness * roughness }
}
