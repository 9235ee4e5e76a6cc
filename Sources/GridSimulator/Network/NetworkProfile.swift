/// The line by which a node hangs on the network.
///
/// The figures of ``ladder`` are those of usual lines at home, not of any measured one. A path leads over the lines of both of its
/// ends: its round trip is the sum of theirs, and either can lose a packet.
public struct NetworkProfile: Codable, Hashable, Sendable {
    /// What it is called.
    public var name: String
    /// The shortest and the longest round trip to the middle of the network in milliseconds; a node has one between them.
    public var roundTripMilliseconds: [Double]
    /// The mean of what each packet takes longer in milliseconds, without memory.
    public var jitterMilliseconds = 0.0
    /// The share of packets that are lost, 0 to 0.2.
    ///
    /// They are lost in bursts (Gilbert 1960, Elliott 1963): a line is good, and loses nothing, or bad, and loses every second one.
    public var lossRate = 0.0
    /// How long a line stays bad in milliseconds on average.
    public var lossBurstMilliseconds = 50.0
    /// The share of packets that come twice.
    public var duplicateRate = 0.0
    /// The share of packets that are overtaken by those of the next 100 ms.
    public var reorderRate = 0.0
    /// What the node can send in megabits a second.
    public var uploadMegabits: Double
    /// What it can receive in megabits a second.
    public var downloadMegabits: Double

    /// Creates a line that loses nothing.
    public init(name: String, roundTripMilliseconds: [Double], uploadMegabits: Double, downloadMegabits: Double) {
        self.name = name
        self.roundTripMilliseconds = roundTripMilliseconds
        self.uploadMegabits = uploadMegabits
        self.downloadMegabits = downloadMegabits
    }

    /// Lines from the best to the worst: a network in a house, good Wi-Fi behind a fibre, a cable, DSL, a mobile phone's, crowded
    /// Wi-Fi, a satellite far out.
    public static let ladder: [Self] = [
        Self("lan", [0.2, 0.6], jitter: 0.05, loss: 0, burst: 20, up: 1_000, down: 1_000),
        Self("wifi", [4, 12], jitter: 2, loss: 0.001, burst: 20, up: 100, down: 200),
        Self("cable", [10, 25], jitter: 3, loss: 0.000_5, burst: 30, up: 20, down: 200),
        Self("dsl", [20, 45], jitter: 3, loss: 0.001, burst: 50, up: 8, down: 40),
        Self("lte", [40, 90], jitter: 15, loss: 0.005, burst: 100, up: 10, down: 40),
        Self("crowded", [15, 80], jitter: 40, loss: 0.03, burst: 200, up: 4, down: 15),
        Self("satellite", [580, 700], jitter: 25, loss: 0.01, burst: 300, up: 3, down: 25),
    ]

    /// The line of the ladder with a name.
    public static func named(_ name: String) -> Self? {
        Self.ladder.first { $0.name == name }
    }

    private init(
        _ name: String,
        _ roundTrips: [Double],
        jitter: Double,
        loss: Double,
        burst: Double,
        up: Double,
        down: Double
    ) {
        self.init(name: name, roundTripMilliseconds: roundTrips, uploadMegabits: up, downloadMegabits: down)
        self.jitterMilliseconds = jitter
        self.lossRate = loss
        self.lossBurstMilliseconds = burst
        self.duplicateRate = loss / 20
        self.reorderRate = loss / 2
    }

    /// What is wrong with the numbers; nothing when they can be simulated.
    var problem: String? {
        let trips = self.roundTripMilliseconds
        if trips.count != 2 || trips[0] > trips[1] || !trips.allSatisfy({ (0 ... 10_000).contains($0) }) {
            return
                "the round trips of the line \(self.name) must be two numbers from 0 to 10,000 ms, the smaller one first"
        }
        if !(0 ... 0.2).contains(self.lossRate) || !(0 ... 1).contains(self.duplicateRate)
            || !(0 ... 1).contains(self.reorderRate)
        {
            return "the line \(self.name) can lose 0 to 0.2 of its packets, and double or reorder 0 to 1"
        }
        if !(0 ... 10_000).contains(self.jitterMilliseconds) || !(1 ... 60_000).contains(self.lossBurstMilliseconds) {
            return "the line \(self.name) can be uneven by 0 to 10,000 ms and bad for 1 to 60,000 ms"
        }
        if ![self.uploadMegabits, self.downloadMegabits].allSatisfy({ (0.01 ... 1e6).contains($0) }) {
            return "the line \(self.name) can carry 0.01 to 1,000,000 megabits a second"
        }
        return nil
    }
}
