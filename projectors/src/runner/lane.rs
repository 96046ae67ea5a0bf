//! One projection over one topic: read, fold, write, again.

use super::checkpoint::{self, CheckpointError, Moved, Seen};
use super::part::{Ahead, Part};
use super::{Pause, Place, Troubles};
use crate::{Projection, Source, SourceError};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::time::Duration;
use tillroll_log::PartitionId;
use tillroll_postgres::{Connection, Error, Settings, connect};
use tillroll_telemetry::{CrashPoint, crash_point};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// From one transaction to the next: meanwhile records gather, which cost as much together as one alone.
const PACE: Duration = Duration::from_millis(4);
/// How long a transaction may take before its connection is given up.
const TRANSACTION: Duration = Duration::from_secs(60);
/// How long a lane stands by after another projector was ahead of it.
const STAND_BY: Duration = Duration::from_millis(500);
/// How long a reading has to last before one that failed is forgotten.
const PROBATION: Duration = Duration::from_secs(3);

/// One projection over one topic.
pub(super) struct Lane<P, S> {
    topic: &'static str,
    database: Settings,
    source: S,
    troubles: Troubles,
    projection: PhantomData<fn() -> P>,
}

/// What a lane holds between two interruptions.
struct Session {
    connection: Option<Connection>,
    /// Where the checkpoints were last seen.
    seen: BTreeMap<PartitionId, Seen>,
    /// Partitions that cannot go on.
    halted: BTreeSet<PartitionId>,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    /// By the database, or another projector.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Before anything was read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// While reading.
    #[error(transparent)]
    Reading(SourceError),
}

impl From<Error> for Interrupted {
    fn from(error: Error) -> Self {
        Self::Checkpoint(CheckpointError::Database(error))
    }
}

/// A value that a table does not take: not a bad record but a bad deploy.
#[derive(Debug, thiserror::Error)]
#[error("offsets from {from} up to {to} cannot be written")]
struct Unwritable {
    from: i64,
    to: i64,
    source: CheckpointError,
}

/// An event that this build does not understand.
#[derive(Debug, thiserror::Error)]
#[error("{at} cannot be decoded")]
struct Halted<'a> {
    at: &'a tillroll_log::Coordinates,
    source: &'a crate::Undecodable,
}

impl<P: Projection, S: Source> Lane<P, S> {
    pub(super) fn new(topic: &'static str, database: Settings, source: S, troubles: Troubles) -> Self {
        // The planner's habits suit tables whose size it knows; here it is always a few keys of a growing table.
        let database = database
            .parameter("enable_seqscan", "off")
            .parameter("enable_hashjoin", "off")
            .parameter("enable_mergejoin", "off")
            // A projector that stands still in the middle of a transaction does not hold up the one that stands by.
            .parameter("idle_in_transaction_session_timeout", "10s");
        Self { topic, database, source, troubles, projection: PhantomData }
    }

    /// Never ends: whatever interrupts it, it begins again at the checkpoint.
    pub(super) async fn run(self) {
        let (mut pause, mut suspicious) = (Pause::default(), false);
        loop {
            let interrupted = self.session(&mut pause, suspicious).await;
            suspicious = matches!(interrupted, Interrupted::Reading(_));
            if let Interrupted::Checkpoint(CheckpointError::Superseded) = interrupted {
                tracing::info!(projection = P::NAME, kafka.topic = self.topic, "another projector is ahead");
                sleep(STAND_BY).await;
            } else {
                self.troubles.raise(self.place(None), &interrupted);
                pause.wait().await;
            }
        }
    }

    fn place(&self, partition: Option<PartitionId>) -> Place {
        Place { projection: P::NAME, topic: Some(self.topic), partition }
    }

    /// Goes on from the checkpoints until something ends it. After a reading that failed all is well again only after
    /// a while: a log that is not the one of the checkpoints fails at the first record of one of its partitions.
    async fn session(&self, pause: &mut Pause, mut suspicious: bool) -> Interrupted {
        let (mut session, mut ahead) = match self.begin().await {
            Ok(begun) => begun,
            Err(interrupted) => return interrupted,
        };
        if !suspicious {
            self.troubles.clear(self.place(None));
        }
        let well_at = Instant::now() + PROBATION;
        loop {
            let parts = tokio::select! {
                parts = ahead.batch() => parts,
                () = sleep_until(well_at), if suspicious => {
                    suspicious = false;
                    self.troubles.clear(self.place(None));
                    continue;
                }
            };
            let parts = match parts {
                Ok(parts) => parts,
                Err(error) => return Interrupted::Reading(error),
            };
            let parts = self.without_halted(&mut session, parts);
            if parts.is_empty() {
                continue;
            }
            let next_at = Instant::now() + PACE;
            if let Err(interrupted) = self.keep_writing(&mut session, &parts, suspicious).await {
                return interrupted.into();
            }
            sleep_until(next_at).await;
            if !suspicious {
                *pause = Pause::default();
            }
        }
    }

    async fn begin(&self) -> Result<(Session, Ahead<P>), Interrupted> {
        let partitions = self.source.partitions(self.topic).await?;
        let mut connection = connect(&self.database).await?;
        let positions = checkpoint::load(&mut connection, P::NAME, self.topic, partitions).await?;
        let seen = positions.iter().map(|(partition, position)| (*partition, Seen::of(position))).collect();
        let from = positions.into_iter().map(|(partition, position)| (partition, Some(position))).collect();
        let feed = self.source.open(self.topic, from).await?;
        Ok((Session { connection: Some(connection), seen, halted: BTreeSet::new() }, Ahead::of(feed)))
    }

    /// Leaves out partitions that cannot go on, and parts in which nothing is; stops partitions that meet an event of a
    /// newer build.
    fn without_halted(&self, session: &mut Session, parts: Vec<Part<P>>) -> Vec<Part<P>> {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            if let Some((at, source)) = &part.undecodable {
                session.halted.insert(part.partition);
                self.troubles.raise(self.place(Some(part.partition)), &Halted { at, source });
            }
            let moves = session.seen.get(&part.partition) != Some(&Seen::of(&part.position));
            if moves && !session.halted.contains(&part.partition) {
                kept.push(part);
            }
        }
        kept
    }

    /// Writes the parts, however long the database is away.
    async fn keep_writing(
        &self,
        session: &mut Session,
        parts: &[Part<P>],
        suspicious: bool,
    ) -> Result<(), CheckpointError> {
        let mut pause = Pause::default();
        loop {
            let parts: Vec<&Part<P>> = parts.iter().collect();
            let error = match self.write(session, &parts).await {
                Ok(()) => {
                    if !suspicious {
                        self.troubles.clear(self.place(None));
                    }
                    return Ok(());
                }
                Err(CheckpointError::Database(error)) if error.is_about_data() => {
                    return self.write_by_partition(session, &parts).await;
                }
                Err(CheckpointError::Database(error)) => error,
                Err(error) => return Err(error),
            };
            self.troubles.raise(self.place(None), &error);
            pause.wait().await;
        }
    }

    /// After a value that a table does not take: stops the partition that it is in, and writes the others.
    async fn write_by_partition(&self, session: &mut Session, parts: &[&Part<P>]) -> Result<(), CheckpointError> {
        let partitions: BTreeSet<PartitionId> = parts.iter().map(|part| part.partition).collect();
        for partition in partitions {
            let own: Vec<&Part<P>> = parts.iter().copied().filter(|part| part.partition == partition).collect();
            match self.write(session, &own).await {
                Err(CheckpointError::Database(error)) if error.is_about_data() => {
                    let from = session.seen.get(&partition).map_or(0, |seen| seen.next.0);
                    let to = own.last().map_or(from, |part| part.position.next.0);
                    let source = CheckpointError::Database(error);
                    session.halted.insert(partition);
                    self.troubles.raise(self.place(Some(partition)), &Unwritable { from, to, source });
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Folds the parts and writes rows and checkpoints in one transaction.
    async fn write(&self, session: &mut Session, parts: &[&Part<P>]) -> Result<(), CheckpointError> {
        let mut batch = P::Batch::default();
        let mut moves: BTreeMap<PartitionId, Moved<'_>> = BTreeMap::new();
        for part in parts {
            for (envelope, event) in &part.events {
                P::fold(&mut batch, envelope, event);
            }
            let from = session.seen.get(&part.partition).copied().ok_or(CheckpointError::Superseded)?;
            let moved = moves.entry(part.partition).or_insert(Moved { from, to: &part.position, recorded_at: None });
            moved.to = &part.position;
            moved.recorded_at = moved.recorded_at.max(part.recorded_at);
        }
        let connection = match session.connection.take() {
            Some(connection) => connection,
            None => connect(&self.database).await?,
        };
        let committing = self.commit(connection, &batch, &moves);
        // Only a connection on which all went well is used again.
        let connection = timeout(TRANSACTION, committing).await.map_err(|_| Error::TimedOut)??;
        session.connection = Some(connection);
        for (partition, moved) in &moves {
            session.seen.insert(*partition, Seen::of(moved.to));
            if !session.halted.contains(partition) {
                self.troubles.clear(self.place(Some(*partition)));
            }
        }
        Ok(())
    }

    async fn commit(
        &self,
        mut connection: Connection,
        batch: &P::Batch,
        moves: &BTreeMap<PartitionId, Moved<'_>>,
    ) -> Result<Connection, CheckpointError> {
        let transaction = connection.transaction().await.map_err(Error::from)?;
        // First the checkpoint: its lock keeps a second projector waiting, who then finds it moved.
        checkpoint::advance(&transaction, P::NAME, self.topic, moves).await?;
        crash_point(CrashPoint::BetweenCheckpointAndRows);
        P::write(batch, &transaction).await?;
        crash_point(CrashPoint::BeforeRowsCommit);
        transaction.commit().await.map_err(Error::from)?;
        crash_point(CrashPoint::AfterRowsCommit);
        Ok(connection)
    }
}
