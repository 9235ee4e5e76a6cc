/// One channel of an OpenEXR file: a name and a value for each pixel.
///
/// Programs for compositing sort channels by what stands before the last dot of their names: `R`, `G`, `B` and `A` are
/// the picture itself, `albedo.R` belongs to a layer of the name albedo, `Z` is depth.
public struct PictureChannel: Hashable, Sendable {
    /// How the values of a channel are stored.
    public enum Values: Hashable, Sendable {
        /// As 16-bit floating point: half the size, three decimal digits.
        case half([Float])
        /// As 32-bit floating point: the values as they are.
        case float([Float])
        /// As 32-bit whole numbers.
        case words([UInt32])

        /// The number of values.
        var count: Int {
            switch self {
            case .half(let values), .float(let values): values.count
            case .words(let values): values.count
            }
        }
    }

    /// The name in the file.
    public var name: String
    /// The values, row by row from the top.
    public var values: Values
    /// Whether the values may be packed with a small loss: light and colours may, numbers that stand for something else
    /// may not.
    public var allowsLoss: Bool

    /// Creates a channel.
    public init(_ name: String, _ values: Values, allowsLoss: Bool = false) {
        self.name = name
        self.values = values
        self.allowsLoss = allowsLoss
    }

    /// The three channels of a picture, `layer.R` and so on, or `R`, `G` and `B` without a layer.
    public static func colors(
        _ picture: Picture,
        layer: String? = nil,
        sample: OpenEXREncoder.Sample = .half
    ) -> [PictureChannel] {
        self.vectors(picture.pixels, layer: layer, names: ["R", "G", "B"], sample: sample, allowsLoss: true)
    }

    /// The channels of values that come in groups, such as the `normal.X`, `normal.Y` and `normal.Z` of normals.
    public static func vectors(
        _ values: [Float],
        layer: String?,
        names: [String],
        sample: OpenEXREncoder.Sample,
        allowsLoss: Bool = false
    ) -> [PictureChannel] {
        precondition(!names.isEmpty && values.count % names.count == 0, "\(values.count) values for \(names)")
        return names.enumerated().map { k, name in
            let own = stride(from: k, to: values.count, by: names.count).map { values[$0] }
            return PictureChannel(
                layer.map { "\($0).\(name)" } ?? name,
                sample == .half ? .half(own) : .float(own),
                allowsLoss: allowsLoss
            )
        }
    }
}
