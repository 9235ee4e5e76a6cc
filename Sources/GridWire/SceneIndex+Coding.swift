extension SceneIndex {
    /// The canonical CBOR map `{0: assets, 1: firstFrame, 2: [frame, ...], 3: names}`; a blob is `[size, [chunk, ...]]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.map(4)
        encoder.key(0)
        self.assets.append(to: &encoder)
        encoder.key(1)
        encoder.integer(self.firstFrame)
        encoder.key(2)
        encoder.array(self.frames) { $1.append(to: &$0) }
        encoder.key(3)
        self.names.append(to: &encoder)
        return encoder.bytes
    }

    /// Reads an encoded index.
    ///
    /// - Throws: ``WireError`` when it is not canonical, too long, or the chunks of a blob do not fit its size.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.encodedSizeMax else {
            throw WireError(.outOfRange, "a scene index of \(bytes.count) bytes is too long")
        }
        self = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in
            try decoder.map(exactly: 4, "a scene index") { (decoder) throws(WireError) in
                try decoder.key(0)
                let assets = try Blob(from: &decoder)
                try decoder.key(1)
                let firstFrame = try decoder.frame()
                try decoder.key(2)
                let frames = try decoder.array(countMax: JobManifest.frameCountMax, "the list of frames") {
                    (decoder) throws(WireError) in try Blob(from: &decoder)
                }
                try decoder.key(3)
                var index = Self(assets: assets, firstFrame: firstFrame, frames: frames)
                index.names = try Blob(from: &decoder)
                return index
            }
        }
    }

    /// Every chunk that a worker needs for a frame, or nothing when the index does not hold the frame.
    public func chunks(forFrame frame: Int) -> [ChunkID]? {
        let (index, hasOverflowed) = frame.subtractingReportingOverflow(self.firstFrame)
        guard !hasOverflowed, self.frames.indices.contains(index) else { return nil }
        return self.assets.chunks + self.frames[index].chunks
    }
}

extension SceneIndex.Blob {
    /// The number of bytes of a chunk of this blob, by its position, which must be valid.
    public func size(ofChunk index: Int) -> Int {
        let start = UInt64(index) * UInt64(SceneIndex.chunkSize)
        return Int(min(UInt64(SceneIndex.chunkSize), self.size - start))
    }

    func append(to encoder: inout CBOREncoder) {
        encoder.array(2)
        encoder.unsigned(self.size)
        encoder.chunks(self.chunks)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.array(exactly: 2, "a blob") { (decoder) throws(WireError) in
            let size = try decoder.unsigned(max: SceneIndex.blobSizeMax, "the size of a blob")
            let chunks = try decoder.chunks()
            let chunkSize = UInt64(SceneIndex.chunkSize)
            guard UInt64(chunks.count) == (size + chunkSize - 1) / chunkSize else {
                throw WireError(.outOfRange, "\(chunks.count) chunks do not make a blob of \(size) bytes")
            }
            return Self(size: size, chunks: chunks)
        }
    }
}
