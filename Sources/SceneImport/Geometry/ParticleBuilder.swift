import RenderCore

/// Makes sets of particles: of `TESSERA_particles`, and, when asked for, of copies of a sphere.
///
/// `Schemas/TESSERA_particles.md` has the schema of the extension.
enum ParticleBuilder {
    /// How much the vertices of a mesh may differ in their distance from its middle, relative, to count as a sphere.
    private static let roundness: Float = 0.02
    /// The radii that the renderer takes, in metres.
    private static let radii: ClosedRange<Float> = 1e-9 ... 1e9

    /// The particles of a primitive of points; `shutterTime` seconds later each has gone on with its velocity.
    static func particles(
        _ primitive: GLTF.Primitive,
        _ description: GLTF.Particles,
        material: Int,
        data: VertexData,
        shutterTime: Double
    ) throws(ImportError) -> ParticleSet {
        let centers = try data.floats("POSITION", .vector3) ?? []
        var radii = try data.floats("_RADIUS", .scalar) ?? []
        if radii.isEmpty {
            guard let radius = description.radius else {
                throw ImportError(.malformed, "its particles have neither a radius nor the attribute _RADIUS")
            }
            radii = [Float](repeating: try Numbers.float(radius, "the radius"), count: centers.count / 3)
        }
        guard radii.allSatisfy({ self.radii.contains($0) }) else {
            throw ImportError(
                .malformed,
                "the radius of a particle is not in \(self.radii.lowerBound)...\(self.radii.upperBound) metres"
            )
        }
        var set = ParticleSet(centers: centers, radii: radii, material: material)
        if let velocities = try data.floats("_VELOCITY", .vector3), shutterTime > 0,
            velocities.contains(where: { $0 != 0 })
        {
            set.closingCenters = zip(centers, velocities).map { Float(Double($0) + Double($1) * shutterTime) }
        }
        if let colors = try data.colors()?.values {
            set.colors = (0 ..< centers.count / 3).map { i in
                SRGB.code(colors[3 * i]) | SRGB.code(colors[3 * i + 1]) << 8 | SRGB.code(colors[3 * i + 2]) << 16
            }
        }
        return set
    }

    /// The set that copies of a mesh make, or nothing unless the mesh is a sphere and no copy is squashed.
    static func particles(_ mesh: Mesh, copies: InstanceSet) -> ParticleSet? {
        guard let (center, radius) = self.sphere(mesh) else { return nil }
        var set = ParticleSet(centers: [], radii: [], material: mesh.material)
        set.centers.reserveCapacity(3 * copies.count)
        set.radii.reserveCapacity(copies.count)
        for i in 0 ..< copies.count {
            let local = copies.local(i)
            let lengths = [local.x, local.y, local.z].map { dot($0, $0).squareRoot() }
            let own = lengths[0] * Double(radius)
            guard lengths.allSatisfy({ ($0 - lengths[0]).magnitude <= lengths[0] * Double(self.roundness) }),
                self.radii.contains(Float(own))
            else { return nil }
            let place = local.point(center)
            set.centers.append(Float(place.x))
            set.centers.append(Float(place.y))
            set.centers.append(Float(place.z))
            set.radii.append(Float(own))
        }
        return set
    }

    /// The sphere on which all vertices of a mesh lie; its volume is that of the mesh or a little more.
    private static func sphere(_ mesh: Mesh) -> (center: SIMD3<Double>, radius: Float)? {
        let count = mesh.positions.count / 3
        guard count >= 12, mesh.indices.count >= 60 else { return nil }
        let box = Box(mesh.positions)
        let center = (box.low + box.high) * 0.5
        var low = Float.infinity
        var high: Float = 0
        for i in 0 ..< count {
            let offset = mesh.vertex(i, of: mesh.positions) - center
            let distance = Float(dot(offset, offset).squareRoot())
            low = min(low, distance)
            high = max(high, distance)
        }
        guard low > 0, high - low <= high * self.roundness else { return nil }
        return (center, high)
    }
}

/// The sRGB curve (IEC 61966-2-1), equal on every machine.
enum SRGB {
    /// The linear value of each code.
    static let linear: [Double] = (0 ..< 256).map { code in
        let value = Double(code) / 255
        return value <= 0.040_45 ? value / 12.92 : SRGB.power24((value + 0.055) / 1.055)
    }

    /// The code whose linear value comes closest.
    static func code(_ value: Float) -> UInt32 {
        let wanted = Double(value)
        var low = 0
        var high = 255
        while low < high {
            let middle = (low + high) / 2
            if self.linear[middle] + self.linear[middle + 1] < 2 * wanted { low = middle + 1 } else { high = middle }
        }
        return UInt32(low)
    }

    /// x to the power of 2.4 for x in 0.04...1, by Newton's method for the fifth root.
    private static func power24(_ x: Double) -> Double {
        var root = 1.0
        for _ in 0 ..< 32 {
            let square = root * root
            root = (4 * root + x / (square * square)) / 5
        }
        return x * x * (root * root)
    }
}
