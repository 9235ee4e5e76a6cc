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
        /// A particle of an emitting instance.
        case particle
        /// A placed volume that glows.
        case volume
    }

    var kind: Kind
    /// The number of the light, of the triangle among those of all instances, of the particle in its set, or of the volume.
    var number: UInt32
    /// The instance of a particle.
    var instance: UInt32
    var probability: Float
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
        let triangles = instance.pointee.lights(view)
    else { return 0 }
    let local = receiver.seen(through: view.pointee.objectMaps[light])
    let inMesh = triangles.probability(of: triangle &- instance.pointee.firstTriangle, local)
    guard inMesh > 0 else { return 0 }
    return inMesh * (tree.probability(of: light, receiver) * LightKinds.at(receiver, view).tree)
}
