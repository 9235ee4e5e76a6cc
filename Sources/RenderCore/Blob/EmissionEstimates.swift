/// The mean radiance of triangles, as far as a light sampler needs to know it.
struct EmissionEstimates {
    let assets: SceneAssets
    private var table: [Float] = []
    /// The mean of each picture, negative as long as it is not known.
    private var means: [Float]

    init(assets: SceneAssets) {
        self.assets = assets
        self.means = [Float](repeating: -1, count: assets.images.count)
    }

    /// An estimate of the mean radiance over a triangle, all colours added.
    ///
    /// With a texture, three quarters of it come from 16 texels, the rest from the whole picture: bright spots between
    /// the texels must not go without a chance, and those that still do are found by scattered rays.
    mutating func radiance(triangle t: Int, of mesh: Mesh) -> Float {
        let material = self.assets.materials[mesh.material]
        let emission = Vector3(material.emission)
        let plain = (emission.x + emission.y) + emission.z
        guard let reference = material.emissionTexture, self.assets.images.indices.contains(reference.image) else {
            return plain
        }
        let usesSecond = reference.usesSecondCoordinates && !mesh.secondCoordinates.isEmpty
        let coordinates = usesSecond ? mesh.secondCoordinates : mesh.textureCoordinates
        guard coordinates.count / 2 == mesh.positions.count / 3 else { return plain }
        let image = self.assets.images[reference.image]
        guard image.width > 0, image.height > 0 else { return plain }
        var sum: Float = 0
        for k in 0 ..< 16 {
            // Uniform in the triangle: the first points of the (0, 2)-sequence, folded along the diagonal.
            var a = (Float(k) + 0.5) / 16
            var b = Float(reversedBits(UInt32(k)) >> 28) / 16 + 0x1p-5
            if a + b > 1 { (a, b) = (1 - a, 1 - b) }
            var u: Float = 0
            var v: Float = 0
            for (corner, weight) in [(0, 1 - (a + b)), (1, a), (2, b)] {
                let vertex = Int(mesh.indices[3 * t + corner])
                u += coordinates[2 * vertex] * weight
                v += coordinates[2 * vertex + 1] * weight
            }
            let m = reference.transform
            let x = reference.wrapS.texel((m.a * u + m.b * v) + m.c, count: image.width)
            let y = reference.wrapT.texel((m.d * u + m.e * v) + m.f, count: image.height)
            sum += self.brightness(image, x: x, y: y)
        }
        return plain * (sum * (0.75 / 48) + self.mean(image, number: reference.image) * (0.25 / 3))
    }

    /// What a light tree needs to know of each triangle of a mesh, in the mesh's coordinates; nothing when the mesh does
    /// not emit.
    mutating func lights(of mesh: Mesh, number: Int) throws(SceneBlobError) -> [LightBounds?] {
        guard self.assets.materials.indices.contains(mesh.material) else { return [] }
        let material = self.assets.materials[mesh.material]
        guard Vector3(material.emission).largest > 0 else { return [] }
        let count = mesh.indices.count / 3
        guard count <= SceneRange.emittersMax else {
            throw SceneBlobError(
                .limitExceeded,
                "mesh \(number) has more than \(SceneRange.emittersMax) triangles that emit; use fewer, larger ones"
            )
        }
        var lights: [LightBounds?] = []
        lights.reserveCapacity(count)
        for t in 0 ..< count {
            let a = try mesh.corner(3 * t, ofMesh: number)
            let b = try mesh.corner(3 * t + 1, ofMesh: number)
            let c = try mesh.corner(3 * t + 2, ofMesh: number)
            let radiance = self.radiance(triangle: t, of: mesh)
            lights.append(
                LightBounds(corners: a, b, c, radiance: radiance, isDoubleSided: material.isDoubleSided)
            )
        }
        return lights
    }

    /// The same of a mesh in a pose; of one that moves, what holds for all of its way, so that a flame that grows from
    /// nothing is among the lights as well.
    mutating func lights(of pose: DeformedMesh) throws(SceneBlobError) -> [LightBounds?] {
        var mesh = self.assets.meshes[pose.mesh]
        mesh.positions = pose.positions
        let opening = try self.lights(of: mesh, number: pose.mesh)
        guard !pose.closingPositions.isEmpty else { return opening }
        mesh.positions = pose.closingPositions
        let closing = try self.lights(of: mesh, number: pose.mesh)
        return zip(opening, closing).map { LightBounds(from: $0, to: $1) }
    }

    /// Red + green + blue of a texel.
    private mutating func brightness(_ image: Image, x: Int, y: Int) -> Float {
        let at = 4 * (y * image.width + x)
        switch image.texels {
        case .sRGB8(let bytes):
            guard at + 3 < bytes.count else { return 0 }
            if self.table.isEmpty { self.table = sRGBTable() }
            return (self.table[Int(bytes[at])] + self.table[Int(bytes[at + 1])]) + self.table[Int(bytes[at + 2])]
        case .linear8(let bytes):
            guard at + 3 < bytes.count else { return 0 }
            return ((Float(bytes[at]) + Float(bytes[at + 1])) + Float(bytes[at + 2])) * (1 / 255)
        case .linear16(let numbers):
            guard at + 3 < numbers.count else { return 0 }
            return ((Float(numbers[at]) + Float(numbers[at + 1])) + Float(numbers[at + 2])) * (1 / 65_535)
        case .linearFloat(let floats):
            guard at + 3 < floats.count else { return 0 }
            let value = (floats[at] + floats[at + 1]) + floats[at + 2]
            return value > 0 && value < 0x1p100 ? value : 0
        }
    }

    private mutating func mean(_ image: Image, number: Int) -> Float {
        if self.means[number] >= 0 { return self.means[number] }
        var sum = 0.0
        for y in 0 ..< image.height {
            for x in 0 ..< image.width { sum += Double(self.brightness(image, x: x, y: y)) }
        }
        let mean = Float(sum / (Double(image.width) * Double(image.height)))
        self.means[number] = mean
        return mean
    }
}

extension Mesh {
    fileprivate func corner(_ i: Int, ofMesh number: Int) throws(SceneBlobError) -> Vector3 {
        let vertex = Int(self.indices[i])
        guard vertex < self.positions.count / 3 else {
            throw SceneBlobError(
                .invalidValue,
                "mesh \(number) refers to vertex \(vertex), but it has \(self.positions.count / 3)"
            )
        }
        return Vector3(self.positions[3 * vertex], self.positions[3 * vertex + 1], self.positions[3 * vertex + 2])
    }
}
