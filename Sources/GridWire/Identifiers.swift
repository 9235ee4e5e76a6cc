/// The name of a job: the record id of its signed ``JobManifest``.
public struct JobID: Hashable, Sendable, Comparable {
    /// The record id of the manifest.
    public let digest: Digest

    /// Creates a job id from the record id of its manifest.
    public init(_ digest: Digest) {
        self.digest = digest
    }

    /// Orders job ids by their bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.digest < b.digest
    }
}

/// The name of a chunk: the digest of its bytes.
public struct ChunkID: Hashable, Sendable, Comparable {
    /// The digest of the chunk's bytes.
    public let digest: Digest

    /// Creates a chunk id from a digest.
    public init(_ digest: Digest) {
        self.digest = digest
    }

    /// Orders chunk ids by their bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.digest < b.digest
    }
}

/// The name of a signed record: the digest of its kind, signer and body (not of its signature).
public struct RecordID: Hashable, Sendable, Comparable {
    /// The digest of kind, signer and body.
    public let digest: Digest

    /// Creates a record id from a digest.
    public init(_ digest: Digest) {
        self.digest = digest
    }

    /// Orders record ids by their bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.digest < b.digest
    }
}

/// What is leased: consecutive blocks of one tile of one frame.
public struct UnitID: Hashable, Sendable, Comparable {
    /// The number of the frame, as the animator counts it.
    public let frame: Int
    /// The tile's index, row-major from the top left.
    public let tile: Int
    /// The index of the first block within the tile, row-major from the tile's top left.
    public let firstBlock: Int
    /// The number of blocks, at least 1 and at most 64.
    public let blockCount: Int

    /// Creates a unit id; the ranges are checked where units are matched with a manifest.
    public init(frame: Int, tile: Int, firstBlock: Int, blockCount: Int) {
        self.frame = frame
        self.tile = tile
        self.firstBlock = firstBlock
        self.blockCount = blockCount
    }

    /// Orders units by frame, tile and first block.
    public static func < (a: Self, b: Self) -> Bool {
        (a.frame, a.tile, a.firstBlock, a.blockCount) < (b.frame, b.tile, b.firstBlock, b.blockCount)
    }
}
