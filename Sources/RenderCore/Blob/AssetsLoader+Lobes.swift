extension AssetsLoader {
    /// Reads the records of further lobes; behind them lies one of a material that has none.
    mutating func loadLobes(_ records: BlobRecords) throws(SceneBlobError) {
        guard records.count <= self.materialCount else {
            throw SceneBlobError(
                .malformed,
                "there are \(records.count) records of lobes for \(self.materialCount) materials"
            )
        }
        self.lobes = self.memory.allocate(LobeData.self, count: records.count + 1)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            (self.lobes + i).initialize(to: try AssetsData.lobes(&cursor, i))
        }
        (self.lobes + records.count).initialize(to: LobeData())
        self.lobeCount = records.count
        for i in 0 ..< self.materialCount {
            try AssetsData.connect(
                self.materials + i,
                number: i,
                self.lobes,
                count: self.lobeCount,
                none: self.lobeCount
            )
        }
    }
}
