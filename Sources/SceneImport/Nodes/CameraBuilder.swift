import RenderCore

/// Reads cameras, and invents one where the file has none.
enum CameraBuilder {
    /// The projection of camera number `index` of the file.
    static func projection(_ index: Int, of cameras: [GLTF.Camera]) throws(ImportError) -> Camera.Projection {
        guard let camera = cameras[checked: index] else {
            throw ImportError(.malformed, "it names camera \(index), and the file has \(cameras.count)")
        }
        let name = camera.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
        let place = "camera \(index)\(name)"
        switch camera.type {
        case "perspective":
            guard let angle = camera.perspective?.yfov, angle > 1e-4, angle < 3.141_5 else {
                throw ImportError(
                    .malformed,
                    "\(place) sees \(camera.perspective?.yfov ?? 0) radians from bottom to top: 0 to pi is possible"
                )
            }
            return .perspective(verticalFieldOfView: Float(angle))
        case "orthographic":
            let x = Float((camera.orthographic?.xmag ?? 0).magnitude)
            let y = Float((camera.orthographic?.ymag ?? 0).magnitude)
            guard x > 0, y > 0, x.isFinite, y.isFinite else {
                throw ImportError(.malformed, "\(place) shows an area of \(x) x \(y): both must be above zero")
            }
            return .orthographic(xMagnification: x, yMagnification: y)
        case let other:
            throw ImportError(
                .malformed,
                "\(place) is of the unknown type \"\(ResourceLoader.shortened(other))\""
            )
        }
    }

    /// A camera in the place of a node; scale does not change what it sees.
    static func camera(_ projection: Camera.Projection, placed transform: Affine) -> Camera {
        let back = normalized(transform.z, or: SIMD3(0, 0, 1))
        let right = normalized(cross(transform.y, back), or: SIMD3(1, 0, 0))
        let pose = Affine(x: right, y: cross(back, right), z: back, translation: transform.translation)
        return Camera(transform: pose.renderTransform, projection: projection)
    }

    /// A camera that shows a box from the front, the right and a little above.
    static func framing(low: SIMD3<Double>, high: SIMD3<Double>, aspect: Double) -> Camera {
        let center = (low + high) * 0.5
        let back = normalized(SIMD3(0.55, 0.36, 0.84), or: SIMD3(0, 0, 1))
        let right = normalized(cross(SIMD3(0, 1, 0), back), or: SIMD3(1, 0, 0))
        let up = cross(back, right)
        let fieldOfView = 0.61
        let (sine, cosine) = DeterministicMath.sineCosine(fieldOfView / 2)
        let tangentY = sine / cosine / 1.1
        let tangentX = tangentY * aspect
        var distance = 1e-3
        for corner in 0 ..< 8 {
            let p =
                SIMD3(
                    corner & 1 == 0 ? low.x : high.x,
                    corner & 2 == 0 ? low.y : high.y,
                    corner & 4 == 0 ? low.z : high.z
                ) - center
            let toward = dot(p, back)
            distance = max(distance, dot(p, up).magnitude / tangentY + toward)
            distance = max(distance, dot(p, right).magnitude / tangentX + toward)
        }
        let pose = Affine(x: right, y: up, z: back, translation: center + back * distance)
        return Camera(
            transform: pose.renderTransform,
            projection: .perspective(verticalFieldOfView: Float(fieldOfView))
        )
    }
}
