/// The particles of an emitting set that hang in one place of its light tree, as a ``LightNode`` made when it is asked for.
///
/// Such a set lies in its blob in the order of its tree, so a light of the tree is eight particles that follow each other:
/// nodes over single ones would take three times the memory of the particles themselves.
struct ParticleClusterNode {
    /// The particles of a cluster; the last one may have fewer.
    static var count: Int { 8 }

    private typealias Row = SIMD8<UInt32>

    /// The twelve rows of a node.
    private var rows: (Row, Row, Row, Row, Row, Row, Row, Row, Row, Row, Row, Row)

    /// The node over the particles from `count` times `cluster` on; what does not shine has no chance.
    init(_ view: UnsafePointer<SceneView>, _ set: UnsafePointer<ParticleData>, _ cluster: Int) {
        let zero = Row(repeating: 0)
        let all = Row(repeating: Float(-1).bitPattern)
        let none = Row(repeating: LightNode.none)
        self.rows = (zero, zero, zero, zero, zero, zero, zero, zero, all, zero, none, none)
        let first = Self.count &* cluster
        let emission = view.pointee.materials[set.pointee.material].emission
        withUnsafeMutableBytes(of: &self.rows) { node in
            for slot in 0 ..< Self.count where first &+ slot < set.pointee.count {
                let light = set.pointee.bounds(of: first &+ slot, view.pointee.sRGB, emission)
                guard let light else { continue }
                func write(_ row: Int, _ value: UInt32) {
                    node.storeBytes(of: value, toByteOffset: 32 &* row &+ 4 &* slot, as: UInt32.self)
                }
                write(0, light.center.x.bitPattern)
                write(1, light.center.y.bitPattern)
                write(2, light.center.z.bitPattern)
                write(3, light.radius.bitPattern)
                write(4, light.power.bitPattern)
                write(10, LightNode.flag | UInt32(truncatingIfNeeded: first &+ slot))
            }
        }
    }

    /// The shares of the particles at a place.
    @inline(__always) func sums(_ receiver: LightReceiver, isByPower: Bool) -> LightSums {
        withUnsafeBytes(of: self.rows) { rows in
            guard let node = rows.baseAddress else { return LightSums(SIMD8(repeating: 0)) }
            return LightSums(isByPower ? LightNode.powers(node) : LightNode.importances(node, receiver))
        }
    }
}

extension ParticleData {
    /// The linear colour of a particle.
    @inline(__always) func color(_ i: Int, _ sRGB: UnsafePointer<Float>) -> Vector3 {
        guard let colors = self.colors else { return Vector3(1) }
        let code = colors[i]
        return Vector3(sRGB[Int(code & 255)], sRGB[Int(code &>> 8 & 255)], sRGB[Int(code &>> 16 & 255)])
    }

    /// What a light tree knows of a particle, wherever it is while the shutter is open; nothing where it does not shine.
    @inline(__always) func bounds(
        of i: Int,
        _ sRGB: UnsafePointer<Float>,
        _ emission: Vector3
    ) -> LightBounds? {
        let (center, radius) = self.sphere(i)
        let e = emission * self.color(i, sRGB)
        return LightBounds(
            ball: center,
            closing: self.closingSphere(i).center,
            radius: radius,
            radiance: (e.x + e.y) + e.z
        )
    }
}

/// The probability with which a receiver draws a particle of an instance that emits.
@inline(never) func particleProbability(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ instance: UnsafePointer<InstanceData>,
    _ number: Int
) -> Float {
    let light = instance.pointee.light
    guard light >= 0, let tree = view.pointee.lightTree, let clusters = instance.pointee.lights(view) else { return 0 }
    let set = view.pointee.particles + instance.pointee.mesh
    let cluster = number / ParticleClusterNode.count
    guard cluster < clusters.lightCount else { return 0 }
    let local = receiver.seen(through: view.pointee.objectMaps[light])
    let sums = ParticleClusterNode(view, set, cluster).sums(local, isByPower: clusters.isByPower)
    guard sums.total > 0 else { return 0 }
    let inCluster = Float(sums.weight(number % ParticleClusterNode.count) / sums.total)
    guard inCluster > 0 else { return 0 }
    let inSet = inCluster * clusters.probability(of: cluster, local)
    guard inSet > 0 else { return 0 }
    return inSet * (tree.probability(of: light, receiver) * LightKinds.at(receiver, view).tree)
}
