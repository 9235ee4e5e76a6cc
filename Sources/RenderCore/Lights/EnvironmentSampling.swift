/// The radiance from a direction of unit length.
@inline(never) func environmentRadiance(_ view: UnsafePointer<SceneView>, _ direction: Vector3) -> Vector3 {
    let e = view.pointee.environment
    guard let texels = e.texels else { return e.radiance }
    let (u, v) = coordinates(e, direction)
    let s = u * Float(e.width) - 0.5
    let t = clamped(v * Float(e.height) - 0.5, 0, Float(e.height &- 1))
    let x = floorToInt(s)
    let y = floorToInt(t)
    let fx = clamped(s - Float(x), 0, 1)
    let fy = clamped(t - Float(y), 0, 1)
    let x0 = TextureReference.Wrap.repeat.wrapped(x, count: e.width)
    let x1 = TextureReference.Wrap.repeat.wrapped(x &+ 1, count: e.width)
    let row0 = y &* e.width
    let row1 = (y &+ 1 < e.height ? y &+ 1 : y) &* e.width
    let above = mix(loadVector(texels, row0 &+ x0), loadVector(texels, row0 &+ x1), fx)
    let below = mix(loadVector(texels, row1 &+ x0), loadVector(texels, row1 &+ x1), fx)
    return mix(above, below, fy) * e.intensity
}

/// The density per solid angle with which a receiver's light sample has a direction out of the scene.
@inline(never) func environmentDensity(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ direction: Vector3
) -> Float {
    let e = view.pointee.environment
    guard let rows = e.rowStarts, let columns = e.columnStarts else { return 0 }
    let (u, v) = coordinates(e, direction)
    let x = index(u * Float(e.width), last: e.width &- 1)
    let y = index(v * Float(e.height), last: e.height &- 1)
    let sine = (direction.x * direction.x + direction.z * direction.z).squareRoot()
    return density(e, rows, columns, x, y, sine) * LightKinds.at(receiver, view).environment
}

/// Draws a direction in proportion to the light from it.
func sampleEnvironment(
    _ view: UnsafePointer<SceneView>,
    _ u: (UInt32, UInt32),
    probability: Float
) -> LightSample? {
    let e = view.pointee.environment
    guard let rows = e.rowStarts, let allColumns = e.columnStarts else { return nil }
    let y = DiscreteDistribution.pick(u.0, rows, count: e.height)
    let columns = allColumns + y &* e.width
    let x = DiscreteDistribution.pick(u.1, columns, count: e.width)
    let fx = rest(u.1, columns, x, e.width)
    let fy = rest(u.0, rows, y, e.height)
    let (sine, cosine) = sinCos(turns: (Float(y) + fy) / Float(2 &* e.height))
    let (s, c) = sinCos(turns: (Float(x) + fx) / Float(e.width) - 0.5)
    let p = density(e, rows, allColumns, x, y, sine) * probability
    guard p > 0 else { return nil }
    let mx = sine * s
    let mz = -sine * c
    let wi = Vector3(mx * e.cosine + mz * e.sine, cosine, mz * e.cosine - mx * e.sine)
    return LightSample(
        wi: wi,
        distance: .greatestFiniteMagnitude,
        radiance: environmentRadiance(view, wi),
        density: p,
        isPunctual: false,
        triangle: .max
    )
}

/// The position in the map, each 0...1.
@inline(__always) private func coordinates(_ e: EnvironmentData, _ d: Vector3) -> (Float, Float) {
    let x = d.x * e.cosine - d.z * e.sine
    let z = d.x * e.sine + d.z * e.cosine
    return (
        clamped(0.5 + arcTangent(y: x, x: -z) * Pi.inverseOfTwo, 0, 1),
        clamped(arcCosine(d.y) * Pi.inverse, 0, 1)
    )
}

/// The density per solid angle within the map.
@inline(__always) private func density(
    _ e: EnvironmentData,
    _ rows: UnsafePointer<UInt32>,
    _ columns: UnsafePointer<UInt32>,
    _ x: Int,
    _ y: Int,
    _ sine: Float
) -> Float {
    guard sine > 0x1p-20 else { return 0 }
    let row = Float(DiscreteDistribution.width(y, rows, count: e.height)) * 0x1p-32
    let column = Float(DiscreteDistribution.width(x, columns + y &* e.width, count: e.width)) * 0x1p-32
    // 1 / (2 pi^2)
    return (row * Float(e.height)) * (column * Float(e.width)) * (0x1.9f02f6p-5 / sine)
}

/// Where within its entry a number lies, 0..<1.
@inline(__always) private func rest(_ u: UInt32, _ starts: UnsafePointer<UInt32>, _ i: Int, _ count: Int) -> Float {
    let width = DiscreteDistribution.width(i, starts, count: count)
    guard width > 0 else { return 0.5 }
    return smaller(Float(u &- starts[i]) / Float(width), 0x1.fffffep-1)
}
