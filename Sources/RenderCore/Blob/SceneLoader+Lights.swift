extension SceneLoader {
    /// Reads and checks how lights are chosen; instances and lights have been loaded.
    mutating func loadLightChoice(_ reader: inout BlobReader) throws(SceneBlobError) {
        let nodes = try reader.words()
        let leaves = try reader.words()
        let lights = try reader.words()
        try self.loadSuns(try reader.words(), try reader.words())
        guard lights.count == leaves.count, lights.isEmpty == nodes.isEmpty else {
            throw SceneBlobError(
                .malformed,
                "the tree of lights has \(lights.count) lights, but other numbers of leaves"
            )
        }
        guard !nodes.isEmpty else { return }
        guard let tree = LightTreeData(nodes: nodes, leaves: leaves, isByPower: false) else {
            throw SceneBlobError(.malformed, "the tree of the frame's lights is none")
        }
        let instanceLights = lights.prefix { $0 & LightNode.flag == 0 }.count
        let maps = self.memory.allocate(ObjectMap.self, count: instanceLights)
        var last = -1
        for (k, light) in lights.enumerated() {
            // Each one once, in order: an instance that is there twice would be found with half of its probability.
            // Volumes have numbers above those of all lights.
            let key = k < instanceLights ? Int(light) : Int(light & ~LightNode.flag)
            guard k == instanceLights || key > last, (light & LightNode.flag != 0) == (k >= instanceLights) else {
                throw SceneBlobError(.malformed, "the lights of the tree are not in order at \(k)")
            }
            last = key
            if k < instanceLights {
                guard key < self.instanceCount, self.emits(key) else {
                    throw SceneBlobError(.malformed, "light \(k) of the tree is an instance that does not emit")
                }
                self.instances[key].light = k
                (maps + k).initialize(to: ObjectMap(self.instances[key].transform))
            } else if key >= Int(LightNode.volumeFlag) {
                let volume = key - Int(LightNode.volumeFlag)
                guard volume < self.volumeCount else {
                    throw SceneBlobError(.malformed, "light \(k) of the tree is not a volume that the frame has")
                }
                self.volumes[volume].light = k
            } else {
                guard key < self.lightCount, self.lights[key].kind != .directional else {
                    throw SceneBlobError(.malformed, "light \(k) of the tree is not one that the frame has")
                }
            }
        }
        self.lightTree = tree
        self.treeLights = lights.pointer
        self.objectMaps = UnsafePointer(maps)
    }

    /// Whether an instance has lights of its own.
    private func emits(_ instance: Int) -> Bool {
        let data = self.instances[instance]
        return data.isParticles ? self.assets.particles[data.mesh].lights != nil : self.meshes[data.mesh].lights != nil
    }

    private mutating func loadSuns(
        _ lights: UnsafeBufferPointer<UInt32>,
        _ starts: UnsafeBufferPointer<UInt32>
    ) throws(SceneBlobError) {
        guard lights.count == starts.count,
            starts.isEmpty || DiscreteDistribution.isValid(starts.pointer, count: starts.count)
        else { throw SceneBlobError(.malformed, "the table of directional lights does not fit or is not ordered") }
        var sum = Vector3.zero
        var illuminance = 0.0
        for (k, light) in lights.enumerated() {
            guard Int(light) < self.lightCount, self.lights[Int(light)].kind == .directional,
                k == 0 || light > lights[k - 1]
            else { throw SceneBlobError(.malformed, "directional light \(k) is not one that the frame has") }
            let data = self.lights + Int(light)
            let c = data.pointee.intensity
            let power = (c.x + c.y) + c.z
            illuminance += Double(power)
            sum += data.pointee.direction * -smaller(power, 0x1p60)
        }
        let axis = sum.normalized(or: Vector3(0, 1, 0))
        var cosCone: Float = 1
        for light in lights {
            cosCone = smaller(cosCone, dot(axis, -self.lights[Int(light)].direction) - 0x1p-14)
        }
        self.suns = Suns(
            lights: lights.pointer,
            starts: starts.pointer,
            count: lights.count,
            illuminance: Float(smaller(illuminance, 0x1p60)),
            axis: axis,
            cosCone: clamped(cosCone, -1, 1)
        )
    }

    /// The probabilities of the kinds of light where there is at most one kind.
    var onlyKinds: LightKinds? {
        let kinds = LightKinds(
            environment: self.assets.environment.isSampled ? 1 : 0,
            directional: self.suns.count > 0 ? 1 : 0,
            tree: self.lightTree != nil ? 1 : 0
        )
        return (kinds.environment + kinds.directional) + kinds.tree > 1 ? nil : kinds
    }
}

private func smaller(_ a: Double, _ b: Double) -> Double { b < a ? b : a }
