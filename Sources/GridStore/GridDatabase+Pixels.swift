import FoundationEssentials
import GRDB
public import GridWire

/// Where the verified pixels of a unit lie.
public struct StoredPixels: Hashable, Sendable {
    /// The unit.
    public var unit: UnitID
    /// The root of the unit's leaves, which the pixels were verified against.
    public var root: Digest
    /// The chunk that holds the unit's block payloads.
    public var chunk: ChunkID
    /// The size of the chunk in bytes.
    public var size: Int

    /// Creates the place of a unit's pixels.
    public init(unit: UnitID, root: Digest, chunk: ChunkID, size: Int) {
        self.unit = unit
        self.root = root
        self.chunk = chunk
        self.size = size
    }
}

extension GridDatabase {
    /// Remembers where the pixels of units lie; a unit that was known moves to the new place.
    ///
    /// Put the chunk first, with the same durability: then a place never names a chunk that was lost.
    public func setPixels(
        _ pixels: [StoredPixels],
        of job: JobID,
        durability: Durability
    ) async throws(StoreError) {
        if pixels.isEmpty { return }
        try await self.writer.write(durability) { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO unit_pixels (job, frame, tile, first_block, block_count, root, chunk, size)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            )
            for place in pixels {
                let unit = place.unit
                try statement.execute(arguments: [
                    job.digest.blob, unit.frame, unit.tile, unit.firstBlock, unit.blockCount, place.root.blob,
                    place.chunk.digest.blob, place.size,
                ])
            }
        }
    }

    /// Where the pixels of a job's units lie, ascending by unit; of one frame only where that is asked.
    public func pixels(of job: JobID, frame: Int? = nil) async throws(StoreError) -> [StoredPixels] {
        let path = self.path
        return try await self.read { db in
            var places: [StoredPixels] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT frame, tile, first_block, block_count, root, chunk, size FROM unit_pixels
                    WHERE job = ? AND (? IS NULL OR frame = ?)
                    ORDER BY frame, tile, first_block, block_count
                    """,
                arguments: [job.digest.blob, frame, frame]
            )
            while let row = try rows.next() {
                places.append(try StoredPixels(row, path: path))
            }
            return places
        }
    }

    /// Where the pixels of one unit lie, or nothing when they are not held.
    public func pixels(of unit: UnitID, in job: JobID) async throws(StoreError) -> StoredPixels? {
        let path = self.path
        return try await self.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT frame, tile, first_block, block_count, root, chunk, size FROM unit_pixels
                    WHERE job = ? AND frame = ? AND tile = ? AND first_block = ? AND block_count = ?
                    """,
                arguments: [job.digest.blob, unit.frame, unit.tile, unit.firstBlock, unit.blockCount]
            ).map { try StoredPixels($0, path: path) }
        }
    }

    /// Forgets where the pixels of units lie, since their chunk was lost or refused.
    public func removePixels(_ units: [UnitID], of job: JobID) async throws(StoreError) {
        if units.isEmpty { return }
        try await self.writer.write(.committed) { db in
            let statement = try db.cachedStatement(
                sql: """
                    DELETE FROM unit_pixels
                    WHERE job = ? AND frame = ? AND tile = ? AND first_block = ? AND block_count = ?
                    """
            )
            for unit in units {
                try statement.execute(arguments: [
                    job.digest.blob, unit.frame, unit.tile, unit.firstBlock, unit.blockCount,
                ])
            }
        }
    }
}

extension StoredPixels {
    fileprivate init(_ row: Row, path: String) throws(StoreError) {
        self.init(
            unit: UnitID(
                frame: row["frame"],
                tile: row["tile"],
                firstBlock: row["first_block"],
                blockCount: row["block_count"]
            ),
            root: try Digest(column: row["root"], path: path),
            chunk: ChunkID(try Digest(column: row["chunk"], path: path)),
            size: row["size"]
        )
    }
}
