import GRDB

extension GridDatabase {
    /// Brings a database of any earlier version up to date; a step that was released never changes.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first light") { db in
            try db.execute(
                sql: """
                    -- A job's manifest is the record of the same id.
                    CREATE TABLE job (
                        id BLOB NOT NULL PRIMARY KEY,
                        roles INTEGER NOT NULL,
                        phase INTEGER NOT NULL,
                        received_at INTEGER NOT NULL,
                        changed_at INTEGER NOT NULL
                    ) STRICT;

                    -- The row number keeps the order of arrival, in which records are replayed.
                    CREATE TABLE record (
                        number INTEGER PRIMARY KEY,
                        id BLOB NOT NULL UNIQUE,
                        job BLOB NOT NULL,
                        kind INTEGER NOT NULL,
                        signer BLOB NOT NULL,
                        body BLOB NOT NULL,
                        signature BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX record_of_job ON record (job, kind, signer);

                    CREATE TABLE unit_leaves (
                        job BLOB NOT NULL,
                        root BLOB NOT NULL,
                        leaves BLOB NOT NULL,
                        PRIMARY KEY (job, root)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE unit_pixels (
                        job BLOB NOT NULL,
                        frame INTEGER NOT NULL,
                        tile INTEGER NOT NULL,
                        first_block INTEGER NOT NULL,
                        block_count INTEGER NOT NULL,
                        chunk BLOB NOT NULL,
                        size INTEGER NOT NULL,
                        PRIMARY KEY (job, frame, tile, first_block, block_count)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE peer (
                        id BLOB NOT NULL PRIMARY KEY,
                        agent TEXT NOT NULL,
                        addresses TEXT NOT NULL,
                        first_seen_at INTEGER NOT NULL,
                        last_seen_at INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX peer_by_last_seen ON peer (last_seen_at);

                    CREATE TABLE day_counter (
                        day INTEGER NOT NULL,
                        name TEXT NOT NULL,
                        amount REAL NOT NULL,
                        PRIMARY KEY (day, name)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE setting (
                        name TEXT NOT NULL PRIMARY KEY,
                        value TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("2 no leaves") { db in
            // Stewards ask each other and the workers for leaves; nobody ever read these.
            try db.execute(sql: "DROP TABLE unit_leaves")
        }
        migrator.registerMigration("3 roots of pixels") { db in
            // Of pixels that were stored before, nobody could say what they were verified against: a steward asks for them again.
            try db.execute(
                sql: """
                    DROP TABLE unit_pixels;
                    CREATE TABLE unit_pixels (
                        job BLOB NOT NULL,
                        frame INTEGER NOT NULL,
                        tile INTEGER NOT NULL,
                        first_block INTEGER NOT NULL,
                        block_count INTEGER NOT NULL,
                        root BLOB NOT NULL,
                        chunk BLOB NOT NULL,
                        size INTEGER NOT NULL,
                        PRIMARY KEY (job, frame, tile, first_block, block_count)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("4 order of meetings") { db in
            // Who was met before a job was heard of; of older jobs nobody knows, so that all count as met later.
            try db.execute(
                sql: """
                    ALTER TABLE peer ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
                    UPDATE peer SET number = place.number FROM (
                        SELECT id, row_number() OVER (ORDER BY first_seen_at, id) AS number FROM peer) AS place
                    WHERE place.id = peer.id;
                    ALTER TABLE job ADD COLUMN met_before INTEGER NOT NULL DEFAULT 0;
                    """
            )
        }
        return migrator
    }
}
