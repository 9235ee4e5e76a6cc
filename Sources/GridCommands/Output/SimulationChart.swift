import GridSimulator

/// How simulated runs went on, as a picture (SVG 1.1): the share of copies that were rendered over virtual time.
enum SimulationChart {
    private static let width = 960.0
    private static let height = 480.0
    private static let margin = (left: 64.0, right: 24.0, top: 40.0, bottom: 56.0)

    /// The picture of some runs of one scenario, a line each.
    static func svg(_ reports: [SimulationReport]) -> String {
        let seconds = max(1, reports.map(\.makespanSeconds).max() ?? 1, reports.compactMap(\.progress.last).max() ?? 1)
        let title = "\(reports.count) run\(reports.count == 1 ? "" : "s") of \(reports.first?.nodes ?? 0) nodes"
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
                + "font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            Self.text(title, x: Self.margin.left, y: 24, anchor: "start"),
        ]
        for percent in stride(from: 0, through: 100, by: 20) {
            let y = Self.y(Double(percent))
            lines.append(Self.line(Self.margin.left, y, Self.width - Self.margin.right, y))
            lines.append(Self.text("\(percent) %", x: Self.margin.left - 8, y: y + 4, anchor: "end"))
        }
        for step in 0 ... 6 {
            let time = seconds * Double(step) / 6
            let x = Self.x(time, of: seconds)
            lines.append(Self.line(x, Self.margin.top, x, Self.height - Self.margin.bottom))
            lines.append(
                Self.text(ProgressLine.clock(time), x: x, y: Self.height - Self.margin.bottom + 20, anchor: "middle")
            )
        }
        lines.append(
            Self.text(
                "virtual time since the first submission",
                x: Self.width / 2,
                y: Self.height - 12,
                anchor: "middle"
            )
        )
        for (number, report) in reports.enumerated() {
            let points =
                [Self.point(0, 0, of: seconds)]
                + report.progress.enumerated().map { Self.point($0.element, Double($0.offset + 1), of: seconds) }
            let hue = number * 360 / max(1, reports.count)
            let opacity = reports.count > 20 ? 0.3 : 0.9
            lines.append(
                "<polyline fill=\"none\" stroke=\"hsl(\(hue),70%,40%)\" stroke-opacity=\"\(opacity)\" stroke-width=\"1.5\" "
                    + "points=\"\(points.joined(separator: " "))\"><title>seed \(report.seed)</title></polyline>"
            )
        }
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func x(_ seconds: Double, of all: Double) -> Double {
        self.margin.left + seconds / all * (self.width - self.margin.left - self.margin.right)
    }

    private static func y(_ percent: Double) -> Double {
        let space = self.height - self.margin.top - self.margin.bottom
        return self.height - self.margin.bottom - percent / 100 * space
    }

    private static func point(_ seconds: Double, _ percent: Double, of all: Double) -> String {
        Quantity.fixed(self.x(seconds, of: all), 1) + "," + Quantity.fixed(self.y(percent), 1)
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        let numbers = [x1, y1, x2, y2].map { Quantity.fixed($0, 1) }
        return
            "<line x1=\"\(numbers[0])\" y1=\"\(numbers[1])\" x2=\"\(numbers[2])\" y2=\"\(numbers[3])\" stroke=\"#dddddd\"/>"
    }

    private static func text(_ text: String, x: Double, y: Double, anchor: String) -> String {
        "<text x=\"\(Quantity.fixed(x, 1))\" y=\"\(Quantity.fixed(y, 1))\" text-anchor=\"\(anchor)\">\(text)</text>"
    }
}
