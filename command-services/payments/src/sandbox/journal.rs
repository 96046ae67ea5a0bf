//! The file in which a sandbox keeps what it knows: one line of JSON for each call that changes something, written
//! before the call is answered. A line that was cut off by a kill was not answered, and is dropped. One process at a time.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outbox::Letter;
use super::row::Row;

/// What one call has changed.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    /// The last number that was given.
    pub(super) last: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) intents: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refunds: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) answers: Vec<Answered>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<Letter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) delivered: Vec<u64>,
}

impl Entry {
    pub(super) fn is_empty(&self) -> bool {
        self.intents.is_empty()
            && self.refunds.is_empty()
            && self.answers.is_empty()
            && self.told.is_empty()
            && self.delivered.is_empty()
    }
}

/// What was answered under an idempotency key.
#[derive(Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) key: String,
    pub(super) question: String,
    pub(super) status: u16,
    pub(super) body: Value,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    tag: String,
}

/// The file, open at its end.
pub(super) struct Journal(File);

impl Journal {
    /// Opens the file, or begins it with the tag that `fresh` makes; with what it says.
    pub(super) fn open(path: &Path, fresh: impl FnOnce() -> Result<String>) -> Result<(Self, String, Vec<Entry>)> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        file.try_lock().map_err(|_| Error::new(ErrorKind::WouldBlock, "another process keeps this ledger"))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut lines = text[..whole].lines();
        let mut journal = Self(file);
        let head = match lines.next() {
            Some(line) => serde_json::from_str(line)?,
            None => {
                let head = Head { tag: fresh()? };
                journal.write(&head)?;
                head
            }
        };
        let entries = lines.map(|line| Ok(serde_json::from_str(line)?)).collect::<Result<_>>()?;
        Ok((journal, head.tag, entries))
    }

    pub(super) fn append(&mut self, entry: &Entry) -> Result<()> {
        self.write(entry)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.0.write_all(&bytes)
    }
}
