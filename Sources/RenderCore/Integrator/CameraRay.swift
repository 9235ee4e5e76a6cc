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

    /// The ray through a point of the picture in pixels from the top left, and a point of the unit disk on the lens.
    @inline(__always) func ray(_ x: Float, _ y: Float, lens: (x: Float, y: Float)) -> Ray {
        let px = (2 * x / self.width - 1) * self.scaleX
        let py = (1 - 2 * y / self.height) * self.scaleY
        var origin = Vector3.zero
        var direction = Vector3(0, 0, -1)
        if self.camera.isOrthographic {
            origin = Vector3(px, py, 0)
        } else {
            direction = Vector3(px, py, -1)
        }
        if self.camera.lensRadius > 0 {
            let focus = origin + direction * self.camera.focusDistance
            origin = origin + Vector3(lens.x * self.camera.lensRadius, lens.y * self.camera.lensRadius, 0)
            direction = focus - origin
        }
        return Ray(
            origin: self.camera.transform.point(origin),
            direction: self.camera.transform.vector(direction).normalized(or: Vector3(0, 0, -1))
        )
    }

    /// Whether lens positions matter.
    @inline(__always) var hasLens: Bool { self.camera.lensRadius > 0 }
}
