//! The node's local store (rule 8): one fjall database, a keyspace for each partition of each events topic. Disposable:
//! whatever is wrong with it costs the time to fold a partition from its beginning, and never a start.

mod encoding;
mod kept;

#[doc(hidden)]
pub use encoding::through_store;
pub(crate) use kept::Kept;

use crate::caught::caught;
use crate::{Aggregate, Panicked, PartitionId};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, config::CompressionPolicy};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Of the layout of keys and values; raise it when that changes, or what a fold remembers besides the states.
const LAYOUT: u32 = 1;
/// The keyspace that no wipe touches.
const LOGS: &str = "logs";
/// Processes that may keep stores beside each other under one name.
const MOST_SIBLINGS: u32 = 8;
/// Bytes of blocks kept in memory, for all partitions.
const BLOCK_CACHE: u64 = 32 * 1024 * 1024;
/// Bytes of one partition that are not in a table yet.
const MEMTABLE: u64 = 8 * 1024 * 1024;
/// Bytes of journals; a start reads them. The least that fjall takes.
const JOURNALS: u64 = 64 * 1024 * 1024;

/// Where owners keep what they have folded, and how much of it they hold in memory.
#[derive(Clone, Debug)]
pub struct StateConfig {
    /// A directory of its own: it is wiped if it cannot be read. A second process that finds it taken uses a sibling,
    /// `<directory>-2` to `-8`.
    pub directory: PathBuf,
    /// Aggregates per partition that are held in memory, about; those under way or not stored yet come on top.
    pub cache: usize,
}

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database says so.
    #[error("{0}")]
    Database(#[from] fjall::Error),
    /// The files say so.
    #[error("{0}")]
    Files(#[from] std::io::Error),
    /// What it holds cannot be written.
    #[error("{0}")]
    Encoding(#[from] rmp_serde::encode::Error),
    /// What it holds cannot be read.
    #[error("{0}")]
    Decoding(#[from] rmp_serde::decode::Error),
    /// The database panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// It was wiped meanwhile.
    #[error("it was wiped")]
    Wiped,
}

/// The process's local store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    directory: PathBuf,
    /// Which log each partition's owners have served last, whatever else is wiped: another one is not taken for it.
    logs: Keyspace,
    cache: usize,
    /// The partitions in use: an owner whose predecessor still writes has to do without.
    leased: Mutex<HashSet<String>>,
}

/// The right to use one partition's keyspace; given back when the last who has it drops it.
pub(crate) struct Lease {
    store: Store,
    place: String,
    name: String,
}

impl Store {
    /// Opens the directory or the first free sibling. What cannot be opened is wiped; nothing if that does not help.
    pub(crate) fn open(config: &StateConfig) -> Option<Self> {
        for sibling in 1..=MOST_SIBLINGS {
            let directory = sibling_of(&config.directory, sibling);
            match open_or_wipe(&directory) {
                Ok(Some((database, logs))) => {
                    tracing::debug!(directory = %directory.display(), "local store is open");
                    let (cache, leased) = (config.cache, Mutex::default());
                    return Some(Self(Arc::new(Inner { database, directory, logs, cache, leased })));
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(directory = %directory.display(), %error, "no local store: owners keep all in memory");
                    return None;
                }
            }
        }
        tracing::warn!(directory = %config.directory.display(), "no local store: its directories are all in use");
        None
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// Aggregates that an owner holds in memory.
    pub(crate) fn cache(&self) -> usize {
        self.0.cache
    }

    /// The partition's part, whatever it holds; nothing if it is still in use. Parts of other schemas are deleted.
    pub(crate) fn partition<A: Aggregate>(&self, partition: PartitionId) -> Result<Option<Kept>, StoreError> {
        self.part(&format!("{}-{partition}-", A::TOPICS.events), A::STATE_SCHEMA)
    }

    fn part(&self, place: &str, schema: u32) -> Result<Option<Kept>, StoreError> {
        let name = format!("{place}s{schema}-l{LAYOUT}");
        if !self.0.leased.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            return Ok(None);
        }
        let lease = Arc::new(Lease { store: self.clone(), place: place.to_owned(), name: name.clone() });
        for other in self.0.database.list_keyspace_names() {
            if other.starts_with(place) && *other != *name {
                self.0.database.delete_keyspace(self.keyspace(&other)?)?;
            }
        }
        Ok(Some(Kept::new(lease, self.keyspace(&name)?)))
    }

    fn keyspace(&self, name: &str) -> Result<Keyspace, StoreError> {
        keyspace(&self.0.database, name)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.store.0.leased.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

fn sibling_of(directory: &Path, sibling: u32) -> PathBuf {
    match sibling {
        1 => directory.to_owned(),
        _ => {
            let mut name = directory.as_os_str().to_owned();
            name.push(format!("-{sibling}"));
            name.into()
        }
    }
}

fn keyspace(database: &Database, name: &str) -> Result<Keyspace, StoreError> {
    let options = || {
        let compression = CompressionPolicy::all(CompressionType::Lz4);
        KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE).data_block_compression_policy(compression)
    };
    Ok(caught("the local store", || database.keyspace(name, options))??)
}

/// Nothing if another process has it.
fn open_or_wipe(directory: &Path) -> Result<Option<(Database, Keyspace)>, StoreError> {
    let why = match open(directory) {
        Ok(opened) => return Ok(Some(opened)),
        Err(StoreError::Database(fjall::Error::Locked)) => return Ok(None),
        Err(why) => why,
    };
    tracing::warn!(directory = %directory.display(), %why, "the local store cannot be opened and is wiped");
    std::fs::remove_dir_all(directory)?;
    open(directory).map(Some)
}

fn open(directory: &Path) -> Result<(Database, Keyspace), StoreError> {
    std::fs::create_dir_all(directory)?;
    let builder = Database::builder(directory).cache_size(BLOCK_CACHE).max_journaling_size(JOURNALS).worker_threads(2);
    let database = caught("the local store", || builder.open())??;
    let logs = keyspace(&database, LOGS)?;
    Ok((database, logs))
}

#[cfg(test)]
mod tests;
