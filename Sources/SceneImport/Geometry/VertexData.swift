/// The vertices and indices of a primitive, out of accessors or decompressed.
struct VertexData {
    private let primitive: GLTF.Primitive
    private let accessors: AccessorReader
    private let draco: DracoMesh?
    /// The number of vertices.
    let vertexCount: Int

    /// Finds out where the data lies; `position` is the accessor of the positions.
    init(_ primitive: GLTF.Primitive, position: Int, accessors: AccessorReader) throws(ImportError) {
        self.primitive = primitive
        self.accessors = accessors
        self.vertexCount = try accessors.count(of: position)
        if let compression = primitive.extensions?.draco {
            self.draco = try DracoMesh(
                try accessors.bytes(ofView: compression.bufferView),
                expected: self.vertexCount
            )
        } else {
            self.draco = nil
        }
    }

    /// An attribute with one element for each vertex, or nothing where the primitive has none.
    func floats(_ name: String, _ shape: AccessorReader.Shape) throws(ImportError) -> [Float]? {
        guard let accessor = self.primitive.attributes[name] else { return nil }
        do throws(ImportError) {
            if let draco, let identifier = self.primitive.extensions?.draco?.attributes[name] {
                guard try self.accessors.shape(of: accessor) == shape else {
                    throw ImportError(.malformed, "is not of type \(shape.rawValue)")
                }
                let divisor = try self.accessors.divisor(of: accessor)
                return try draco.floats(identifier, width: shape.count, divisor: divisor)
            }
            return try self.floats(accessor: accessor, shape)
        } catch {
            throw error.located(at: "attribute \(name)")
        }
    }

    /// The numbers of an accessor that has one element for each vertex.
    func floats(accessor: Int, _ shape: AccessorReader.Shape) throws(ImportError) -> [Float] {
        try self.checkCount(accessor)
        return try self.accessors.floats(accessor, shape: shape)
    }

    /// Four joint numbers for each vertex, or nothing where the primitive has none.
    func joints(_ name: String) throws(ImportError) -> [UInt16]? {
        guard let accessor = self.primitive.attributes[name] else { return nil }
        do throws(ImportError) {
            let values: [UInt32]
            if let draco, let identifier = self.primitive.extensions?.draco?.attributes[name] {
                values = try draco.floats(identifier, width: 4, divisor: 1).map { UInt32(max(0, min($0, 1e6))) }
            } else {
                try self.checkCount(accessor)
                values = try self.accessors.integers(accessor, shape: .vector4)
            }
            guard values.largest <= UInt16.max else {
                throw ImportError(.malformed, "names joint \(values.largest), which no skin has")
            }
            return values.map { UInt16(truncatingIfNeeded: $0) }
        } catch {
            throw error.located(at: "attribute \(name)")
        }
    }

    /// Three numbers of 0...1 for each vertex, or nothing where the primitive has no colours, and one of alpha, or nothing
    /// where all are 1.
    func colors() throws(ImportError) -> (values: [Float], alphas: [Float])? {
        guard let accessor = self.primitive.attributes["COLOR_0"] else { return nil }
        guard try self.accessors.shape(of: accessor) == .vector4 else {
            return try self.floats("COLOR_0", .vector3).map { ($0.map { $0 > 0 ? min($0, 1) : 0 }, []) }
        }
        guard let all = try self.floats("COLOR_0", .vector4) else { return nil }
        let values = [Float](unsafeUninitializedCapacity: all.count / 4 * 3) { output, written in
            for i in 0 ..< all.count / 4 {
                for k in 0 ..< 3 { output[3 * i + k] = all[4 * i + k] > 0 ? min(all[4 * i + k], 1) : 0 }
            }
            written = all.count / 4 * 3
        }
        let alphas = stride(from: 3, to: all.count, by: 4).map { all[$0] > 0 ? min(all[$0], 1) : 0 }
        return (values, alphas.contains { $0 < 1 } ? alphas : [])
    }

    /// How many vertex numbers the primitive has, before they are read.
    func indexCount() throws(ImportError) -> Int {
        if let accessor = self.primitive.indices { return try self.accessors.count(of: accessor) }
        return self.vertexCount
    }

    /// The vertex numbers of the primitive, all of existing vertices.
    func indices() throws(ImportError) -> [UInt32] {
        if let draco { return draco.indices }
        guard let accessor = self.primitive.indices else {
            return (0 ..< self.vertexCount).map { UInt32(truncatingIfNeeded: $0) }
        }
        let indices = try self.accessors.integers(accessor)
        guard indices.isEmpty || indices.largest < self.vertexCount else {
            throw ImportError(
                .malformed,
                "an index is \(indices.largest), and there are \(self.vertexCount) vertices"
            )
        }
        return indices
    }

    private func checkCount(_ accessor: Int) throws(ImportError) {
        let count = try self.accessors.count(of: accessor)
        guard count == self.vertexCount else {
            throw ImportError(.malformed, "has \(count) elements, and there are \(self.vertexCount) positions")
        }
    }
}
