import CVector

/// The particles of an emitting set that hang in one place of its light tree, and how much light each may send to a place.
///
/// Such a set lies in its blob in the order of its tree, so a light of the tree is sixteen particles that follow each other:
/// nodes over single ones would take three times the memory of the particles themselves. What a node of the tree would say
/// of them is made when it is asked for.
struct ParticleCluster {
    /// The particles of a cluster; the last one may have fewer.
    static var count: Int { 16 }

    /// Eight balls and their powers; what does not shine has none.
    private struct Balls {
        var x = SIMD8<Float>(repeating: 0)
        var y = SIMD8<Float>(repeating: 0)
        var z = SIMD8<Float>(repeating: 0)
        var radius = SIMD8<Float>(repeating: 0)
        /// First their radiance, all colours added.
        var power = SIMD8<Float>(repeating: 0)
        /// Half of the ways of those that move.
        var way = (SIMD8<Float>(repeating: 0), SIMD8<Float>(repeating: 0), SIMD8<Float>(repeating: 0))

        /// Makes of what blobs have what trees know, as ``LightBounds`` does.
        @inline(__always) mutating func finish(_ isMoving: Bool) {
            let power = self.power * (SIMD8(repeating: Pi.one) * (self.radius * self.radius))
            self.power = cvector_min8(power, SIMD8(repeating: LightBounds.powerMax))
            if isMoving {
                let (x, y, z) = self.way
                self.x += x
                self.y += y
                self.z += z
                self.radius += ((x * x + y * y) + z * z).squareRoot()
            }
            self.radius *= SIMD8(repeating: 0x1.0001p0)
        }

        /// What ``LightNode/importances(_:_:)`` says of lights that shine in all directions.
        @inline(__always) func importances(_ receiver: LightReceiver) -> SIMD8<Float> {
            let vx = self.x - SIMD8(repeating: receiver.point.x)
            let vy = self.y - SIMD8(repeating: receiver.point.y)
            let vz = self.z - SIMD8(repeating: receiver.point.z)
            let safe = cvector_max8((vx * vx + vy * vy) + vz * vz, SIMD8(repeating: 0x1p-32))
            let power = self.power / cvector_max8(safe, self.radius * self.radius)
            guard receiver.hasNormal else { return power }
            let zero = SIMD8<Float>(repeating: 0)
            let one = SIMD8<Float>(repeating: 1)
            let slack = SIMD8<Float>(repeating: 0x1p-10)
            let inverse = one / safe.squareRoot()
            let n = receiver.normal
            let across =
                ((SIMD8(repeating: n.x) * vx + SIMD8(repeating: n.y) * vy) + SIMD8(repeating: n.z) * vz) * inverse
            let cosSeen = cvector_min8(across + self.radius * inverse, one)
            return power * cvector_select_lt8(zero - slack, cosSeen, cvector_max8(cosSeen, slack), zero)
        }
    }

    private var halves = (Balls(), Balls())

    /// The particles from `count` times `cluster` on.
    init(_ view: UnsafePointer<SceneView>, _ set: UnsafePointer<ParticleData>, _ cluster: Int) {
        let first = Self.count &* cluster
        let left = set.pointee.count &- first
        let emission = view.pointee.materials[set.pointee.material].emission
        let isMoving = set.pointee.closingCenters != nil
        withUnsafeMutableBytes(of: &self.halves) { balls in
            for slot in 0 ..< (left < Self.count ? left : Self.count) {
                let sphere = set.pointee.spheres + 4 &* (first &+ slot)
                let e = emission * set.pointee.color(first &+ slot, view.pointee.sRGB)
                let at = (slot &>> 3) &* MemoryLayout<Balls>.stride &+ 4 &* (slot & 7)
                for row in 0 ..< 4 { balls.storeBytes(of: sphere[row], toByteOffset: at &+ 32 &* row, as: Float.self) }
                balls.storeBytes(of: (e.x + e.y) + e.z, toByteOffset: at &+ 128, as: Float.self)
                if isMoving {
                    let way = (set.pointee.closingSphere(first &+ slot).center - loadVector(sphere, 0)) * 0.5
                    balls.storeBytes(of: way.x, toByteOffset: at &+ 160, as: Float.self)
                    balls.storeBytes(of: way.y, toByteOffset: at &+ 192, as: Float.self)
                    balls.storeBytes(of: way.z, toByteOffset: at &+ 224, as: Float.self)
                }
            }
        }
        self.halves.0.finish(isMoving)
        self.halves.1.finish(isMoving)
    }

    /// The shares of the particles at a place.
    @inline(__always) func sums(_ receiver: LightReceiver, isByPower: Bool) -> Sums {
        let (first, second) = self.halves
        return isByPower
            ? Sums(first.power, second.power) : Sums(first.importances(receiver), second.importances(receiver))
    }

    /// ``LightSums`` of sixteen weights.
    struct Sums {
        private let first: LightSums
        private let second: LightSums

        @inline(__always) fileprivate init(_ first: SIMD8<Float>, _ second: SIMD8<Float>) {
            self.first = LightSums(first)
            self.second = LightSums(second)
        }

        @inline(__always) var total: Double { self.first.total + self.second.total }

        /// The share of a slot.
        @inline(__always) func weight(_ slot: Int) -> Double {
            slot < 8 ? self.first.weight(slot) : self.second.weight(slot &- 8)
        }

        /// The slot for a number of 0..<1, its share, and where within it the number lies.
        @inline(__always) func pick(_ u: Double) -> (slot: Int, weight: Double, rest: Double) {
            let x = u * self.total
            let middle = self.first.total
            guard x >= middle else { return self.first.pick(x / middle) }
            let rest = (x - middle) / self.second.total
            let (slot, weight, inSlot) = self.second.pick(rest < 1 ? rest : 0x1.fffffffp-1)
            return (slot &+ 8, weight, inSlot)
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
    let cluster = number / ParticleCluster.count
    guard cluster < clusters.lightCount else { return 0 }
    let local = receiver.seen(through: view.pointee.objectMaps[light])
    let sums = ParticleCluster(view, set, cluster).sums(local, isByPower: clusters.isByPower)
    guard sums.total > 0 else { return 0 }
    let inCluster = Float(sums.weight(number % ParticleCluster.count) / sums.total)
    guard inCluster > 0 else { return 0 }
    let inSet = inCluster * clusters.probability(of: cluster, local)
    guard inSet > 0 else { return 0 }
    return inSet * (tree.probability(of: light, receiver) * LightKinds.at(receiver, view).tree)
}
