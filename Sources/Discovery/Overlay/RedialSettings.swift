/// How patiently a node tries to reach a peer that it wants a session with.
public struct RedialSettings: Sendable {
    /// The wait after the first failure; it doubles with each further one.
    public var delayMin = Duration.milliseconds(250)
    /// The longest wait.
    public var delayMax = Duration.seconds(30)
    /// The failures after which a peer that was only heard of is forgotten until it is heard of again.
    ///
    /// Configured peers are never forgotten.
    public var attemptsMax = 6
    /// The most peers to keep in mind, so that a flood of announcements costs a bounded amount of memory.
    public var targetsMax = 256

    /// Creates the settings of an ordinary node.
    public init() {}
}
