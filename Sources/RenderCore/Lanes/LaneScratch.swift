/// Rows of one number a lane, for loops over lanes whose results the next step reads as vectors.
///
/// What neighbours have in common, as those that hit one object have its material, is written to all of them at once.
///
/// Lanes that a loop passes over keep what was there, which is always a number once the rows are cleared.
struct LaneScratch {
    private let rows: UnsafeMutablePointer<UInt32>

    /// Allocates `rows` rows of zeros.
    init(memory: SceneMemory, rows: Int) {
        self.rows = memory.allocate(UInt32.self, count: rows * laneCount)
        self.rows.initialize(repeating: 0, count: rows * laneCount)
    }

    /// A number of row `row`.
    @inline(__always) func set(_ row: Int, _ lane: Int, _ value: Float) {
        self.rows[row &* laneCount &+ lane] = value.bitPattern
    }

    /// The same number in all lanes of row `row`.
    @inline(__always) func fill(_ row: Int, _ value: Float) {
        for lane in 0 ..< laneCount { self.set(row, lane, value) }
    }

    /// The same number in some lanes of row `row`.
    @inline(__always) func fill(_ row: Int, _ lanes: MaskLanes, _ value: Float) {
        select(lanes, FloatLanes(value), self.floats(row)).store(to: self.rows + row &* laneCount)
    }

    /// The same integer in some lanes of row `row`.
    @inline(__always) func fill(_ row: Int, _ lanes: MaskLanes, _ value: UInt32) {
        select(lanes, UIntLanes(value), self.words(row)).store(to: self.rows + row &* laneCount)
    }

    /// The same vector in some lanes of the rows `row`, `row` + 1 and `row` + 2.
    @inline(__always) func fill(_ row: Int, _ lanes: MaskLanes, _ value: Vector3) {
        self.fill(row, lanes, value.x)
        self.fill(row &+ 1, lanes, value.y)
        self.fill(row &+ 2, lanes, value.z)
    }

    /// Integers, one a lane, for row `row`.
    @inline(__always) func set(_ row: Int, _ values: UIntLanes) { values.store(to: self.rows + row &* laneCount) }

    /// An integer of row `row`.
    @inline(__always) func set(_ row: Int, _ lane: Int, _ value: UInt32) {
        self.rows[row &* laneCount &+ lane] = value
    }

    /// A vector of the rows `row`, `row` + 1 and `row` + 2.
    @inline(__always) func set(_ row: Int, _ lane: Int, _ value: Vector3) {
        self.set(row, lane, value.x)
        self.set(row &+ 1, lane, value.y)
        self.set(row &+ 2, lane, value.z)
    }

    /// The integer of a lane of row `row`.
    @inline(__always) func word(_ row: Int, _ lane: Int) -> UInt32 { self.rows[row &* laneCount &+ lane] }

    @inline(__always) func floats(_ row: Int) -> FloatLanes { FloatLanes(at: self.rows + row &* laneCount) }

    @inline(__always) func words(_ row: Int) -> UIntLanes { UIntLanes(at: self.rows + row &* laneCount) }

    @inline(__always) func vectors(_ row: Int) -> Vector3Lanes {
        Vector3Lanes(self.floats(row), self.floats(row &+ 1), self.floats(row &+ 2))
    }
}
