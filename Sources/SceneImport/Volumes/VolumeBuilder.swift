import RenderCore

/// Turns `TESSERA_volume` into the renderer's volumes.
struct VolumeBuilder {
    /// The colours of a glow by temperature.
    private static let rampCount = 64
    /// The points that the renderer takes along an axis.
    private static let edges = 2 ... 2_048

    private let accessors: AccessorReader
    private var resources: ResourceLoader
    private let limits: ImportLimits
    private var voxelsLeft: Int

    init(accessors: AccessorReader, resources: ResourceLoader, limits: ImportLimits) {
        self.accessors = accessors
        self.resources = resources
        self.limits = limits
        self.voxelsLeft = limits.maxVoxels
    }

    mutating func build(_ sources: [GLTF.FilledBox]) throws(ImportError) -> [Volume] {
        var volumes: [Volume] = []
        for (i, source) in sources.enumerated() {
            do throws(ImportError) {
                volumes.append(try self.volume(source))
            } catch {
                throw error.located(at: "volume \(i) of TESSERA_volume")
            }
        }
        return volumes
    }

    private mutating func volume(_ source: GLTF.FilledBox) throws(ImportError) -> Volume {
        var volume: Volume
        switch (source.box, source.file) {
        case (let box?, nil): volume = try self.volume(box)
        case (nil, let file?): volume = try self.volume(file)
        default: throw ImportError(.malformed, "it needs either a box or a file")
        }
        let factor = try Numbers.within(0 ... 1e6, source.density, default: 1, "its density")
        if factor != 1 { for i in volume.densities.indices { volume.densities[i] *= factor } }
        guard volume.densities.allSatisfy({ $0 <= 1e6 }) else {
            throw ImportError(.malformed, "one of its densities is above a million")
        }
        volume.absorption = try Self.color(source.absorption, "its absorption")
        volume.scattering = try Self.color(source.scattering, "its scattering")
        volume.anisotropy = try Numbers.within(-0.95 ... 0.95, source.anisotropy, default: 0, "its anisotropy")
        volume.isEnclosed = source.enclosed ?? false
        if let blackbody = source.blackbody {
            guard source.emission == nil, blackbody.kelvin.count == 2, blackbody.kelvin[0] <= blackbody.kelvin[1],
                blackbody.kelvin[0] >= 0, blackbody.kelvin[1] <= 100_000
            else {
                throw ImportError(
                    .malformed,
                    "its blackbody needs two kelvins of 0 to 100,000, and no other emission beside it"
                )
            }
            volume.emission = Blackbody.ramp(
                kelvin: blackbody.kelvin[0] ... blackbody.kelvin[1],
                strength: Double(try Numbers.within(0 ... 1e9, blackbody.strength, default: 1, "its strength")),
                count: Self.rampCount
            )
        } else if let emission = source.emission {
            guard emission.count <= 256 else {
                throw ImportError(.malformed, "it glows in \(emission.count) colours, up to 256 are read")
            }
            for color in emission { volume.emission.append(try Self.color(color, "a colour of its emission")) }
        }
        return volume
    }

    // MARK: Boxes

    private mutating func volume(_ box: GLTF.FilledBox.BoxGrid) throws(ImportError) -> Volume {
        let low = try Numbers.vector(box.low, count: 3, default: [], "its lower corner")
        let high = try Numbers.vector(box.high, count: 3, default: [], "its upper corner")
        guard zip(low, high).allSatisfy({ Float($0) < Float($1) && $0 > -1e9 && $1 < 1e9 }) else {
            throw ImportError(.malformed, "its box is empty or larger than a world may be")
        }
        let size = box.size ?? [2, 2, 2]
        guard size.count == 3, size.allSatisfy({ Self.edges.contains($0) }) else {
            throw ImportError(.malformed, "its size has to be three numbers of 2 to 2048")
        }
        let count = size[0] * size[1] * size[2]
        try self.take(count)
        guard box.densities != nil || box.size == nil else {
            throw ImportError(.malformed, "it has a size, but no densities")
        }
        let densities = try box.densities.map { view throws(ImportError) in
            try self.numbers(view, count, box.componentType ?? 5_126, 0 ... 1e6, "densities")
        }
        let temperatures = try box.temperatures.map { view throws(ImportError) in
            try self.numbers(view, count, box.componentType ?? 5_126, 0 ... 1, "temperatures")
        }
        return Volume(
            width: size[0],
            height: size[1],
            depth: size[2],
            low: SIMD3(Float(low[0]), Float(low[1]), Float(low[2])),
            high: SIMD3(Float(high[0]), Float(high[1]), Float(high[2])),
            densities: densities ?? [Float](repeating: 1, count: count),
            temperatures: temperatures ?? []
        )
    }

    private mutating func take(_ count: Int) throws(ImportError) {
        guard count <= self.voxelsLeft else {
            throw ImportError(
                .tooLarge,
                "volumes have more than \(self.limits.maxVoxels) points together",
                limit: .voxels
            )
        }
        self.voxelsLeft -= count
    }

    private func numbers(
        _ view: Int,
        _ count: Int,
        _ type: Int,
        _ range: ClosedRange<Float>,
        _ what: String
    ) throws(ImportError) -> [Float] {
        guard let width = [5_121: 1, 5_123: 2, 5_126: 4][type] else {
            throw ImportError(.malformed, "its component type is \(type); there are 5121, 5123 and 5126")
        }
        let bytes = try self.accessors.views.bytes(view)
        guard bytes.count >= count * width else {
            throw ImportError(.malformed, "\(count) \(what) do not fit into the \(bytes.count) bytes of their view")
        }
        let values = bytes.withUnsafeBytes { bytes in
            (0 ..< count).map { i -> Float in
                switch type {
                case 5_121: Float(bytes[i]) / 255
                case 5_123:
                    Float(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))) / 65_535
                default:
                    Float(
                        bitPattern: UInt32(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
                        )
                    )
                }
            }
        }
        guard values.allSatisfy({ range.contains($0) }) else {
            throw ImportError(
                .malformed,
                "one of its \(what) is not in \(range.lowerBound)...\(range.upperBound)"
            )
        }
        return values
    }

    // MARK: Files

    private mutating func volume(_ source: GLTF.FilledBox.FileGrid) throws(ImportError) -> Volume {
        do throws(ImportError) {
            let bytes = try self.resources.load(source.uri)
            let isOpenVDB = OpenVDBConverter.isOpenVDB(bytes)
            let file = try NanoVDBFile(isOpenVDB ? try OpenVDBConverter.nanoVDB(bytes) : bytes)
            let density = try file.grid(source.density ?? "density", limits: self.limits)
            let temperature = try source.temperature.map { name throws(ImportError) in
                try file.grid(name, limits: self.limits)
            }
            var range = density.range
            if let temperature {
                guard temperature.voxelSize == density.voxelSize, temperature.origin == density.origin else {
                    throw ImportError(.unsupported, "its density and its temperature have voxels of different places")
                }
                range = range.union(temperature.range)
            }
            // A voxel of nothing all around, so that what is interpolated ends gently.
            range.low = range.low &- SIMD3(1, 1, 1)
            range.high = range.high &+ SIMD3(1, 1, 1)
            let count = range.count
            guard Self.edges.contains(count.x), Self.edges.contains(count.y), Self.edges.contains(count.z) else {
                throw ImportError(
                    .tooLarge,
                    "it has \(count.x) x \(count.y) x \(count.z) voxels; up to 2046 along an axis are read"
                )
            }
            try self.take(count.x * count.y * count.z)
            var densities = try density.values(in: range)
            for i in densities.indices {
                guard densities[i].isFinite else { throw ImportError(.malformed, "one of its densities is no number") }
                densities[i] = max(densities[i], 0)
            }
            let low = density.origin + density.voxelSize * SIMD3<Double>(range.low)
            let high = density.origin + density.voxelSize * SIMD3<Double>(range.high)
            var volume = Volume(
                width: count.x,
                height: count.y,
                depth: count.z,
                low: SIMD3<Float>(low),
                high: SIMD3<Float>(high),
                densities: densities
            )
            guard low.min() > -1e9, high.max() < 1e9, (volume.high - volume.low).min() > 0 else {
                throw ImportError(.malformed, "it lies further away than a world reaches")
            }
            if let temperature {
                let ends = try Numbers.vector(source.temperatureRange, count: 2, default: [0, 1], "temperatureRange")
                guard ends[0] < ends[1] else {
                    throw ImportError(
                        .malformed,
                        "its temperatureRange has to be two numbers, the second above the first"
                    )
                }
                volume.temperatures = try temperature.values(in: range)
                for i in volume.temperatures.indices {
                    let t = (Double(volume.temperatures[i]) - ends[0]) / (ends[1] - ends[0])
                    volume.temperatures[i] = Numbers.unit(t)
                }
            }
            return volume
        } catch {
            throw error.located(at: ResourceLoader.shortened(source.uri))
        }
    }

    // MARK: Numbers

    private static func color(_ values: [Double]?, _ what: String) throws(ImportError) -> SIMD3<Float> {
        let values = try Numbers.vector(values, count: 3, default: [0, 0, 0], what)
        guard values.allSatisfy({ 0 ... 1e6 ~= $0 }) else {
            throw ImportError(.malformed, "\(what) has a number that is not in 0...1000000")
        }
        return SIMD3(Float(values[0]), Float(values[1]), Float(values[2]))
    }
}
