/// What energy costs a node over the day, and how much it draws while it renders.
public struct EnergyTariff: Hashable, Sendable {
    /// A part of the day with a price of its own.
    public struct Period: Hashable, Sendable {
        /// The minute of the day at which it begins, 0...1,439.
        public var from: Int
        /// The minute at which it ends, 0...1,440; before ``from`` when it lasts over midnight.
        public var to: Int
        /// The price of a kilowatt-hour, in any currency.
        public var price: Double
    }

    /// What the machine draws while all its render threads are busy, in watts.
    public var watts: Double
    /// The price of a kilowatt-hour when no period applies, in any currency.
    public var price: Double
    /// Parts of the day with other prices; the first that applies counts.
    public var periods: [Period]

    /// The most periods of a day.
    public static let periodsMax = 48
    /// The prices and powers that are possible.
    static let amounts = 1e-6 ... 1e6

    /// Reads prices such as `0.30` or `0.30,22:00-06:00=0.18`.
    ///
    /// - Returns: Nothing when the text or the power is not of this kind; prices and watts are 0.000001 to 1,000,000.
    public init?(prices text: String, watts: Double) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard Self.amounts.contains(watts), let first = parts.first, parts.count <= 1 + Self.periodsMax,
            let price = Double(first), Self.amounts.contains(price)
        else { return nil }
        var periods: [Period] = []
        for part in parts.dropFirst() {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let price = Double(sides[1]), Self.amounts.contains(price) else { return nil }
            let times = sides[0].split(separator: "-", omittingEmptySubsequences: false)
            guard times.count == 2, let from = Self.minute(times[0]), let to = Self.minute(times[1]), from < 1_440,
                from != to
            else { return nil }
            periods.append(Period(from: from, to: to, price: price))
        }
        self.watts = watts
        self.price = price
        self.periods = periods
    }

    /// The price of a kilowatt-hour at a minute of the day, 0...1,439.
    public func price(atMinute minute: Int) -> Double {
        let period = self.periods.first {
            $0.from < $0.to ? ($0.from ..< $0.to).contains(minute) : minute >= $0.from || minute < $0.to
        }
        return period?.price ?? self.price
    }

    /// The minute of the day that `hh:mm` names; 24:00 is the last.
    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.utf8.allSatisfy { (48 ... 57).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1_440
        else { return nil }
        return hour * 60 + minute
    }
}
