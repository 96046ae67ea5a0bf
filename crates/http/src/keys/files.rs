//! Key files: made whole or not at all, never overwritten, readable by their owner only.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::random::random_id;

/// Why a key file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system says no.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("cannot get random bytes for a key")]
    Random(#[source] getrandom::Error),
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    move |source| KeyFileError::Io { doing, path: path.to_owned(), source }
}

/// Makes the directory, with access for its owner only, unless it exists.
pub(super) fn ensure_dir(dir: &Path) -> Result<(), KeyFileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("create", dir))
}

/// The file's text; `None` if there is no such file. Warns if others could read it.
pub(super) fn read(path: &Path) -> Result<Option<String>, KeyFileError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(failed("read", path)(other)),
    };
    let mode = fs::metadata(path).map_err(failed("look at", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format_args!("{:o}", mode & 0o777), "key file is open to others");
    }
    Ok(Some(text))
}

/// The file's text.
pub(super) fn read_existing(dir: &Path, name: &str) -> Result<String, KeyFileError> {
    let path = dir.join(name);
    read(&path)?.ok_or_else(|| failed("read", &path)(ErrorKind::NotFound.into()))
}

/// Makes the file unless it is there. Of several processes that make it, one wins.
pub(super) fn create_missing(
    dir: &Path,
    name: &str,
    make: impl FnOnce() -> Result<String, KeyFileError>,
) -> Result<(), KeyFileError> {
    let path = dir.join(name);
    if path.exists() {
        return Ok(());
    }
    let draft = dir.join(format!(".{name}.{}", random_id()));
    let published = write(&draft, &make()?).and_then(|()| match fs::hard_link(&draft, &path) {
        Err(lost) if lost.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(failed("create", &path)),
    });
    // The draft may not exist if writing it failed; that failure is the one to report.
    let _ = fs::remove_file(&draft);
    published
}

/// Puts a file in another's place, which is gone afterwards.
pub(super) fn replace(from: &Path, to: &Path) -> Result<(), KeyFileError> {
    fs::rename(from, to).map_err(failed("replace", to))
}

fn write(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed("create", path))?;
    // A umask can only take away more; say the mode again in case the file system has a default of its own.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed("protect", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed("write", path))
}
