/// Where and how much the dashboard serves.
public struct DashboardSettings: Hashable, Sendable {
    /// The address to listen on.
    ///
    /// Anything but a loopback address shows the node to its whole network.
    public var host: String
    /// The port to listen on, 0...65,535; 0 takes any free one.
    public var port: Int
    /// More names under which a browser may ask for the page; `localhost` and addresses in digits are always good.
    public var hostNames: [String]
    /// The most browsers that may follow live events at one time; further ones get 503.
    public var eventClientsMax: Int
    /// The shortest time between two live events to one browser.
    public var eventInterval: Duration
    /// The longest silence on a live event stream; then the last snapshot is sent once more.
    public var eventSilenceMax: Duration
    /// A connection that asks for nothing for this long is closed; live events count as asking.
    public var idleTimeoutSeconds: Int64

    /// The port where none is given.
    public static let portStandard = 7878

    /// Creates settings for this machine's own browsers.
    public init(host: String = "127.0.0.1", port: Int = portStandard) {
        self.host = host
        self.port = port
        self.hostNames = []
        self.eventClientsMax = 16
        self.eventInterval = .milliseconds(250)
        self.eventSilenceMax = .seconds(10)
        self.idleTimeoutSeconds = 60
    }
}
