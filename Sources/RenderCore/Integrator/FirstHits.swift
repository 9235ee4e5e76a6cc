/// What paths saw first, by their numbers.
struct FirstHits {
    private enum Row {
        @inline(__always) static var albedo: Int { 0 }
        @inline(__always) static var normal: Int { 3 }
        @inline(__always) static var depth: Int { 6 }
        @inline(__always) static var object: Int { 7 }
        @inline(__always) static var count: Int { 8 }
    }

    private let words: UnsafeMutablePointer<UInt32>

    init(memory: SceneMemory) {
        self.words = memory.allocate(UInt32.self, count: Row.count * Wavefront.pathsMax)
    }

    /// Notes that nothing was seen.
    func clear(_ lanes: MaskLanes, _ numbers: UIntLanes) {
        for lane in LaneSequence(lanes) {
            for row in 0 ..< Row.count { self.set(row, numbers[lane], 0) }
        }
    }

    /// Notes the surfaces that were seen.
    func note(_ surface: borrowing SurfaceLanes, _ hits: borrowing HitLanes, _ numbers: UIntLanes) {
        for lane in LaneSequence(hits.isHit) {
            let number = numbers[lane]
            self.set(Row.albedo, number, surface.baseColor[lane])
            self.set(Row.normal, number, surface.frame.normal[lane])
            self.set(Row.depth, number, hits.distance[lane].bitPattern)
            self.set(Row.object, number, hits.primitive.instance[lane] &+ 1)
        }
    }

    func albedo(_ path: Int) -> Vector3 { self.vector(Row.albedo, path) }
    func normal(_ path: Int) -> Vector3 { self.vector(Row.normal, path) }
    func depth(_ path: Int) -> Float { self.number(Row.depth, path) }
    /// One more than the instance; zero for none.
    func object(_ path: Int) -> UInt32 { self.words[Row.object &* Wavefront.pathsMax &+ path] }

    @inline(__always) private func set(_ row: Int, _ number: UInt32, _ value: UInt32) {
        self.words[row &* Wavefront.pathsMax &+ Int(number)] = value
    }

    @inline(__always) private func set(_ row: Int, _ number: UInt32, _ value: Vector3) {
        self.set(row, number, value.x.bitPattern)
        self.set(row &+ 1, number, value.y.bitPattern)
        self.set(row &+ 2, number, value.z.bitPattern)
    }

    private func number(_ row: Int, _ path: Int) -> Float {
        Float(bitPattern: self.words[row &* Wavefront.pathsMax &+ path])
    }

    private func vector(_ row: Int, _ path: Int) -> Vector3 {
        Vector3(self.number(row, path), self.number(row &+ 1, path), self.number(row &+ 2, path))
    }
}
