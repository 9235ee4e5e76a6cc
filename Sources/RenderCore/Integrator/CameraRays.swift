/// Makes the rays of a picture.
struct CameraRays {
    private let camera: CameraData
    /// What maps the picture's -1...1 to the plane at distance one, or to metres when orthographic.
    private let scaleX: Float
    private let scaleY: Float
    private let width: Float
    private let height: Float

    init(_ camera: CameraData, width: Int, height: Int) {
        self.camera = camera
        self.width = Float(width)
        self.height = Float(height)
        if camera.isOrthographic {
            self.scaleX = camera.first
            self.scaleY = camera.second
        } else {
            let (sine, cosine) = sinCos(radians: camera.first * 0.5)
            self.scaleY = sine / cosine
            self.scaleX = self.scaleY * self.width / self.height
        }
    }

    /// The rays through points of the picture in pixels from the top left, and points of the aperture, at times of 0...1
    /// while the shutter is open.
    @inline(__always) func rays(
        _ x: FloatLanes,
        _ y: FloatLanes,
        lens: (x: FloatLanes, y: FloatLanes),
        at time: FloatLanes
    ) -> (origin: Vector3Lanes, direction: Vector3Lanes) {
        let px = (2 * x / FloatLanes(self.width) - 1) * FloatLanes(self.scaleX)
        let py = (1 - 2 * y / FloatLanes(self.height)) * FloatLanes(self.scaleY)
        var origin = Vector3Lanes.zero
        var direction = Vector3Lanes(0, 0, -1)
        if self.camera.isOrthographic {
            origin = Vector3Lanes(px, py, 0)
        } else {
            direction = Vector3Lanes(px, py, -1)
        }
        if self.camera.lensRadius > 0 {
            let focus = origin + direction * FloatLanes(self.camera.focusDistance)
            let radius = FloatLanes(self.camera.lensRadius)
            origin = origin + Vector3Lanes(lens.x * radius, lens.y * radius, 0)
            direction = focus - origin
        }
        let transform =
            self.camera.isMoving
            ? between(self.camera.transform, self.camera.closing, time) : AffineLanes(self.camera.transform)
        let forward = Vector3Lanes(0, 0, -1)
        return (transform.point(origin), transform.vector(direction).normalized(or: forward))
    }

    /// A point of the aperture, which reaches the unit circle, for two numbers of 0..<1.
    @inline(__always) func lensPoint(_ u: FloatLanes, _ v: FloatLanes) -> (x: FloatLanes, y: FloatLanes) {
        guard self.camera.lensBlades > 0 else { return diskPoint(u, v) }
        // A triangle between the middle and two corners, and a point of it.
        let corners = FloatLanes(Float(self.camera.lensBlades))
        let scaled = u * corners
        let corner = FloatLanes(IntLanes(truncating: scaled))
        let radius = (scaled - corner).squareRoot()
        let turns = FloatLanes(self.camera.lensTurns)
        let (s0, c0) = sinCos(turns: turns + corner / corners)
        let (s1, c1) = sinCos(turns: turns + (corner + 1) / corners)
        let first = radius * (1 - v)
        let second = radius * v
        return (c0 * first + c1 * second, s0 * first + s1 * second)
    }

    /// Cones of half a pixel: a whole one would be blurred once more by the pixel filter.
    var cone: RayCone {
        let pixel = FloatLanes(self.scaleY / self.height)
        return self.camera.isOrthographic ? RayCone(width: pixel, spread: 0) : RayCone(width: 0, spread: pixel)
    }

    /// Whether lens positions matter.
    @inline(__always) var hasLens: Bool { self.camera.lensRadius > 0 }
}
