/// How vertices form triangles (glTF 2.0, section 3.7.2.1).
enum Topology {
    case list, strip, fan

    /// The topology of a primitive's mode, or nothing for points and lines.
    init?(mode: Int) {
        switch mode {
        case 4: self = .list
        case 5: self = .strip
        case 6: self = .fan
        default: return nil
        }
    }

    /// The most triangles that so many indices make.
    func triangleCount(_ indices: Int) -> Int {
        switch self {
        case .list: indices / 3
        case .strip, .fan: max(indices - 2, 0)
        }
    }

    /// The triangles as a list; those that use a vertex twice have no area and are left out.
    func triangles(_ indices: [UInt32]) -> [UInt32] {
        if case .list = self, indices.count % 3 == 0, !Self.hasFlatTriangle(indices) { return indices }
        let count = self.triangleCount(indices.count)
        return [UInt32](unsafeUninitializedCapacity: 3 * count) { output, written in
            indices.withUnsafeBufferPointer { indices in
                for i in 0 ..< count {
                    let corners =
                        switch self {
                        case .list: (indices[3 * i], indices[3 * i + 1], indices[3 * i + 2])
                        case .strip where i % 2 == 0: (indices[i], indices[i + 1], indices[i + 2])
                        case .strip: (indices[i + 1], indices[i], indices[i + 2])
                        case .fan: (indices[i + 1], indices[i + 2], indices[0])
                        }
                    if corners.0 != corners.1, corners.1 != corners.2, corners.2 != corners.0 {
                        output[written] = corners.0
                        output[written + 1] = corners.1
                        output[written + 2] = corners.2
                        written += 3
                    }
                }
            }
        }
    }

    private static func hasFlatTriangle(_ indices: [UInt32]) -> Bool {
        indices.withUnsafeBufferPointer { indices in
            for i in stride(from: 0, to: indices.count, by: 3) {
                let (a, b, c) = (indices[i], indices[i &+ 1], indices[i &+ 2])
                if a == b || b == c || c == a { return true }
            }
            return false
        }
    }
}
