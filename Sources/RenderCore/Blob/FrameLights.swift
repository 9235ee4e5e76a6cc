/// Everything that shines in a frame on its way into the blob: the tree of lights, and the directional ones.
struct FrameLights {
    private var bounds: [LightBounds?] = []
    /// Instances, then numbers of lights with ``LightNode/flag``, then of placed volumes with ``LightNode/volumeFlag``, too.
    private var lights: [UInt32] = []
    private var suns: [UInt32] = []
    private var illuminances: [Float] = []

    /// Adds an emitting instance; all instances come before all lights, in their order.
    mutating func append(instance: Int, _ bounds: LightBounds) {
        self.bounds.append(bounds)
        self.lights.append(UInt32(instance))
    }

    /// Adds a light at a point; one that does not shine is left away.
    mutating func append(
        light: Int,
        at position: Vector3,
        axis: Vector3,
        cosCone: Float,
        cosReach: Float,
        power: Float
    ) {
        let bounds = LightBounds(position: position, axis: axis, cosCone: cosCone, cosReach: cosReach, power: power)
        guard let bounds else { return }
        self.bounds.append(bounds)
        self.lights.append(LightNode.flag | UInt32(light))
    }

    /// Adds a placed volume that glows; all volumes come after all lights, in their order.
    mutating func append(volume: Int, _ bounds: LightBounds) {
        self.bounds.append(bounds)
        self.lights.append(LightNode.flag | LightNode.volumeFlag | UInt32(volume))
    }

    /// Adds a directional light; one that does not shine is left away.
    mutating func append(sun light: Int, illuminance: Float) {
        guard illuminance > 0 else { return }
        self.suns.append(UInt32(light))
        self.illuminances.append(illuminance)
    }

    /// Writes the tree's nodes, where its lights hang, what they are; the directional lights and their distribution.
    func write(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        let tree = LightTreeBuilder(self.bounds)
        try writer.section(tree.nodes)
        try writer.section(tree.leaves)
        try writer.section(self.lights)
        try writer.section(self.suns)
        try writer.section(DiscreteDistribution.starts(weights: self.illuminances) ?? [])
    }
}

extension SceneFrame {
    /// Adds the placed volumes that glow.
    func appendVolumes(_ assets: SceneAssets, to lights: inout FrameLights) {
        // Found when the first of a volume's places comes.
        var glows = [VolumeGlow?](repeating: nil, count: assets.volumes.count)
        for (i, instance) in self.volumes.enumerated() where !assets.volumes[instance.volume].emission.isEmpty {
            let glow = glows[instance.volume] ?? VolumeGlow(assets.volumes[instance.volume])
            glows[instance.volume] = glow
            if let bounds = glow.bounds(placedBy: Affine(instance.transform)) { lights.append(volume: i, bounds) }
        }
    }

    /// Adds the instances whose meshes or particles emit.
    func appendInstances(
        _ assets: SceneAssets,
        _ estimates: inout EmissionEstimates,
        to lights: inout FrameLights
    ) throws(SceneBlobError) {
        // What is known of each mesh, found when its first instance comes.
        var isKnown = [Bool](repeating: false, count: assets.meshes.count + self.deformedMeshes.count)
        var meshes = [LightBounds?](repeating: nil, count: isKnown.count)
        var isSetKnown = [Bool](repeating: false, count: assets.particles.count)
        var sets = [LightBounds?](repeating: nil, count: isSetKnown.count)
        for (i, instance) in self.instances.enumerated() {
            if instance.isParticles {
                if !isSetKnown[instance.mesh] {
                    isSetKnown[instance.mesh] = true
                    sets[instance.mesh] = try assets.lightBounds(ofParticles: instance.mesh)
                    let material = assets.particles[instance.mesh].material
                    sets[instance.mesh] = sets[instance.mesh]?.brightened(by: self.brightness(material, assets))
                }
                if let bounds = sets[instance.mesh]?.placed(by: instance) { lights.append(instance: i, bounds) }
                continue
            }
            if !isKnown[instance.mesh] {
                isKnown[instance.mesh] = true
                let pose = instance.mesh - assets.meshes.count
                if pose < 0 {
                    let mesh = assets.meshes[instance.mesh]
                    meshes[instance.mesh] = LightBounds(try estimates.lights(of: mesh, number: instance.mesh))
                } else {
                    meshes[instance.mesh] = LightBounds(try estimates.lights(of: self.deformedMeshes[pose]))
                }
                let mesh = pose < 0 ? instance.mesh : self.deformedMeshes[pose].mesh
                let brightness = self.brightness(assets.meshes[mesh].material, assets)
                meshes[instance.mesh] = meshes[instance.mesh]?.brightened(by: brightness)
            }
            guard let own = meshes[instance.mesh] else { continue }
            guard let bounds = own.placed(by: instance) else { continue }
            lights.append(instance: i, bounds)
        }
    }
}
