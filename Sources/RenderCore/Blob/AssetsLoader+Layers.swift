extension AssetsLoader {
    mutating func loadLayers(_ reader: inout BlobReader) throws(SceneBlobError) {
        let stacks = try reader.records(wordsEach: MaterialLayers.stackWords)
        let layers = try reader.records(wordsEach: MaterialLayers.layerWords)
        guard stacks.count <= min(self.materialCount, LayerRange.stacksMax) else {
            throw SceneBlobError(
                .malformed,
                "there are \(stacks.count) layer stacks for \(self.materialCount) materials"
            )
        }
        self.layerStacks = self.memory.allocate(LayerStackData.self, count: stacks.count)
        var used = 0
        for i in 0 ..< stacks.count {
            var cursor = stacks.cursor(at: i)
            let count = cursor.count()
            let mixtures = try Self.mixtures(&cursor, stack: i)
            guard 1 ... LayerStack.layersMax ~= count, count <= layers.count - used else {
                throw SceneBlobError(.malformed, "layer stack \(i) has \(count) layers, or the blob has fewer")
            }
            var stack = LayerStack([])
            for number in used ..< used + count {
                var cursor = layers.cursor(at: number)
                guard let layer = MaterialLayers.layer(&cursor) else {
                    throw SceneBlobError(.malformed, "layer \(number) is of an unknown kind")
                }
                stack.layers.append(layer)
            }
            let checked = try stack.checked("the layers of stack \(i)")
            // A layer has one encoding, and its numbers are in their ranges.
            for (k, layer) in checked.layers.enumerated() {
                var cursor = layers.cursor(at: used + k)
                for word in MaterialLayers.words(layer) where cursor.word() != word {
                    throw SceneBlobError(.invalidValue, "layer \(used + k) has a number that is out of range")
                }
            }
            used += count
            (self.layerStacks + i).initialize(
                to: LayerStackData(checked, mixtures: mixtures, memory: self.memory)
            )
        }
        guard used == layers.count else {
            throw SceneBlobError(.malformed, "the blob has more layers than its stacks claim")
        }
        self.layerStackCount = stacks.count
    }

    private static func mixtures(
        _ cursor: inout BlobCursor,
        stack: Int
    ) throws(SceneBlobError) -> [LayerDensity.Bin] {
        var mixtures: [LayerDensity.Bin] = []
        for _ in 0 ..< LayerDensity.bins {
            let bin = LayerDensity.Bin(
                outer: try cursor.float(SceneRange.fraction, "layer stack", stack),
                inner: try cursor.float(SceneRange.fraction, "layer stack", stack),
                innerAlpha: try cursor.float(LayerDensity.alpha, "layer stack", stack)
            )
            // The diffuse share of the encoder, with room for rounding.
            guard bin.outer + bin.inner <= 1 - 0.5 * LayerDensity.diffuseMin else {
                throw SceneBlobError(.invalidValue, "layer stack \(stack) leaves no room for diffuse light")
            }
            mixtures.append(bin)
        }
        return mixtures
    }
}
