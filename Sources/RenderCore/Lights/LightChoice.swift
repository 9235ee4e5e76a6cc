/// A light that was chosen for a receiver.
struct LightChoice: BitwiseCopyable {
    enum Kind: UInt32, BitwiseCopyable {
        /// No light shines here.
        case nothing
        case environment
        case directional
        /// A point or a spot.
        case punctual
        /// A triangle of an emitting instance.
        case triangle
    }

    var kind: Kind
    /// The number of the light, or of the triangle among those of all instances.
    var number: UInt32
    var probability: Float

    @inline(__always) static var nothing: LightChoice { LightChoice(kind: .nothing, number: 0, probability: 0) }
}

/// Chooses a light for a receiver by a 32-bit number.
///
/// First the kind of light (``LightKinds``), then the light: directional ones by power, all others by the light tree,
/// and the triangle of an emitting instance by the tree of its mesh.
@inline(never) func chooseLight(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ pick: UInt32
) -> LightChoice {
    let only = view.pointee.onlyKinds
    var weights = SIMD8<Float>(repeating: 0)
    var total: Float = 0
    if let tree = view.pointee.lightTree, only == nil || tree.onlyLight < 0 {
        weights = tree.rootWeights(receiver)
        total = LightTreeData.total(of: weights)
    }
    let kinds = only ?? LightKinds(view, receiver, treeTotal: total)
    let number = Double(pick) * 0x1p-32
    let skyEnd = Double(kinds.environment)
    if number < skyEnd { return LightChoice(kind: .environment, number: 0, probability: kinds.environment) }
    let sunEnd = skyEnd + Double(kinds.directional)
    if number < sunEnd {
        return chooseSun(view, (number - skyEnd) / Double(kinds.directional), kinds.directional)
    }
    guard kinds.tree > 0, let tree = view.pointee.lightTree else { return .nothing }
    let rest = (number - sunEnd) / Double(kinds.tree)
    guard let light = tree.choose(rest < 1 ? rest : 0x1.fffffffp-1, receiver, weights) else { return .nothing }
    let probability = light.probability * kinds.tree
    let code = view.pointee.treeLights[light.number]
    if code & LightNode.flag != 0 {
        return LightChoice(kind: .punctual, number: code & ~LightNode.flag, probability: probability)
    }
    let instance = view.pointee.instances + Int(code)
    guard let triangles = view.pointee.meshes[instance.pointee.mesh].lights else { return .nothing }
    let local = receiver.seen(through: view.pointee.objectMaps[light.number])
    guard let triangle = triangles.choose(light.rest, local, triangles.rootWeights(local)) else { return .nothing }
    return LightChoice(
        kind: .triangle,
        number: UInt32(truncatingIfNeeded: instance.pointee.firstTriangle &+ triangle.number),
        probability: probability * triangle.probability
    )
}

/// Chooses a directional light by a number of 0..<1.
private func chooseSun(_ view: UnsafePointer<SceneView>, _ number: Double, _ probability: Float) -> LightChoice {
    let suns = view.pointee.suns
    let u = UInt32(truncatingIfNeeded: Int64((number < 1 ? number : 0x1.fffffffp-1) * 0x1p32))
    let pick = DiscreteDistribution.pick(u, suns.starts, count: suns.count)
    let width = DiscreteDistribution.width(pick, suns.starts, count: suns.count)
    return LightChoice(
        kind: .directional,
        number: suns.lights[pick],
        probability: (Float(width) * 0x1p-32) * probability
    )
}

/// The probability with which a receiver draws the triangle of this number.
@inline(never) func emitterProbability(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ triangle: Int
) -> Float {
    let instance = view.pointee.instances + Int(view.pointee.triangleInstances[triangle])
    let light = instance.pointee.light
    guard light >= 0, let tree = view.pointee.lightTree,
        let triangles = view.pointee.meshes[instance.pointee.mesh].lights
    else { return 0 }
    let local = receiver.seen(through: view.pointee.objectMaps[light])
    let inMesh = triangles.probability(of: triangle &- instance.pointee.firstTriangle, local)
    guard inMesh > 0 else { return 0 }
    return inMesh * (tree.probability(of: light, receiver) * LightKinds.at(receiver, view).tree)
}
