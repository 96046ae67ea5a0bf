//! Checkpoints: read at the start, moved with the rows, and only from where they were last seen.

use std::collections::BTreeMap;
use tillroll_log::{LogId, Offset, PartitionId, StoredPosition, Timestamp};
use tillroll_postgres::{Connection, Error, Transaction, execute};
use uuid::Uuid;

/// A new partition starts at the beginning, so that moving a checkpoint is always an update.
const ENSURE: &str = "
    INSERT INTO projection.checkpoint (projection, topic, partition, next_offset, position)
    SELECT $1, $2, n.partition, 0, $3::text::jsonb
    FROM generate_series(0, $4::integer - 1) AS n (partition)
    ON CONFLICT (projection, topic, partition) DO NOTHING";

const LOAD: &str = "
    SELECT c.partition, c.next_offset, c.log, c.position::text
    FROM projection.checkpoint AS c
    WHERE c.projection = $1 AND c.topic = $2
    ORDER BY c.partition";

const MOVE: &str = "
    UPDATE projection.checkpoint AS c
    SET next_offset = n.next_offset, log = n.log, position = n.position::jsonb,
        recorded_at = COALESCE(n.recorded_at, c.recorded_at)
    FROM UNNEST($3::integer[], $4::bigint[], $5::uuid[], $6::bigint[], $7::uuid[], $8::text[], $9::timestamptz[])
        AS n (partition, old_offset, old_log, next_offset, log, position, recorded_at)
    WHERE c.projection = $1 AND c.topic = $2 AND c.partition = n.partition
        AND c.next_offset = n.old_offset AND c.log IS NOT DISTINCT FROM n.old_log";

/// Where a checkpoint was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) next: Offset,
    pub(super) log: Option<LogId>,
}

impl Seen {
    pub(super) fn of(position: &StoredPosition) -> Self {
        Self { next: position.next, log: position.log }
    }
}

/// How far a partition comes by a batch.
pub(super) struct Moved<'a> {
    pub(super) from: Seen,
    pub(super) to: &'a StoredPosition,
    pub(super) recorded_at: Option<Timestamp>,
}

/// Why a checkpoint could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckpointError {
    /// Somebody else moved it: what was folded is not to be written.
    #[error("another projector has moved the checkpoint")]
    Superseded,
    /// It is not where its own position says.
    #[error("the checkpoint of partition {0} cannot be read")]
    Malformed(i32),
    /// A position has no JSON.
    #[error("a position cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    /// PostgreSQL said no.
    #[error(transparent)]
    Database(#[from] Error),
}

/// The stored positions of all partitions; the beginning where nothing was read yet.
pub(super) async fn load(
    connection: &mut Connection,
    projection: &str,
    topic: &str,
    partitions: i32,
) -> Result<BTreeMap<PartitionId, StoredPosition>, CheckpointError> {
    let beginning = serde_json::to_string(&StoredPosition::default())?;
    let transaction = connection.transaction().await.map_err(Error::from)?;
    execute(&transaction, ENSURE, &[&projection, &topic, &beginning, &partitions]).await?;
    let statement = transaction.prepare_cached(LOAD).await.map_err(Error::from)?;
    let rows = transaction.query(&statement, &[&projection, &topic]).await.map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    let mut positions = BTreeMap::new();
    for row in rows {
        let partition: i32 = row.try_get(0).map_err(Error::from)?;
        let next: i64 = row.try_get(1).map_err(Error::from)?;
        let log: Option<Uuid> = row.try_get(2).map_err(Error::from)?;
        let text: String = row.try_get(3).map_err(Error::from)?;
        let malformed = || CheckpointError::Malformed(partition);
        let position: StoredPosition = serde_json::from_str(&text).map_err(|_| malformed())?;
        if Seen::of(&position) != (Seen { next: Offset(next), log: log.map(LogId) }) {
            return Err(malformed());
        }
        positions.insert(PartitionId(partition), position);
    }
    Ok(positions)
}

/// Moves the checkpoints, all of them or, if any is not where it was seen, none.
pub(super) async fn advance(
    transaction: &Transaction<'_>,
    projection: &str,
    topic: &str,
    moves: &BTreeMap<PartitionId, Moved<'_>>,
) -> Result<(), CheckpointError> {
    let partitions: Vec<i32> = moves.keys().map(|partition| partition.0).collect();
    let old_offsets: Vec<i64> = moves.values().map(|moved| moved.from.next.0).collect();
    let old_logs: Vec<Option<Uuid>> = moves.values().map(|moved| moved.from.log.map(|log| log.0)).collect();
    let offsets: Vec<i64> = moves.values().map(|moved| moved.to.next.0).collect();
    let logs: Vec<Option<Uuid>> = moves.values().map(|moved| moved.to.log.map(|log| log.0)).collect();
    let recorded_at: Vec<Option<Timestamp>> = moves.values().map(|moved| moved.recorded_at).collect();
    let mut positions = Vec::with_capacity(moves.len());
    for moved in moves.values() {
        positions.push(serde_json::to_string(moved.to)?);
    }
    let moved = execute(
        transaction,
        MOVE,
        &[&projection, &topic, &partitions, &old_offsets, &old_logs, &offsets, &logs, &positions, &recorded_at],
    )
    .await?;
    if moved == moves.len() as u64 { Ok(()) } else { Err(CheckpointError::Superseded) }
}
