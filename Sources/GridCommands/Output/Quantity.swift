/// Numbers for people.
package enum Quantity {
    /// `980 B`, `4.2 MB`.
    package static func bytes(_ count: UInt64) -> String {
        self.scaled(Double(count), units: ["B", "kB", "MB", "GB", "TB"])
    }

    /// `980`, `4.2 M`.
    package static func count(_ count: UInt64) -> String {
        self.scaled(Double(count), units: ["", "k", "M", "G", "T"])
    }

    /// The last eight characters of a peer id: the first eight are equal for all.
    package static func peer(_ id: String) -> String {
        String(id.suffix(8))
    }

    /// `87 %`.
    package static func percent(_ part: Int, of whole: Int) -> String {
        whole > 0 ? "\(part * 100 / whole) %" : "-"
    }

    /// A number with so many digits after the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        var scale = 1.0
        for _ in 0 ..< digits { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(scaled)" }
        let fraction = "\(scaled % Int(scale))"
        return sign + "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private static func scaled(_ value: Double, units: [String]) -> String {
        var value = value
        var index = 0
        while value >= 1_000, index < units.count - 1 {
            value /= 1_000
            index += 1
        }
        let number = index == 0 ? "\(Int(value))" : ProgressLine.short(value)
        return units[index].isEmpty ? number : "\(number) \(units[index])"
    }
}
