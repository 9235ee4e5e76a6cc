/// ``LobePoint``s and what surrounds them, one a lane.
struct LobeSurfaceLanes: BitwiseCopyable {
    /// The dielectric's reflectance at normal incidence and at grazing angles.
    var reflectance: Vector3Lanes
    var grazing: FloatLanes
    var clearcoat: FloatLanes
    var clearcoatRoughness: FloatLanes
    /// The clear coat's normal in the shading frame, on the side of `wo` and visible from it.
    var clearcoatNormal: Vector3Lanes
    var sheenColor: Vector3Lanes
    var sheenRoughness: FloatLanes
    var iridescence: FloatLanes
    var filmIOR: FloatLanes
    var filmThickness: FloatLanes
    var anisotropy: FloatLanes
    /// The direction in which reflections are stretched, in the shading frame.
    var stretchX: FloatLanes
    var stretchY: FloatLanes
    var transmission: FloatLanes
    var isThin: MaskLanes
    var diffuseTransmission: FloatLanes
    var diffuseTransmissionColor: Vector3Lanes
}

extension LobeSurfaceLanes {
    /// The same point in all lanes.
    init(_ point: LobePoint, normal: Vector3, stretch: Vector3) {
        self.init(
            reflectance: Vector3Lanes(point.reflectance),
            grazing: FloatLanes(point.grazing),
            clearcoat: FloatLanes(point.clearcoat),
            clearcoatRoughness: FloatLanes(point.clearcoatRoughness),
            clearcoatNormal: Vector3Lanes(normal),
            sheenColor: Vector3Lanes(point.sheenColor),
            sheenRoughness: FloatLanes(point.sheenRoughness),
            iridescence: FloatLanes(point.iridescence),
            filmIOR: FloatLanes(point.filmIOR),
            filmThickness: FloatLanes(point.filmThickness),
            anisotropy: FloatLanes(point.anisotropy),
            stretchX: FloatLanes(stretch.x),
            stretchY: FloatLanes(stretch.y),
            transmission: FloatLanes(point.transmission),
            isThin: MaskLanes(point.isThin),
            diffuseTransmission: FloatLanes(point.diffuseTransmission),
            diffuseTransmissionColor: Vector3Lanes(point.diffuseTransmissionColor)
        )
    }
}

/// The further lobes of surfaces, lane by lane as they are found, then all at once.
struct LobeScratch {
    private enum Row {
        @inline(__always) static var reflectance: Int { 0 }
        @inline(__always) static var grazing: Int { 3 }
        @inline(__always) static var clearcoat: Int { 4 }
        @inline(__always) static var clearcoatRoughness: Int { 5 }
        @inline(__always) static var clearcoatNormal: Int { 6 }
        @inline(__always) static var sheenColor: Int { 9 }
        @inline(__always) static var sheenRoughness: Int { 12 }
        @inline(__always) static var iridescence: Int { 13 }
        @inline(__always) static var filmIOR: Int { 14 }
        @inline(__always) static var filmThickness: Int { 15 }
        @inline(__always) static var anisotropy: Int { 16 }
        @inline(__always) static var stretch: Int { 17 }
        @inline(__always) static var transmission: Int { 20 }
        @inline(__always) static var isThin: Int { 21 }
        @inline(__always) static var diffuseTransmission: Int { 22 }
        @inline(__always) static var diffuseTransmissionColor: Int { 23 }
        @inline(__always) static var extinction: Int { 26 }
        @inline(__always) static var albedo: Int { 29 }
        @inline(__always) static var turning: Int { 32 }
        @inline(__always) static var count: Int { 33 }
    }

    private let rows: LaneScratch

    init(memory: SceneMemory) {
        self.rows = LaneScratch(memory: memory, rows: Row.count)
    }

    /// Notes a point; normal and direction are in the world.
    func set(_ point: LobePoint, clearcoatNormal: Vector3, stretch: Vector3, lane: Int) {
        self.rows.set(Row.reflectance, lane, point.reflectance)
        self.rows.set(Row.grazing, lane, point.grazing)
        self.rows.set(Row.clearcoat, lane, point.clearcoat)
        self.rows.set(Row.clearcoatRoughness, lane, point.clearcoatRoughness)
        self.rows.set(Row.clearcoatNormal, lane, clearcoatNormal)
        self.rows.set(Row.sheenColor, lane, point.sheenColor)
        self.rows.set(Row.sheenRoughness, lane, point.sheenRoughness)
        self.rows.set(Row.iridescence, lane, point.iridescence)
        self.rows.set(Row.filmIOR, lane, point.filmIOR)
        self.rows.set(Row.filmThickness, lane, point.filmThickness)
        self.rows.set(Row.anisotropy, lane, point.anisotropy)
        self.rows.set(Row.stretch, lane, stretch)
        self.rows.set(Row.transmission, lane, point.transmission)
        self.rows.set(Row.isThin, lane, point.isThin ? UInt32.max : 0)
        self.rows.set(Row.diffuseTransmission, lane, point.diffuseTransmission)
        self.rows.set(Row.diffuseTransmissionColor, lane, point.diffuseTransmissionColor)
    }

    /// Notes the medium behind a point.
    func set(medium lobes: UnsafePointer<LobeData>, lane: Int) {
        self.rows.set(Row.extinction, lane, lobes.pointee.extinction)
        self.rows.set(Row.albedo, lane, lobes.pointee.scatteringAlbedo)
        self.rows.set(Row.turning, lane, lobes.pointee.scatteringAnisotropy)
    }

    /// The media of the lanes that scatter; others get one that does no harm.
    @inline(__always) func media(_ lanes: MaskLanes) -> ScatteringLanes {
        ScatteringLanes(
            extinction: select(lanes, self.rows.vectors(Row.extinction), Vector3Lanes(1)),
            albedo: select(lanes, self.rows.vectors(Row.albedo), .zero),
            anisotropy: select(lanes, self.rows.floats(Row.turning), 0)
        )
    }

    /// How much goes through the surfaces that have such lobes.
    var transmission: FloatLanes { self.rows.floats(Row.transmission) }

    /// All lanes; those without such lobes get what was there.
    @inline(__always) func lanes(of surface: borrowing SurfaceLanes, wo: Vector3Lanes) -> LobeSurfaceLanes {
        let up = Vector3Lanes(0, 0, 1)
        var normal = surface.frame.toLocal(self.rows.vectors(Row.clearcoatNormal))
        normal = select(normal.z .< 0, -normal, normal)
        // As shading normals are: bent back until they just see the eye.
        let cosine = dot(normal, wo)
        normal = select(cosine .< 0x1p-10, normal + wo * (0x1p-9 - cosine), normal).normalized(or: up)
        let stretch = surface.frame.toLocal(self.rows.vectors(Row.stretch))
        let flat = Vector3Lanes(stretch.x, stretch.y, 0).normalized(or: Vector3Lanes(1, 0, 0))
        return LobeSurfaceLanes(
            reflectance: self.rows.vectors(Row.reflectance),
            grazing: self.rows.floats(Row.grazing),
            clearcoat: self.rows.floats(Row.clearcoat),
            clearcoatRoughness: self.rows.floats(Row.clearcoatRoughness),
            clearcoatNormal: normal,
            sheenColor: self.rows.vectors(Row.sheenColor),
            sheenRoughness: self.rows.floats(Row.sheenRoughness),
            iridescence: self.rows.floats(Row.iridescence),
            filmIOR: self.rows.floats(Row.filmIOR),
            filmThickness: self.rows.floats(Row.filmThickness),
            anisotropy: self.rows.floats(Row.anisotropy),
            stretchX: flat.x,
            stretchY: flat.y,
            transmission: self.rows.floats(Row.transmission),
            isThin: self.rows.words(Row.isThin) .!= 0,
            diffuseTransmission: self.rows.floats(Row.diffuseTransmission),
            diffuseTransmissionColor: self.rows.vectors(Row.diffuseTransmissionColor)
        )
    }
}
