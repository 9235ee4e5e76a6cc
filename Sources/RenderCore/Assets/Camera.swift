/// The eye: where it is and how it maps directions to the picture.
public struct Camera: Sendable, Equatable {
    /// How directions map to the picture.
    public enum Projection: Sendable, Equatable {
        /// A pinhole or thin lens that sees this angle from bottom to top, in radians, above 0 and below pi.
        case perspective(verticalFieldOfView: Float)
        /// Parallel rays; half the width and half the height of what is seen, in metres.
        case orthographic(xMagnification: Float, yMagnification: Float)
    }

    /// Camera to world.
    ///
    /// The camera looks along its -Z, its +Y is up.
    public var transform: Transform
    /// Camera to world when the shutter closes; nil for a camera that stands still.
    ///
    /// In between its numbers are interpolated, see ``SceneFrame``.
    public var closingTransform: Transform?
    /// How directions map to the picture.
    public var projection: Projection
    /// The radius of the lens in metres; zero gives a pinhole.
    public var lensRadius: Float
    /// The distance of the plane in focus in metres, above zero.
    public var focusDistance: Float
    /// The corners of the aperture, 3...32, or 0 for a round one.
    public var lensBlades: Int
    /// Turns the aperture's corners about the view, in radians; without it one is at the right.
    public var lensRotation: Float

    /// Creates a camera; by default a pinhole at the origin that sees 45 degrees.
    public init(
        transform: Transform = Transform(),
        projection: Projection = .perspective(verticalFieldOfView: 0.785_398),
        lensRadius: Float = 0,
        focusDistance: Float = 1,
        lensBlades: Int = 0,
        lensRotation: Float = 0
    ) {
        self.transform = transform
        self.projection = projection
        self.lensRadius = lensRadius
        self.focusDistance = focusDistance
        self.lensBlades = lensBlades
        self.lensRotation = lensRotation
    }
}
