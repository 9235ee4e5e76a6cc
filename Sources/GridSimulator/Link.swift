/// The session between the worker of one node and the stewards of another.
struct Link {
    let worker: Int
    let steward: Int
    /// Rises whenever a session begins or breaks.
    var epoch: UInt32 = 0
    var isUp = false
    /// Whether each side believes that a session is there.
    var workerBelieves = false
    var stewardBelieves = false
    /// Since when the steward's side does.
    var stewardSince = VirtualTime.zero
    /// A new session will begin.
    var isConnecting = false
}
