extension JobManifest {
    /// Writes `{0: title, 1: grid, 2: sceneRoot, 3: assetSize, 4: firstFrame, 5: frameCount, 6: width, 7: height,
    /// 8: samples, 9: maxDepth, 10: seed, 11: coreVersion, 12: submittedAt, 13: memory, 14: channels}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(15)
        encoder.key(0)
        encoder.text(self.title)
        encoder.key(1)
        encoder.text(self.grid)
        encoder.key(2)
        encoder.digest(self.sceneRoot.digest)
        encoder.key(3)
        encoder.unsigned(self.assetSize)
        encoder.key(4)
        encoder.integer(self.firstFrame)
        encoder.key(5)
        encoder.integer(self.frameCount)
        encoder.key(6)
        encoder.integer(self.width)
        encoder.key(7)
        encoder.integer(self.height)
        encoder.key(8)
        encoder.integer(self.samples)
        encoder.key(9)
        encoder.integer(self.maxDepth)
        encoder.key(10)
        encoder.unsigned(UInt64(self.seed))
        encoder.key(11)
        encoder.digest(self.coreVersion)
        encoder.key(12)
        encoder.unsigned(self.submittedAt)
        encoder.key(13)
        encoder.unsigned(self.memory)
        encoder.key(14)
        encoder.integer(self.channels)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 15, "a manifest") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        let edges = 1 ... FrameGeometry.frameEdgeMax
        try decoder.key(0)
        self.title = try decoder.text(sizeMax: Self.titleSizeMax, "the title")
        try decoder.key(1)
        self.grid = try decoder.text(sizeMax: Self.gridNameSizeMax, "the grid's name")
        try decoder.key(2)
        self.sceneRoot = ChunkID(try decoder.digest("the scene root"))
        try decoder.key(3)
        self.assetSize = try decoder.unsigned(max: WireLimits.assetSizeMax, "the size of the assets")
        try decoder.key(4)
        self.firstFrame = try decoder.frame()
        try decoder.key(5)
        self.frameCount = try decoder.integer(1 ... Self.frameCountMax, "the number of frames")
        try decoder.key(6)
        self.width = try decoder.integer(edges, "the width")
        try decoder.key(7)
        self.height = try decoder.integer(edges, "the height")
        try decoder.key(8)
        self.samples = try decoder.integer(1 ... Self.samplesMax, "the number of samples")
        try decoder.key(9)
        self.maxDepth = try decoder.integer(1 ... Self.depthMax, "the depth")
        try decoder.key(10)
        self.seed = UInt32(truncatingIfNeeded: try decoder.unsigned(max: UInt64(UInt32.max), "the seed"))
        try decoder.key(11)
        self.coreVersion = try decoder.digest("the core version")
        try decoder.key(12)
        self.submittedAt = try decoder.unsigned()
        try decoder.key(13)
        self.memory = try decoder.unsigned(max: WireLimits.memoryMax, "the memory")
        try decoder.key(14)
        self.channels = try decoder.integer(0 ... Self.channelsMax, "the channels")
        guard WireLimits.frameNumbers.contains(self.firstFrame + self.frameCount - 1) else {
            throw WireError(.outOfRange, "the last frame would be \(self.firstFrame + self.frameCount - 1)")
        }
    }
}
