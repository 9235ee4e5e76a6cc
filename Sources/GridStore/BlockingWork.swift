import Dispatch

extension DispatchQoS {
    /// For queues whose work waits for the disk.
    ///
    /// On Linux, tasks run on Dispatch's threads for the default class, one for each core; a queue of that class would
    /// take those threads away while it waits. Each class has threads of its own, and the operating system's priorities
    /// are the same for all of them.
    static let blockingWork = DispatchQoS.utility
}

/// Where the store does what waits for the disk.
package enum BlockingWork: Sendable {
    /// On threads of its own, while whoever called is suspended: what a node wants.
    case onOwnThreads
    /// At once, on the thread of the caller, so that no call is ever suspended: what the simulator wants, where an event is an
    /// instant.
    case atOnce
}
