/// Paths on their way: each number of a group of neighbours is a row of lanes, the rows of a group follow each other.
///
/// One array for each number would put the numbers of a path 16 kB apart, all into one set of the first-level cache.
struct PathStates {
    private enum Row {
        @inline(__always) static var origin: Int { 0 }
        @inline(__always) static var direction: Int { 3 }
        @inline(__always) static var beta: Int { 6 }
        @inline(__always) static var light: Int { 9 }
        @inline(__always) static var receiver: Int { 12 }
        @inline(__always) static var receiverNormal: Int { 15 }
        @inline(__always) static var density: Int { 18 }
        @inline(__always) static var etaScale: Int { 19 }
        @inline(__always) static var skippedSpace: Int { 20 }
        @inline(__always) static var skippedNumber: Int { 21 }
        @inline(__always) static var sampleIndex: Int { 22 }
        @inline(__always) static var sampleSeed: Int { 23 }
        @inline(__always) static var number: Int { 24 }
        @inline(__always) static var time: Int { 25 }
        @inline(__always) static var coneWidth: Int { 26 }
        /// All rows but the optional ones, which come last.
        @inline(__always) static var count: Int { 26 }
        /// The rows that only scenes with textures have, above all that come before.
        @inline(__always) static var coneCount: Int { 2 }
        /// The rows that only scenes with solids have, from their own first one on.
        @inline(__always) static var solidCount: Int { 8 }
    }

    private let words: UnsafeMutablePointer<UInt32>
    private let hasImages: Bool
    private let hasSolids: Bool
    private let rowCount: Int
    /// The first of the rows that only scenes with solids have.
    private let solidRow: Int

    /// Makes room for `capacity` paths, a multiple of 16, through a scene.
    init(memory: SceneMemory, capacity: Int, view: UnsafePointer<SceneView>) {
        self.hasImages = view.pointee.hasImages
        self.hasSolids = view.pointee.hasSolids
        self.solidRow = Row.count &+ (self.hasImages ? Row.coneCount : 0)
        self.rowCount = self.solidRow &+ (self.hasSolids ? Row.solidCount : 0)
        self.words = memory.allocate(UInt32.self, count: self.rowCount * capacity)
        // Lanes without a path are computed along and must hold numbers.
        self.words.initialize(repeating: 0, count: self.rowCount * capacity)
    }

    /// Writes what a path begins with.
    @inline(__always) func begin(_ path: Int, number: UInt32, _ sampler: PathSampler, x: Float, y: Float) {
        self.words[self.place(Row.number, path)] = number
        self.words[self.place(Row.sampleIndex, path)] = sampler.reversedIndex
        self.words[self.place(Row.sampleSeed, path)] = sampler.seed
        self.words[self.place(Row.origin, path)] = x.bitPattern
        self.words[self.place(Row.origin &+ 1, path)] = y.bitPattern
    }

    /// Where a number of a path is; the division is a shift.
    @inline(__always) private func place(_ row: Int, _ path: Int) -> Int {
        let count = UInt(bitPattern: laneCount)
        let group = Int(bitPattern: UInt(bitPattern: path) / count)
        let lane = Int(bitPattern: UInt(bitPattern: path) % count)
        return (group &* self.rowCount &+ row) &* laneCount &+ lane
    }

    /// The paths from `path` on, one a lane; `path` is a multiple of ``laneCount``.
    @inline(__always) func load(_ path: Int) -> PathGroup {
        var cone = RayCone(width: 0, spread: 0)
        if self.hasImages {
            cone = RayCone(width: self.floats(Row.coneWidth, path), spread: self.floats(Row.coneWidth &+ 1, path))
        }
        var (medium, outerMedium) = (Vector3Lanes.zero, Vector3Lanes.zero)
        var (index, outerIndex): (FloatLanes, FloatLanes) = (1, 1)
        if self.hasSolids {
            medium = self.vectors(self.solidRow, path)
            index = self.floats(self.solidRow &+ 3, path)
            outerMedium = self.vectors(self.solidRow &+ 4, path)
            outerIndex = self.floats(self.solidRow &+ 7, path)
        }
        return PathGroup(
            origin: self.vectors(Row.origin, path),
            direction: self.vectors(Row.direction, path),
            beta: self.vectors(Row.beta, path),
            light: self.vectors(Row.light, path),
            receiver: LightReceiverLanes(
                point: self.vectors(Row.receiver, path),
                normal: self.vectors(Row.receiverNormal, path)
            ),
            density: self.floats(Row.density, path),
            etaScale: self.floats(Row.etaScale, path),
            skipped: PlaceLanes(
                space: self.integers(Row.skippedSpace, path),
                number: self.integers(Row.skippedNumber, path)
            ),
            sampler: PathSamplerLanes(
                reversedIndex: self.integers(Row.sampleIndex, path),
                seed: self.integers(Row.sampleSeed, path)
            ),
            number: self.integers(Row.number, path),
            time: self.floats(Row.time, path),
            cone: cone,
            medium: medium,
            index: index,
            outerMedium: outerMedium,
            outerIndex: outerIndex
        )
    }

    /// Writes what never changes on the way.
    @inline(__always) func begin(_ path: Int, time: FloatLanes) { self.store(time, Row.time, path) }

    /// Writes back what changes on the way.
    @inline(__always) func store(_ group: borrowing PathGroup, _ path: Int) {
        self.store(group.origin, Row.origin, path)
        self.store(group.direction, Row.direction, path)
        self.store(group.beta, Row.beta, path)
        self.store(group.light, Row.light, path)
        self.store(group.receiver.point, Row.receiver, path)
        self.store(group.receiver.normal, Row.receiverNormal, path)
        self.store(group.density, Row.density, path)
        self.store(group.etaScale, Row.etaScale, path)
        if self.hasImages {
            self.store(group.cone.width, Row.coneWidth, path)
            self.store(group.cone.spread, Row.coneWidth &+ 1, path)
        }
        if self.hasSolids {
            self.store(group.medium, self.solidRow, path)
            self.store(group.index, self.solidRow &+ 3, path)
            self.store(group.outerMedium, self.solidRow &+ 4, path)
            self.store(group.outerIndex, self.solidRow &+ 7, path)
        }
        group.skipped.space.store(to: self.words + self.place(Row.skippedSpace, path))
        group.skipped.number.store(to: self.words + self.place(Row.skippedNumber, path))
    }

    /// Closes the gaps that dead paths leave with paths from the end: as much work as there are gaps.
    ///
    /// The order of paths means nothing: what a path finds goes to its number.
    ///
    /// - Parameter dead: Their places, ascending.
    /// - Returns: the number of paths left.
    func compact(_ count: Int, dead: UnsafePointer<UInt32>, deadCount: Int) -> Int {
        let left = count &- deadCount
        var last = count &- 1
        var lastDead = deadCount &- 1
        var i = 0
        while i < deadCount {
            let hole = Int(dead[i])
            if hole >= left { break }
            while lastDead >= 0, Int(dead[lastDead]) == last {
                last &-= 1
                lastDead &-= 1
            }
            let to = self.words + self.place(0, hole)
            let from = self.words + self.place(0, last)
            for row in 0 ..< self.rowCount { to[row &* laneCount] = from[row &* laneCount] }
            last &-= 1
            i &+= 1
        }
        return left
    }

    @inline(__always) private func floats(_ row: Int, _ path: Int) -> FloatLanes {
        FloatLanes(at: self.words + self.place(row, path))
    }

    @inline(__always) private func integers(_ row: Int, _ path: Int) -> UIntLanes {
        UIntLanes(at: self.words + self.place(row, path))
    }

    @inline(__always) private func vectors(_ row: Int, _ path: Int) -> Vector3Lanes {
        Vector3Lanes(self.floats(row, path), self.floats(row &+ 1, path), self.floats(row &+ 2, path))
    }

    @inline(__always) private func store(_ x: FloatLanes, _ row: Int, _ path: Int) {
        x.store(to: self.words + self.place(row, path))
    }

    @inline(__always) private func store(_ v: Vector3Lanes, _ row: Int, _ path: Int) {
        self.store(v.x, row, path)
        self.store(v.y, row &+ 1, path)
        self.store(v.z, row &+ 2, path)
    }
}

/// Paths that go through the same instructions together.
struct PathGroup {
    /// The ray to trace next; at the beginning x and y of the origin are the pixel.
    var origin: Vector3Lanes
    var direction: Vector3Lanes
    /// What the light that is still to be found is multiplied by.
    var beta: Vector3Lanes
    /// The light found so far.
    var light: Vector3Lanes
    /// The surface that scattered the ray.
    var receiver: LightReceiverLanes
    /// The density with which the ray's direction was drawn; zero where light samples could not have found it.
    var density: FloatLanes
    /// The squares of the indices of refraction that the path has passed: they return what radiance lost.
    var etaScale: FloatLanes
    /// The primitive that the ray leaves.
    var skipped: PlaceLanes
    let sampler: PathSamplerLanes
    /// Where the path's light goes.
    let number: UIntLanes
    /// When the path is traced, 0..<1 within the shutter's opening.
    var time: FloatLanes
    /// What the path sees at once.
    var cone: RayCone
    /// The coefficients of absorption of what the path has entered and not left, per metre.
    var medium: Vector3Lanes
    /// Its index of refraction.
    var index: FloatLanes
    /// The coefficients of absorption of what lies around that, as far as the path knows.
    var outerMedium: Vector3Lanes
    /// Its index of refraction.
    var outerIndex: FloatLanes

    /// Takes what changes on the way from another group of the same paths.
    func replaced(by other: borrowing PathGroup, where lanes: MaskLanes) -> PathGroup {
        var group = copy self
        group.origin = select(lanes, other.origin, self.origin)
        group.direction = select(lanes, other.direction, self.direction)
        group.beta = select(lanes, other.beta, self.beta)
        group.light = select(lanes, other.light, self.light)
        group.receiver.point = select(lanes, other.receiver.point, self.receiver.point)
        group.receiver.normal = select(lanes, other.receiver.normal, self.receiver.normal)
        group.density = select(lanes, other.density, self.density)
        group.etaScale = select(lanes, other.etaScale, self.etaScale)
        group.skipped.space = select(lanes, other.skipped.space, self.skipped.space)
        group.skipped.number = select(lanes, other.skipped.number, self.skipped.number)
        group.cone.width = select(lanes, other.cone.width, self.cone.width)
        group.cone.spread = select(lanes, other.cone.spread, self.cone.spread)
        group.medium = select(lanes, other.medium, self.medium)
        group.index = select(lanes, other.index, self.index)
        group.outerMedium = select(lanes, other.outerMedium, self.outerMedium)
        group.outerIndex = select(lanes, other.outerIndex, self.outerIndex)
        return group
    }
}

/// The cones of directions that paths stand for, which choose the sizes of textures.
///
/// After T. Akenine-Möller et al., JCGT 10(1), 2021, but curvature does not widen them: what curved
/// surfaces reflect stays as sharp as what flat ones do.
struct RayCone: BitwiseCopyable {
    /// In metres where the ray begins.
    var width: FloatLanes
    /// How much wider it gets a metre.
    var spread: FloatLanes

    /// The width after a distance.
    @inline(__always) func width(after distance: FloatLanes) -> FloatLanes {
        self.width + self.spread * distance
    }

    /// The cone after scattering with a density per solid angle, zero for mirrors, which change nothing.
    ///
    /// What a sample of a lobe stands for is as wide as the lobe over the number of samples; an eighth is a guess on the
    /// sharp side.
    @inline(__always) func scattered(after distance: FloatLanes, density: FloatLanes) -> RayCone {
        let isSpread = density .> 0
        let lobe = 0.125 / select(isSpread, density, 1).squareRoot()
        return RayCone(
            width: self.width(after: distance),
            spread: select(isSpread, larger(self.spread, smaller(lobe, 1)), self.spread)
        )
    }
}
