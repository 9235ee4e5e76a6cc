extension SceneLoader {
    /// Appends the meshes that have a pose in this frame to those of the assets.
    mutating func loadDeformedMeshes(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneFrame.deformedMeshWords)
        var positions = Slices(
            try reader.floats("deformed positions", limit: SceneRange.coordinate.upperBound),
            "deformed positions"
        )
        var normals = Slices(
            try reader.floats("deformed normals", limit: SceneRange.coordinate.upperBound),
            "deformed normals"
        )
        var tangents = Slices(
            try reader.floats("deformed tangents", limit: SceneRange.coordinate.upperBound),
            "deformed tangents"
        )
        var closingPositions = Slices(
            try reader.floats("closing positions", limit: SceneRange.coordinate.upperBound),
            "closing positions"
        )
        var closingNormals = Slices(
            try reader.floats("closing normals", limit: SceneRange.coordinate.upperBound),
            "closing normals"
        )
        var lights = try MeshLightSlices(&reader)
        let first = self.meshCount
        let meshes = self.memory.allocate(MeshData.self, count: first + records.count)
        meshes.initialize(from: self.meshes, count: first)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let mesh = cursor.count()
            guard mesh < first else {
                throw SceneBlobError(
                    .invalidValue,
                    "deformed mesh \(i) refers to mesh \(mesh), but there are \(first)"
                )
            }
            // The indices of the mesh stay below this.
            let vertexCount = self.assets.meshVertexCounts[mesh]
            let source = meshes[mesh]
            var data = MeshData(
                positions: try positions.next(vertexCount, times: 3).pointer,
                normals: source.normals == nil ? nil : try normals.next(vertexCount, times: 3).pointer,
                tangents: source.tangents == nil ? nil : try tangents.next(vertexCount, times: 4).pointer,
                textureCoordinates: source.textureCoordinates,
                secondCoordinates: source.secondCoordinates,
                colors: source.colors,
                indices: source.indices,
                triangleCount: source.triangleCount,
                material: source.material,
                lights: try lights.next(&cursor, triangles: source.triangleCount, mesh: first + i)
            )
            var box = meshBox(data.positions, count: vertexCount)
            let isMoving = cursor.word()
            guard isMoving <= 1 else {
                throw SceneBlobError(.malformed, "deformed mesh \(i) neither moves nor stands still")
            }
            if isMoving == 1 {
                let positions = try closingPositions.next(vertexCount, times: 3).pointer
                data.closingPositions = positions
                if source.normals != nil {
                    data.closingNormals = try closingNormals.next(vertexCount, times: 3).pointer
                }
                let closing = meshBox(positions, count: vertexCount)
                box = (box.low.smaller(closing.low), box.high.larger(closing.high))
            }
            (meshes + first + i).initialize(to: data)
            self.meshBoxes.append(box)
        }
        try positions.finish()
        try normals.finish()
        try tangents.finish()
        try closingPositions.finish()
        try closingNormals.finish()
        try lights.finish()
        self.meshes = meshes
        self.meshCount = first + records.count
    }
}
