import Glibc

/// Prints what was measured.
enum Report {
    static func table(_ c: Comparison) {
        print("\(c.triangles) triangles")
        Self.row(["rays", "single", "packet", "Embree", "single/E", "packet/E", "nodes", "leaves", "differ"])
        for s in c.speeds {
            Self.row([
                s.name, Self.number(median(s.single) / 1e6), Self.number(median(s.packet) / 1e6),
                Self.number(median(s.embree) / 1e6), Self.number(Self.ratio(s.single, s.embree)),
                Self.number(Self.ratio(s.packet, s.embree)), Self.number(s.nodes), Self.number(s.leaves),
                "\(s.differences)",
            ])
        }
        print(
            "camera paths: \(Self.number(median(c.paths.rates) / 1e6)) million a second of \(Self.number(c.paths.rays)) rays each"
        )
        for b in c.builds {
            print(
                "build, \(b.threads) thread\(b.threads == 1 ? "" : "s"): \(Self.number(median(b.ours))) s, Embree "
                    + "\(Self.number(median(b.embree))) s, ratio \(Self.number(Self.ratio(b.ours, b.embree)))"
            )
        }
        print(
            "bytes a triangle: \(Self.number(c.bytesPerTriangle)), Embree \(Self.number(c.embreeBytesPerTriangle))\n"
        )
        fflush(nil)
    }

    static func json(_ c: Comparison) {
        let speeds = c.speeds.map { s in
            """
            {"name":"\(s.name)","rays":\(s.rays),"single":\(median(s.single)),"packet":\(median(s.packet)),\
            "embree":\(median(s.embree)),"singleRatio":\(Self.ratio(s.single, s.embree)),\
            "packetRatio":\(Self.ratio(s.packet, s.embree)),"nodes":\(s.nodes),"leaves":\(s.leaves),\
            "differences":\(s.differences)}
            """
        }
        let builds = c.builds.map { b in
            """
            {"threads":\(b.threads),"seconds":\(median(b.ours)),"embree":\(median(b.embree)),\
            "ratio":\(Self.ratio(b.ours, b.embree))}
            """
        }
        print(
            """
            {"triangles":\(c.triangles),"rays":[\(speeds.joined(separator: ","))],\
            "paths":\(median(c.paths.rates)),"raysOfPath":\(c.paths.rays),"builds":[\(builds.joined(separator: ","))],"bytesPerTriangle":\(c.bytesPerTriangle),\
            "embreeBytesPerTriangle":\(c.embreeBytesPerTriangle)}
            """
        )
        fflush(nil)
    }

    private static func ratio(_ a: [Double], _ b: [Double]) -> Double { median(zip(a, b).map { $0 / $1 }) }

    private static func row(_ cells: [String]) {
        var line = ""
        for (i, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, 9 - cell.count))
            line += i == 0 ? cell + padding : " " + padding + cell
        }
        print(line)
    }

    /// Three digits after the point at most.
    private static func number(_ x: Double) -> String {
        guard x.isFinite else { return "-" }
        let scaled = Int((x * 1000).rounded())
        let rest = String(scaled % 1000)
        return "\(scaled / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
