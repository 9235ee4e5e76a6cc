/// What the command line asks for.
struct Options {
    static let help = """
        Compares Tessera's ray tracing with Embree 3 (ROBUST) on the same meshes and rays, in one run.

            swift run -c release rays              meshes of 0.1 and 1 million triangles
            swift run -c release rays --quick      a minute: small mesh, few rays
            swift run -c release rays --triangles 100000,1000000,10000000

        Options:
            --triangles N[,N...]   sizes of the meshes (100000,1000000)
            --rounds N             rounds, taken in turn; medians are reported (7)
            --edge N               edge of the picture that the rays are of, a multiple of 16 (1024)
            --processor N          the processor to stay on (1 where there is one)
            --no-builds            leave the builds out
            --json                 one JSON object for each mesh instead of a table
            --quick                20,000 triangles, 256 pixels, 3 rounds
            --help                 this text

        Rays: one thread on one processor, millions a second. `coherent` are camera rays, `bounce` five diffuse bounces
        in the order of paths, `wavefront` bounces in the order in which the renderer has them, `shadow` any-hit rays to a
        lamp. `single` is one ray at a time, `packet` 16 at a time. The ratio is the median over rounds of Tessera's
        speed by Embree's (rtcIntersect1, rtcOccluded1; its own choice of instructions; denormals flushed for it).
        Camera paths: whole ones of our own renderer, of at most eight scattering events, with light samples and film.
        Builds: seconds on one and on two threads; the ratio is Tessera's time by Embree's default builder's.

        """

    var triangles = [100_000, 1_000_000]
    var rounds = 7
    var edge = 1024
    var processor: Int32 = 1
    var builds = true
    var isJSON = false

    /// Reads arguments; what is wrong with them as an error.
    init(_ arguments: ArraySlice<String>) throws(UsageError) {
        var rest = arguments
        while let argument = rest.popFirst() {
            switch argument {
            case "--quick":
                self.triangles = [20_000]
                self.edge = 256
                self.rounds = 3
            case "--json": self.isJSON = true
            case "--no-builds": self.builds = false
            case "--triangles":
                let numbers = (rest.popFirst() ?? "").split(separator: ",").map { Int($0) ?? 0 }
                guard !numbers.isEmpty, numbers.allSatisfy({ (1000 ... 13_000_000).contains($0) }) else {
                    throw UsageError("--triangles takes numbers from 1000 to 13000000, with commas between them")
                }
                self.triangles = numbers
            case "--rounds": self.rounds = try Self.number(rest.popFirst(), argument, 1 ... 1000)
            case "--edge":
                self.edge = try Self.number(rest.popFirst(), argument, 16 ... 4096)
                guard self.edge % 16 == 0 else { throw UsageError("--edge takes a multiple of 16") }
            case "--processor": self.processor = Int32(try Self.number(rest.popFirst(), argument, 0 ... 1023))
            default: throw UsageError("unknown argument \(argument); --help lists all")
            }
        }
    }

    private static func number(_ text: String?, _ name: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
        guard let text, let number = Int(text), range.contains(number) else {
            throw UsageError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// Arguments that make no sense.
struct UsageError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
