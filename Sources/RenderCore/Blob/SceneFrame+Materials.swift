extension SceneFrame {
    /// The words of the record of a frame's own material: its number, then what a material of the assets has.
    static var materialWords: Int { 1 + SceneAssets.materialWords }

    /// Writes two sections: the materials that take the place of others, and their further lobes.
    func writeMaterials(
        _ assets: SceneAssets,
        _ writer: inout BlobWriter<some BlobOutput>
    ) throws(SceneBlobError) {
        var words: [UInt32] = []
        var lobes = MaterialLobeRecords()
        for (i, material) in self.materials.sorted(by: { $0.key < $1.key }) {
            guard assets.materials.indices.contains(i) else {
                throw SceneBlobError(
                    .invalidValue,
                    "the frame has a material \(i) of its own, but there are \(assets.materials.count)"
                )
            }
            guard material.layers == assets.materials[i].layers else {
                throw SceneBlobError(
                    .invalidValue,
                    "the frame's material \(i) has other layers than that of the assets"
                )
            }
            words.append(UInt32(i))
            // Its stack is that of the assets.
            try assets.appendRecord(of: material, number: i, stack: 0, &lobes, to: &words)
        }
        try writer.section(words)
        try writer.section(lobes.records)
    }

    /// How much brighter a material of the assets is in this frame: 0 where it does not glow.
    func brightness(_ i: Int, _ assets: SceneAssets) -> Float {
        guard let own = self.materials[i], assets.materials.indices.contains(i) else { return 1 }
        let e = Vector3(own.emission)
        let f = Vector3(assets.materials[i].emission)
        let (now, usual) = ((e.x + e.y) + e.z, (f.x + f.y) + f.z)
        return usual > 0 ? now / usual : 0
    }
}

extension SceneLoader {
    /// Reads the materials that this frame has of its own; instances and lights need not be loaded.
    mutating func loadMaterials(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneFrame.materialWords)
        let lobeRecords = try reader.records(wordsEach: MaterialLobeRecords.words)
        guard lobeRecords.count <= records.count else {
            throw SceneBlobError(
                .malformed,
                "the frame has \(lobeRecords.count) records of lobes for \(records.count) materials"
            )
        }
        guard records.count > 0 else { return }
        // The assets' lobes, those of a material without any, and the frame's own.
        let first = self.assets.lobeCount + 1
        let lobes = self.memory.allocate(LobeData.self, count: first + lobeRecords.count)
        lobes.initialize(from: self.assets.lobes, count: first)
        for i in 0 ..< lobeRecords.count {
            var cursor = lobeRecords.cursor(at: i)
            let own = try AssetsData.lobes(&cursor, i)
            try AssetsData.check(own, number: i, imageCount: self.assets.imageCount)
            (lobes + first + i).initialize(to: own)
        }
        let materials = self.memory.allocate(MaterialData.self, count: self.assets.materialCount)
        materials.initialize(from: self.assets.materials, count: self.assets.materialCount)
        var last = -1
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let number = cursor.count()
            guard number > last, number < self.assets.materialCount else {
                throw SceneBlobError(.malformed, "the frame's materials are not in order at \(i), or there are fewer")
            }
            last = number
            var material = try AssetsData.material(&cursor, number)
            guard material.layers < 0 else {
                throw SceneBlobError(.malformed, "the frame's material \(number) brings layers of its own")
            }
            material.layers = materials[number].layers
            if material.lobes >= 0 { material.lobes += first }
            try AssetsData.check(material, number: number, imageCount: self.assets.imageCount)
            materials[number] = material
            try AssetsData.connect(
                materials + number,
                number: number,
                lobes,
                count: first + lobeRecords.count,
                none: self.assets.lobeCount
            )
        }
        self.materials = UnsafePointer(materials)
        self.lobes = UnsafePointer(lobes)
        self.needs = SurfaceNeeds(materials, count: self.assets.materialCount)
    }
}
