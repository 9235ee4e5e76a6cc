/// Follows light through a stack, in a frame whose +Z is the normal on the side of `wo`.
///
/// The position-free random walk of Y. Guo, M. Hašan and S. Zhao, "Position-Free Monte Carlo Simulation for Arbitrary
/// Layered BSDFs", 2018: a slab has no extent sideways, so a path is a sequence of depths and directions.
///
/// Each path is counted exactly once. It leaves upwards after its last turn, so it is joined to the light's direction on
/// that last way up: in the slab where a particle turned it, or at ``LayerInterface/connection``, the widest interface
/// from the one that turned it to the surface. What is smooth all the way up cannot be joined; ``sample(_:_:_:)`` finds it as
/// it finds mirrors.
struct LayerWalk {
    /// A direction drawn by ``sample(_:_:_:)``.
    struct Sample {
        var wi: Vector3
        /// Value times cosine over density.
        var weight: Vector3
        /// The density per solid angle for weighing against other ways to find the direction; zero when there are none.
        var density: Float
    }

    let stack: UnsafePointer<LayerStackData>
    /// Multiplies the colour of the ground.
    let tint: Vector3

    /// Whether light samples can find anything.
    @inline(__always) var hasSpread: Bool { self.stack.pointee.hasSpread }

    /// Draws a direction; nothing when the light is absorbed.
    ///
    /// - Parameter steps: grows by the steps of the walk.
    func sample(_ wo: Vector3, _ stream: inout WalkStream, _ steps: inout UInt32) -> Sample? {
        guard let end = self.walk(wo, &stream, &steps) else { return nil }
        let density = end.isMirror ? 0 : self.density(wo, end.wi)
        return Sample(wi: end.wi, weight: end.weight, density: density)
    }

    /// Where a walk came out.
    struct End {
        var wi: Vector3
        var weight: Vector3
        /// Whether ``evaluate(_:_:_:_:_:)`` leaves this path to samples.
        var isMirror: Bool
        /// Whether a diffuse ground or a particle has turned it.
        var isDiffuse: Bool
        /// Whether it never went below the first interface.
        var isOuter: Bool
    }

    /// One random walk from the eye's side.
    func walk(_ wo: Vector3, _ stream: inout WalkStream, _ steps: inout UInt32) -> End? {
        let interfaces = self.stack.pointee.interfaces
        var w = -wo
        var slab = 0
        var depth: Float = 0
        var beta = Vector3(1)
        var turn = 0
        var isDiffuse = false
        var isOuter = true
        var count: UInt32 = 0
        while count < LayerRange.stepsMax {
            count &+= 1
            steps &+= 1
            let layer = interfaces + slab
            if layer.pointee.hasMedium {
                let slope = larger(w.z.magnitude, 0x1p-20)
                let span = (w.z < 0 ? 1 - depth : depth) / slope
                if layer.pointee.scattering > 0 {
                    let flight = -logarithm(single: 1 - stream.next()) / layer.pointee.scattering
                    if flight < span {
                        depth = clamped(depth - w.z * flight, 0, 1)
                        beta *= transmittance(layer.pointee.absorption * flight) * layer.pointee.albedo
                        w = HenyeyGreenstein.direction(w, layer.pointee.anisotropy, stream.next(), stream.next())
                        turn = -1
                        isDiffuse = true
                        guard Self.survives(&beta, &stream) else { return nil }
                        continue
                    }
                }
                beta *= transmittance(layer.pointee.absorption * span)
            }
            if w.z < 0 {
                guard let event = layer.pointee.scatter(-w, isBelow: false, tint: self.tint, &stream) else {
                    return nil
                }
                beta *= event.weight
                w = event.direction
                if w.z > 0 {
                    turn = slab
                    depth = 1
                    if layer.pointee.kind == .diffuse { isDiffuse = true }
                } else {
                    slab &+= 1
                    depth = 0
                    isOuter = false
                }
            } else {
                guard slab > 0 else {
                    let isMirror = turn >= 0 && interfaces[turn].connection < 0
                    return End(wi: w, weight: beta, isMirror: isMirror, isDiffuse: isDiffuse, isOuter: isOuter)
                }
                let above = interfaces + (slab &- 1)
                let wo = Vector3(-w.x, -w.y, w.z)
                guard let event = above.pointee.scatter(wo, isBelow: true, tint: self.tint, &stream) else { return nil }
                beta *= event.weight
                w = Vector3(event.direction.x, event.direction.y, -event.direction.z)
                if w.z > 0 {
                    slab &-= 1
                    depth = 1
                } else {
                    depth = 0
                }
            }
            guard Self.survives(&beta, &stream) else { return nil }
        }
        return nil
    }

    /// Lets faint paths end early.
    @inline(__always) static func survives(_ beta: inout Vector3, _ stream: inout WalkStream) -> Bool {
        guard beta.largest < 0.125 else { return true }
        guard stream.next() < 0.5 else { return false }
        beta *= 2
        return beta.largest > 0
    }
}
