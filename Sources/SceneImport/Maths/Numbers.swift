/// Checks on numbers that a file gives.
enum Numbers {
    /// A list of exactly `count` finite numbers.
    static func vector(
        _ values: [Double]?,
        count: Int,
        default fallback: [Double],
        _ what: String
    ) throws(ImportError) -> [Double] {
        guard let values else { return fallback }
        guard values.count == count else {
            throw ImportError(.malformed, "\(what) has \(values.count) numbers, \(count) belong there")
        }
        for value in values where !Float(value).isFinite {
            throw ImportError(.malformed, "\(what) is \(value), which is no usable number")
        }
        return values
    }

    /// A number that single precision can hold.
    static func float(_ value: Double, _ what: String) throws(ImportError) -> Float {
        let single = Float(value)
        guard single.isFinite else {
            throw ImportError(.malformed, "\(what) is \(value), which is no usable number")
        }
        return single
    }

    /// A number that lies in a range, or `fallback` where the file gives none.
    static func within(
        _ range: ClosedRange<Double>,
        _ value: Double?,
        default fallback: Double,
        _ what: String
    ) throws(ImportError) -> Float {
        let value = value ?? fallback
        guard range.contains(value) else {
            throw ImportError(
                .malformed,
                "\(what) is \(value), which is not in \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return Float(value)
    }

    /// A number moved into 0...1.
    static func unit(_ value: Double) -> Float {
        value > 0 ? Float(min(value, 1)) : 0
    }
}
