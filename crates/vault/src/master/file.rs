//! A master key's file: made whole or not at all, never overwritten, refused if others may read it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::MasterKeyError;

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MasterKeyError {
    move |source| MasterKeyError::File { doing, path: path.to_owned(), source }
}

/// The file's text.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, MasterKeyError> {
    let mut file = File::open(path).map_err(failed("open", path))?;
    let mode = file.metadata().map_err(failed("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
    }
    // Room for any form, so that no outgrown buffer with part of a key is left behind.
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.read_to_string(&mut text).map_err(failed("read", path))?;
    Ok(text)
}

/// Makes the file unless it is there. Of several processes that make it, one wins.
pub(super) fn create(path: &Path, text: &str) -> Result<(), MasterKeyError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("create the directory of", path))?;
    let draft = draft(path)?;
    let published = write(&draft, text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(lost) if lost.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(failed("create", path)),
    });
    // The draft may not exist if writing it failed; that failure is the one to report.
    let _ = fs::remove_file(&draft);
    published?;
    // What is sealed under a key whose file a power failure takes is lost.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("make durable", path))
}

fn draft(path: &Path) -> Result<PathBuf, MasterKeyError> {
    let random = getrandom::u64().map_err(MasterKeyError::Random)?;
    Ok(path.with_extension(format!("draft-{random:016x}")))
}

fn write(path: &Path, text: &str) -> Result<(), MasterKeyError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed("create", path))?;
    // A umask can only take away more; say the mode again in case the file system has a default of its own.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed("protect", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed("write", path))
}
