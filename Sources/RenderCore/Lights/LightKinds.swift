/// The probabilities with which a receiver draws each kind of light; they add up to one, or all are zero.
///
/// Half of the probability goes to the kinds that can shine here in equal shares, since whether anything is in between
/// is not known; the other half by the irradiance that each would cause without obstacles. So no kind is ever drawn much
/// too rarely, and where one outshines the others it gets most of the samples.
struct LightKinds: BitwiseCopyable {
    var environment: Float
    var directional: Float
    /// The lights of the tree.
    var tree: Float

    @inline(__always) init(environment: Float, directional: Float, tree: Float) {
        self.environment = environment
        self.directional = directional
        self.tree = tree
    }

    /// The probabilities for a receiver; `treeTotal` is the sum of the weights of the tree's root.
    @inline(__always) init(_ view: UnsafePointer<SceneView>, _ receiver: LightReceiver, treeTotal: Float) {
        let hasSky = view.pointee.environment.isSampled
        let sky: Float = hasSky ? view.pointee.environment.irradiance.toward(receiver) : 0
        let sun: Float = view.pointee.suns.count > 0 ? view.pointee.suns.irradiance(receiver) : 0
        let hasSun = sun > 0
        let hasTree = treeTotal > 0
        let kinds: Float = (hasSky ? 1 : 0) + (hasSun ? 1 : 0) + (hasTree ? 1 : 0)
        guard kinds > 0 else {
            self.init(environment: 0, directional: 0, tree: 0)
            return
        }
        let total = (sky + sun) + treeTotal
        let share = (total > 0 ? 0.5 : 1) / kinds
        let scale = total > 0 ? 0.5 / total : 0
        // The last kind takes what rounding leaves.
        let first = hasSky ? (hasSun || hasTree ? share + sky * scale : 1) : 0
        let second = hasSun ? (hasTree ? share + sun * scale : 1 - first) : 0
        self.init(environment: first, directional: second, tree: hasTree ? (1 - first) - second : 0)
    }

    /// The probabilities for a receiver.
    @inline(__always) static func at(_ receiver: LightReceiver, _ view: UnsafePointer<SceneView>) -> LightKinds {
        if let only = view.pointee.onlyKinds { return only }
        var total: Float = 0
        if let tree = view.pointee.lightTree { total = LightTreeData.total(of: tree.rootWeights(receiver)) }
        return LightKinds(view, receiver, treeTotal: total)
    }
}

/// The directional lights of a loaded scene, chosen among themselves by power.
struct Suns: BitwiseCopyable {
    /// The lights' numbers.
    var lights: UnsafePointer<UInt32>
    /// See ``DiscreteDistribution``.
    var starts: UnsafePointer<UInt32>
    var count: Int
    /// The sum of their illuminances, all colours added.
    var illuminance: Float
    /// A cone that holds the directions towards them.
    var axis: Vector3
    var cosCone: Float

    /// The light for a number of 0..<1, and its probability.
    @inline(__always) func pick(_ number: Double) -> (light: UInt32, probability: Float) {
        let u = UInt32(truncatingIfNeeded: Int64((number < 1 ? number : 0x1.fffffffp-1) * 0x1p32))
        let pick = DiscreteDistribution.pick(u, self.starts, count: self.count)
        let width = DiscreteDistribution.width(pick, self.starts, count: self.count)
        return (self.lights[pick], Float(width) * 0x1p-32)
    }

    /// An upper bound of the irradiance.
    @inline(__always) func irradiance(_ receiver: LightReceiver) -> Float {
        guard receiver.hasNormal else { return self.illuminance }
        let cosine = clamped(dot(receiver.normal, self.axis), -1, 1)
        guard cosine < self.cosCone else { return self.illuminance }
        let sines = (1 - cosine * cosine).squareRoot() * larger(0, 1 - self.cosCone * self.cosCone).squareRoot()
        let nearest = cosine * self.cosCone + sines
        // A thousandth of slack for rounding.
        return nearest > -0x1p-10 ? self.illuminance * larger(nearest, 0x1p-10) : 0
    }
}
