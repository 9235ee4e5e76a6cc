/// A dictionary of bounded size that forgets what was not written for the longest time, in constant time.
///
/// It has two generations: when the younger one is full, the older one is dropped and the younger one takes its place.
struct RecentMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let generationSize: Int
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]

    /// Creates an empty map that holds between half of `countMax` and `countMax` of the last keys.
    init(countMax: Int) {
        self.generationSize = max(1, countMax / 2)
    }

    /// The number of keys that are remembered.
    var count: Int {
        self.younger.count + self.older.count
    }

    /// The value of a key; writing makes the key young.
    subscript(key: Key) -> Value? {
        get { self.younger[key] ?? self.older[key] }
        set {
            self.older[key] = nil
            guard let newValue else {
                self.younger[key] = nil
                return
            }
            if self.younger[key] == nil, self.younger.count >= self.generationSize {
                self.older = self.younger
                self.younger = [:]
            }
            self.younger[key] = newValue
        }
    }
}
