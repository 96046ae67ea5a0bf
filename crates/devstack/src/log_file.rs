//! A server's log: opened for appending, turned over when it has grown, quoted when something fails.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::StackError;

/// A log beyond this size is turned over (`.1`, one generation) at the next start.
const TURN_OVER_BYTES: u64 = 16 * 1024 * 1024;
const QUOTED_BYTES: u64 = 4096;
const QUOTED_LINES: usize = 20;

/// Where a server logs, and where its newest run begins in there.
#[derive(Debug, Clone)]
pub(crate) struct LogFile {
    path: PathBuf,
    run_begins_at: u64,
}

impl LogFile {
    /// Opens the log for a new run; the file becomes the child's standard output and error.
    pub(crate) fn open(path: PathBuf) -> Result<(Self, File), StackError> {
        if path.metadata().is_ok_and(|meta| meta.len() > TURN_OVER_BYTES) {
            let older = path.with_extension("log.1");
            std::fs::rename(&path, &older).map_err(StackError::io(format!("turn over {}", path.display())))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(StackError::io(format!("open {}", path.display())))?;
        let run_begins_at = file.metadata().map_or(0, |meta| meta.len());
        Ok((Self { path, run_begins_at }, file))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines of the newest run.
    pub(crate) fn tail(&self) -> String {
        let text = self.read_end().unwrap_or_else(|error| format!("(unreadable: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        match lines.get(lines.len().saturating_sub(QUOTED_LINES)..) {
            Some(last) if !last.is_empty() => last.join("\n"),
            _ => "(empty)".to_owned(),
        }
    }

    fn read_end(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.run_begins_at.max(length.saturating_sub(QUOTED_BYTES))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
