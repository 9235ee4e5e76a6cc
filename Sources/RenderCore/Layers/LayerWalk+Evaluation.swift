/// The light's way down to one slab, on which it only passes through interfaces.
struct LayerDescent: BitwiseCopyable {
    /// Where it travels within the slab.
    var direction: Vector3
    /// The energy that gets to the slab's upper end.
    var throughput: Vector3

    /// Room for the descents of one evaluation.
    static func scratch(memory: SceneMemory) -> UnsafeMutablePointer<LayerDescent> {
        memory.allocate(LayerDescent.self, count: LayerStack.layersMax + 1)
    }
}

extension LayerWalk {
    /// An estimate of the value times the cosine for light from `wi`, without what only samples find.
    ///
    /// Its mean over streams is exact.
    ///
    /// - Parameters:
    ///   - scratch: memory of ``LayerDescent/scratch(memory:)``.
    ///   - steps: grows by the steps of both walks.
    func evaluate(
        _ wo: Vector3,
        _ wi: Vector3,
        _ stream: inout WalkStream,
        _ scratch: UnsafeMutablePointer<LayerDescent>,
        _ steps: inout UInt32
    ) -> Vector3 {
        guard wo.z > 0, wi.z > 0 else { return .zero }
        let interfaces = self.stack.pointee.interfaces
        scratch[0] = LayerDescent(direction: -wi, throughput: Vector3(1))
        var known = 0
        var sum = Vector3.zero
        var w = -wo
        var slab = 0
        var depth: Float = 0
        var beta = Vector3(1)
        var turn = -1
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
                        self.descend(to: slab, &known, scratch, &stream, &steps)
                        let light = scratch[slab]
                        let slope = larger(-light.direction.z, 0x1p-20)
                        let phase = HenyeyGreenstein.value(-dot(w, light.direction), layer.pointee.anisotropy)
                        let arriving = light.throughput * layer.pointee.straight(depth / slope)
                        sum += beta * arriving * (phase * layer.pointee.radianceScale / slope)
                        w = HenyeyGreenstein.direction(w, layer.pointee.anisotropy, stream.next(), stream.next())
                        turn = -1
                        guard Self.survives(&beta, &stream) else { break }
                        continue
                    }
                }
                beta *= transmittance(layer.pointee.absorption * span)
            }
            if w.z < 0 {
                if layer.pointee.connection == slab {
                    self.descend(to: slab, &known, scratch, &stream, &steps)
                    let light = scratch[slab]
                    let value = layer.pointee.reflected(-w, -light.direction, isBelow: false, tint: self.tint)
                    let arriving = self.arriving(light, layer)
                    sum += beta * arriving * value * layer.pointee.radianceScale
                }
                guard let event = layer.pointee.scatter(-w, isBelow: false, tint: self.tint, &stream) else { break }
                beta *= event.weight
                w = event.direction
                if w.z > 0 {
                    // What the first interface has turned is on its way out, with nothing left to be joined.
                    guard slab > 0 || layer.pointee.scattering > 0 else { break }
                    turn = slab
                    depth = 1
                } else {
                    slab &+= 1
                    depth = 0
                }
            } else {
                guard slab > 0 else { break }
                let above = interfaces + (slab &- 1)
                let wo = Vector3(-w.x, -w.y, w.z)
                if turn >= 0, interfaces[turn].connection == slab &- 1 {
                    self.descend(to: slab &- 1, &known, scratch, &stream, &steps)
                    let light = scratch[slab &- 1]
                    let toLight = Vector3(-light.direction.x, -light.direction.y, light.direction.z)
                    let value = above.pointee.refracted(wo, toLight, isBelow: true)
                    sum += beta * self.arriving(light, above) * value * above.pointee.radianceScale
                }
                guard let event = above.pointee.scatter(wo, isBelow: true, tint: self.tint, &stream) else { break }
                beta *= event.weight
                w = Vector3(event.direction.x, event.direction.y, -event.direction.z)
                if w.z > 0 {
                    slab &-= 1
                    depth = 1
                } else {
                    depth = 0
                }
            }
            guard Self.survives(&beta, &stream) else { break }
        }
        return sum * wi.z
    }

    /// The energy of a descent at its slab's lower end.
    @inline(__always) private func arriving(
        _ light: LayerDescent,
        _ layer: UnsafePointer<LayerInterface>
    ) -> Vector3 {
        guard layer.pointee.hasMedium else { return light.throughput }
        return light.throughput * layer.pointee.straight(1 / larger(-light.direction.z, 0x1p-20))
    }

    /// Makes the descents known down to a slab.
    @inline(__always) private func descend(
        to slab: Int,
        _ known: inout Int,
        _ scratch: UnsafeMutablePointer<LayerDescent>,
        _ stream: inout WalkStream,
        _ steps: inout UInt32
    ) {
        while known < slab {
            let layer = self.stack.pointee.interfaces + known
            let from = scratch[known]
            let arriving = self.arriving(from, layer)
            known &+= 1
            steps &+= 1
            if arriving.largest > 0, let event = layer.pointee.descend(-from.direction, &stream) {
                scratch[known] = LayerDescent(direction: event.direction, throughput: arriving * event.weight)
            } else {
                scratch[known] = LayerDescent(direction: from.direction, throughput: .zero)
            }
        }
    }
}
