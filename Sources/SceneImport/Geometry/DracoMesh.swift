import CDracoShim

/// The geometry of a primitive with `KHR_draco_mesh_compression`, decompressed.
final class DracoMesh {
    private let mesh: OpaquePointer
    /// The number of vertices.
    let vertexCount: Int

    /// Decompresses the bytes, which must hold as many vertices as `expected`.
    init(_ bytes: ByteView, expected: Int) throws(ImportError) {
        var reason = [CChar](repeating: 0, count: 256)
        let decoded = bytes.withUnsafeBytes { tessera_draco_decode($0.baseAddress, $0.count, &reason, reason.count) }
        guard let decoded else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw ImportError(.malformed, "its compressed geometry is damaged (Draco: \(text)): export the file again")
        }
        self.mesh = decoded
        self.vertexCount = tessera_draco_vertex_count(decoded)
        guard self.vertexCount == expected else {
            throw ImportError(
                .malformed,
                "its compressed geometry has \(self.vertexCount) vertices, its accessors promise \(expected)"
            )
        }
    }

    deinit {
        tessera_draco_free(self.mesh)
    }

    /// Three vertex numbers for each triangle, all below ``vertexCount``.
    var indices: [UInt32] {
        let count = 3 * tessera_draco_triangle_count(self.mesh)
        return [UInt32](unsafeUninitializedCapacity: count) { output, written in
            if let target = output.baseAddress { tessera_draco_copy_indices(self.mesh, target) }
            written = count
        }
    }

    /// The numbers of an attribute; `identifier` is the one that the document gives.
    func floats(_ identifier: Int, width: Int, divisor: Float) throws(ImportError) -> [Float] {
        guard let id = UInt32(exactly: identifier), Int(tessera_draco_component_count(self.mesh, id)) == width else {
            throw ImportError(.malformed, "its compressed geometry has no attribute \(identifier) of \(width) numbers")
        }
        var isComplete = false
        let count = self.vertexCount * width
        var values = [Float](unsafeUninitializedCapacity: count) { output, written in
            if let target = output.baseAddress {
                isComplete = tessera_draco_copy_attribute(self.mesh, id, target) != 0
            } else {
                isComplete = true
            }
            written = isComplete ? count : 0
        }
        guard isComplete, values.firstNotFinite == nil else {
            throw ImportError(.malformed, "attribute \(identifier) of its compressed geometry has unusable numbers")
        }
        if divisor != 1 {
            for i in values.indices { values[i] = max(values[i] / divisor, -1) }
        }
        return values
    }
}
