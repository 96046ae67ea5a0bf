//! What one partition has in the local store. `write` is the only place that changes it, by one atomic batch: whoever
//! reads later finds the fold as it was after one and the same record.

use super::{Lease, StoreError, encoding};
use crate::caught::caught;
use crate::fold::{Changes, Cold, ColdFault, Head, Seen, Slot};
use crate::{Aggregate, CommandId, Key, LogId, Timestamp};
use fjall::{Keyspace, Slice};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tillroll_telemetry::{CrashPoint, crash_point};
use uuid::Uuid;

/// What a fold begins with: its head and its deadlines.
pub(crate) type Stored = (Head, Vec<(Timestamp, Key)>);

/// One partition's part of the store.
pub(crate) struct Kept {
    lease: Arc<Lease>,
    keyspace: Keyspace,
    /// Held while a batch is written: one that comes late must not fall into what was wiped.
    wiped: Mutex<bool>,
}

impl Kept {
    pub(super) fn new(lease: Arc<Lease>, keyspace: Keyspace) -> Self {
        Self { lease, keyspace, wiped: Mutex::new(false) }
    }

    /// The log that the partition's owner here has served last, also after a wipe.
    pub(crate) fn log(&self) -> Result<Option<LogId>, StoreError> {
        let (logs, place) = (&self.lease.store.0.logs, &self.lease.place);
        let stored = caught("the local store", || logs.get(place))??;
        Ok(stored.and_then(|bytes| Uuid::from_slice(&bytes).ok()).map(LogId))
    }

    /// Remembers it.
    pub(crate) fn serves(&self, LogId(log): LogId) -> Result<(), StoreError> {
        let (logs, place) = (&self.lease.store.0.logs, &self.lease.place);
        Ok(caught("the local store", || logs.insert(place, log.as_bytes()))??)
    }

    /// What was stored last; nothing if it is empty.
    pub(crate) fn load(&self) -> Result<Option<Stored>, ColdFault> {
        self.try_load().map_err(ColdFault::new)
    }

    fn try_load(&self) -> Result<Option<Stored>, StoreError> {
        let Some(head) = self.get(encoding::HEAD)? else { return Ok(None) };
        let head = encoding::read_head(&head)?;
        let mut deadlines = Vec::new();
        for entry in self.keyspace.prefix(encoding::DEADLINES) {
            let (key, value) = caught("the local store", || entry.into_inner())??;
            let key = key.get(encoding::DEADLINES.len()..).unwrap_or_default();
            deadlines.push((encoding::read_deadline(&value)?, String::from_utf8_lossy(key).into()));
        }
        Ok(Some((head, deadlines)))
    }

    /// Stores all of it or nothing. Not synced to the disk: after a power failure the store may be older, or of a log
    /// that the broker has lost, and both are noticed.
    pub(crate) fn write<A: Aggregate>(&self, changes: &Changes<A>) -> Result<(), StoreError> {
        let mut batch = self.lease.store.0.database.batch();
        for (key, slot) in &changes.slots {
            batch.insert(&self.keyspace, encoding::slot_key(key), encoding::slot(slot)?);
        }
        for (key, deadline) in &changes.deadlines {
            match deadline {
                Some(deadline) => {
                    batch.insert(&self.keyspace, encoding::deadline_key(key), encoding::deadline(*deadline)?)
                }
                None => batch.remove(&self.keyspace, encoding::deadline_key(key)),
            }
        }
        for (id, seen) in &changes.commands {
            batch.insert(&self.keyspace, encoding::command_key(*id), encoding::seen(seen)?);
        }
        batch.insert(&self.keyspace, encoding::HEAD, encoding::head(&changes.head)?);
        let wiped = self.wiped.lock().unwrap_or_else(PoisonError::into_inner);
        if *wiped {
            return Err(StoreError::Wiped);
        }
        crash_point(CrashPoint::BeforeStoreBatch);
        batch.commit()?;
        crash_point(CrashPoint::AfterStoreBatch);
        Ok(())
    }

    /// An empty part in its place.
    pub(crate) fn wipe(&self) -> Result<Self, StoreError> {
        let mut wiped = self.wiped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*wiped {
            self.lease.store.0.database.delete_keyspace(self.keyspace.clone())?;
        }
        *wiped = true;
        let keyspace = self.lease.store.keyspace(&self.lease.name)?;
        Ok(Self::new(self.lease.clone(), keyspace))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        Ok(caught("the local store", || self.keyspace.get(key))??)
    }
}

impl<A: Aggregate> Cold<A> for Kept {
    fn slot(&self, key: &str) -> Result<Option<Slot<A>>, ColdFault> {
        let stored = self.get(&encoding::slot_key(key)).map_err(ColdFault::new)?;
        stored.map(|bytes| encoding::read_slot(&bytes)).transpose().map_err(ColdFault::new)
    }

    fn seen(&self, id: CommandId) -> Result<Option<Seen>, ColdFault> {
        let stored = self.get(&encoding::command_key(id)).map_err(ColdFault::new)?;
        stored.map(|bytes| encoding::read_seen(&bytes)).transpose().map_err(ColdFault::new)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.lease.name).finish()
    }
}
