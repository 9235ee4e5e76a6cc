/// NanoVDB files by themselves, for tests.
package enum NanoVDBProbe {
    /// The bytes of a grid of a file, decoded.
    package static func grid(_ name: String, of file: [UInt8]) throws(ImportError) -> [UInt8] {
        try NanoVDBFile(ByteView(file)).decoded(name, limits: .standard).array
    }

    /// The voxels of a decoded grid: the first one, how many there are along each axis, and their numbers, x fastest.
    package static func values(
        _ grid: [UInt8]
    ) throws(ImportError) -> (low: SIMD3<Int>, count: SIMD3<Int>, values: [Float]) {
        let grid = try NanoVDBGrid(ByteView(grid), limits: .standard)
        let count = grid.range.count
        guard count.max() <= 2_048, count.x * count.y * count.z <= 1 << 22 else {
            throw ImportError(.tooLarge, "it is too large for a test")
        }
        return (grid.range.low, count, try grid.values(in: grid.range))
    }
}
