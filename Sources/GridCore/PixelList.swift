package import GridWire

/// Units whose pixels lie on a node, in the order in which they came, and their bytes.
///
/// Adding and taking out cost the same however many there are: a node that is faster than the others holds as many as fit.
package struct PixelList: Sendable {
    /// The unit, and when it came among the others.
    private typealias Entry = (unit: UnitID, number: Int)

    private var numbers: [UnitID: Int] = [:]
    /// In the order of their numbers; those that no longer fit `numbers` were taken out.
    private var order: [Entry] = []
    /// Where the order begins.
    private var first = 0
    private var nextNumber = 0
    /// About the bytes of all.
    package private(set) var bytes = 0

    /// Creates an empty list.
    package init() {}

    /// Whether there is no unit.
    package var isEmpty: Bool {
        self.numbers.isEmpty
    }

    /// Whether a unit is here.
    package func contains(_ unit: UnitID) -> Bool {
        self.numbers.index(forKey: unit) != nil
    }

    /// Puts a unit behind all others.
    package mutating func append(_ unit: UnitID) {
        self.remove(unit)
        self.numbers[unit] = self.nextNumber
        self.order.append((unit, self.nextNumber))
        self.nextNumber += 1
        self.bytes += Worker.pixelBytes(of: unit)
    }

    /// Takes a unit out.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    package mutating func remove(_ unit: UnitID) -> Bool {
        guard self.numbers.removeValue(forKey: unit) != nil else { return false }
        self.bytes -= Worker.pixelBytes(of: unit)
        if self.order.count > 2 * self.numbers.count + Self.slack {
            let numbers = self.numbers
            self.order.removeAll { numbers[$0.unit] != $0.number }
            self.first = 0
        }
        return true
    }

    /// Takes out the unit that has been here for the longest time.
    package mutating func popOldest() -> UnitID? {
        while self.first < self.order.count {
            let entry = self.order[self.first]
            self.first += 1
            if self.numbers[entry.unit] == entry.number {
                self.remove(entry.unit)
                return entry.unit
            }
        }
        return nil
    }

    /// So many that are gone, beside as many as there are, may stay in the order.
    private static let slack = 64
}
