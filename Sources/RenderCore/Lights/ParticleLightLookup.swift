/// The directions under which a place sees a ball, all of them drawn equally often.
///
/// After P. Shirley, C. Wang and K. Zimmerman, "Monte Carlo Techniques for Direct Lighting Calculations", 1996, section 3.2.
/// A particle's own space may be stretched on its way to the world, where the ball is an ellipsoid: what is one solid angle
/// there is another here by a factor that each direction knows.
enum BallCone {
    /// Places that see more than this squared sine of half of the cone are in the ball, or as good as.
    @inline(__always) static var sineSquaredMax: Float { 0x1.ffep-1 }
    /// One less the cosine of half of the cone for them: all directions.
    @inline(__always) static var all: Float { 2 }

    /// The density per solid angle in the world of the direction from a place to a ball in an object's space.
    ///
    /// Zero where light samples do not go: inside of what shines outwards only.
    @inline(__always) static func density(
        of direction: Vector3,
        from place: Vector3,
        center: Vector3,
        radius: Float,
        isDoubleSided: Bool,
        _ toObject: Affine,
        determinant: Float
    ) -> Float {
        let sine = (radius * radius) / (center - place).lengthSquared
        let isOutside = sine < Self.sineSquaredMax
        guard isOutside || isDoubleSided else { return 0 }
        let height = isOutside ? sine / (1 + (1 - sine).squareRoot()) : Self.all
        let local = toObject.vector(direction).lengthSquared.squareRoot()
        let density = Pi.inverseOfTwo / ((height * determinant) * ((local * local) * local))
        return density > 0 && density < .infinity ? density : 0
    }
}

/// Draws points of emitting particles for light samples.
struct ParticleLightLookup {
    /// The rows of ``scratch``.
    private enum Row {
        @inline(__always) static var place: Int { 0 }
        @inline(__always) static var center: Int { 3 }
        @inline(__always) static var radius: Int { 6 }
        @inline(__always) static var toWorld: Int { 7 }
        @inline(__always) static var determinant: Int { 16 }
        @inline(__always) static var radiance: Int { 17 }
        @inline(__always) static var space: Int { 20 }
        @inline(__always) static var number: Int { 21 }
        @inline(__always) static var count: Int { 22 }
    }

    private let view: UnsafePointer<SceneView>
    private let scratch: LaneScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
    }

    /// Notes the particle that a lane has drawn, as seen from a place.
    ///
    /// - Returns: whether it can shine there.
    func note(_ lane: Int, instance: UInt32, particle: UInt32, from place: Vector3, at time: Float) -> Bool {
        let data = self.view.pointee.instances + Int(instance)
        guard let space = data.pointee.space(at: time) else { return false }
        let set = self.view.pointee.particles + data.pointee.mesh
        let material = self.view.pointee.materials + set.pointee.material
        let (center, radius) = set.pointee.sphere(Int(particle), at: time)
        let local = space.toObject.point(place)
        let sine = (radius * radius) / (center - local).lengthSquared
        guard sine < BallCone.sineSquaredMax || material.pointee.isDoubleSided else { return false }
        self.scratch.set(Row.place, lane, local)
        self.scratch.set(Row.center, lane, center)
        self.scratch.set(Row.radius, lane, radius)
        self.scratch.set(Row.toWorld, lane, space.toWorld.x)
        self.scratch.set(Row.toWorld + 3, lane, space.toWorld.y)
        self.scratch.set(Row.toWorld + 6, lane, space.toWorld.z)
        self.scratch.set(Row.determinant, lane, space.determinant)
        let color = set.pointee.color(Int(particle), self.view.pointee.sRGB)
        self.scratch.set(Row.radiance, lane, material.pointee.emission * color)
        self.scratch.set(Row.space, lane, instance)
        self.scratch.set(Row.number, lane, particle)
        return true
    }

    /// The samples with directions to the particles of `lanes`, drawn by two numbers.
    ///
    /// Not changed in place: whoever lends them would have to keep them in memory, also where there are no particles.
    @inline(never) func added(
        _ lanes: MaskLanes,
        _ u: (UIntLanes, UIntLanes),
        to samples: borrowing LightSampleLanes
    ) -> LightSampleLanes {
        var result = copy samples
        let toCenter = self.scratch.vectors(Row.center) - self.scratch.vectors(Row.place)
        let radius = self.scratch.floats(Row.radius)
        let distanceSquared = toCenter.lengthSquared
        let sine = (radius * radius) / distanceSquared
        let isOutside = sine .< FloatLanes(BallCone.sineSquaredMax)
        // One less the cosine, without cancellation where the ball is small or far away.
        let height = select(isOutside, sine / (1 + larger(0, 1 - sine).squareRoot()), FloatLanes(BallCone.all))
        let (x, y) = diskPoint(unitFloat(u.0), unitFloat(u.1))
        let below = (x * x + y * y) * height
        let scale = (height * larger(0, 2 - below)).squareRoot()
        let frame = ShadingFrameLanes(normal: toCenter.normalized(or: Vector3Lanes(0, 0, 1)))
        let local = frame.toWorld(Vector3Lanes(x * scale, y * scale, 1 - below))
        // Where the direction enters the ball, or leaves it for places in it.
        let middle = distanceSquared.squareRoot() * (1 - below)
        let depth = 1 - below * (2 - below) / sine
        let root = radius * larger(0, depth).squareRoot()
        let entry = middle - root
        let along = select(entry .> 0, entry, select(isOutside, 0, middle + root))
        let toWorld = MatrixLanes(
            x: self.scratch.vectors(Row.toWorld),
            y: self.scratch.vectors(Row.toWorld + 3),
            z: self.scratch.vectors(Row.toWorld + 6)
        )
        let direction = toWorld.applied(local)
        let length = direction.lengthSquared.squareRoot()
        let density =
            result.density * FloatLanes(Pi.inverseOfTwo) * ((length * length) * length)
            / (height * self.scratch.floats(Row.determinant))
        let isIn = isOutside .| ((depth .>= 0) .& (along .> 0))
        let found = lanes .& isIn .& (length .> 0) .& (density .> 0) .& (density .< FloatLanes(.infinity))
        result.wi = select(lanes, direction * (1 / length), result.wi)
        // A little short, for what lies behind the surface of one particle may be the next one.
        result.distance = select(lanes, along * length * 0x1.ffep-1, result.distance)
        result.radiance = select(lanes, self.scratch.vectors(Row.radiance), result.radiance)
        result.density = select(lanes, density, result.density)
        result.place = PlaceLanes(
            space: select(lanes, self.scratch.words(Row.space), result.place.space),
            number: select(lanes, self.scratch.words(Row.number), result.place.number)
        )
        result.isFound = result.isFound .| found
        return result
    }

    /// The density per solid angle with which a receiver's light samples go along a direction that has met a particle.
    @inline(never) func density(
        _ receiver: LightReceiver,
        _ direction: Vector3,
        instance: UInt32,
        particle: UInt32,
        at time: Float
    ) -> Float {
        let data = self.view.pointee.instances + Int(instance)
        guard let space = data.pointee.space(at: time) else { return 0 }
        let set = self.view.pointee.particles + data.pointee.mesh
        let (center, radius) = set.pointee.sphere(Int(particle), at: time)
        let cone = BallCone.density(
            of: direction,
            from: space.toObject.point(receiver.point),
            center: center,
            radius: radius,
            isDoubleSided: self.view.pointee.materials[set.pointee.material].isDoubleSided,
            space.toObject,
            determinant: space.determinant
        )
        guard cone > 0 else { return 0 }
        return cone * particleProbability(self.view, receiver, data, Int(particle))
    }
}

/// An object's space and the world, at one time.
struct ObjectSpace {
    let toWorld: Affine
    let toObject: Affine
    /// By how much volumes are larger in the world.
    let determinant: Float
}

extension InstanceData {
    /// The space of a placed instance at a time; nothing where it has no extent along some direction then.
    @inline(__always) func space(at time: Float) -> ObjectSpace? {
        let toWorld = self.transform(at: time)
        guard self.isVisible, let toObject = self.closing == nil ? self.inverse : toWorld.inverse else { return nil }
        let determinant = dot(toWorld.x, cross(toWorld.y, toWorld.z)).magnitude
        return ObjectSpace(toWorld: toWorld, toObject: toObject, determinant: determinant)
    }
}
