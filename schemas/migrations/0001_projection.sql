-- How far each projection is. A checkpoint moves in the same transaction as the rows that it accounts for, and only
-- from the place where its projector thought it was: who lost his partition writes nothing.

CREATE SCHEMA projection;

CREATE TABLE projection.checkpoint (
    projection  text    COLLATE "C" NOT NULL,
    topic       text    COLLATE "C" NOT NULL,
    partition   integer NOT NULL CHECK (partition >= 0),
    -- The next offset to read: everything below it is in the rows.
    next_offset bigint  NOT NULL CHECK (next_offset >= 0),
    -- The history of the partition that was read; none before its first claim.
    log         uuid,
    -- The stored position of the log protocol: where to begin again, and which record must be met there.
    position    jsonb   NOT NULL,
    -- Kafka's time of the newest record that is in the rows.
    recorded_at timestamptz,
    PRIMARY KEY (projection, topic, partition)
) WITH (fillfactor = 40);

COMMENT ON TABLE projection.checkpoint IS 'how far each projection is; moves together with its rows, by compare-and-set';
