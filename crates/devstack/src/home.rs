//! Where a stack lives on disk: `data/`, `logs/`, `run/` and the lock that keeps a second stack out.
//! A fresh home is a directory of its own, removed at the end; homes that a killed process left behind are swept by
//! the next one (their lock is free).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::geteuid;

use crate::account::Account;
use crate::{Data, StackError, kafka, process_table};

const FRESH_PREFIX: &str = "tillroll-stack-";
/// Where data of closed roots is kept.
const ELSEWHERE: &str = "/var/lib/tillroll";
const LOCK: &str = "run/stack.lock";
/// From a lock's end until the last copy of it is closed.
const LET_GO_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long the logs of a failed test are kept.
const FAILED_LOGS: Duration = Duration::from_secs(24 * 3600);

/// The directories of one stack, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    /// `<dir>/data`, or what it links to.
    data: PathBuf,
    keep: Data,
    /// Held for its lock, which the system frees however this process ends.
    _lock: File,
}

impl Home {
    /// Creates (or finds) the directories and locks them.
    pub(crate) fn open(root: &Path, keep: Data, account: Option<&Account>) -> Result<Self, StackError> {
        prepare(root, account)?;
        let root = root.canonicalize().map_err(StackError::io(format!("resolve {}", root.display())))?;
        let (dir, lock) = match keep {
            Data::Kept => (root.clone(), lock(&root)?),
            Data::Fresh => fresh(&root, account)?,
        };
        let data = match account {
            Some(account) if keep == Data::Kept && account.first_closed(&dir).is_some() => elsewhere(&dir)?,
            _ => dir.join("data"),
        };
        prepare(&data, account)?;
        if let Some(account) = account {
            account.must_reach(&data)?;
        }
        prepare(&dir.join("logs"), None)?;
        Ok(Self { dir, data, keep, _lock: lock })
    }

    /// A server's data directory; not created here.
    pub(crate) fn data(&self, server: &str) -> PathBuf {
        self.data.join(server)
    }

    /// Where the logs are.
    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// A file that is written anew at each start.
    pub(crate) fn run(&self, file: &str) -> PathBuf {
        self.dir.join("run").join(file)
    }

    /// Kept or thrown away.
    pub(crate) fn keep(&self) -> Data {
        self.keep
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.keep == Data::Kept {
            return;
        }
        let removed = if std::thread::panicking() {
            tracing::info!(logs = %self.logs().display(), "a test failed, the logs of its servers are kept for a day");
            std::fs::remove_dir_all(self.dir.join("data"))
        } else {
            std::fs::remove_dir_all(&self.dir)
        };
        if let Err(error) = removed {
            tracing::warn!(dir = %self.dir.display(), %error, "cannot remove a fresh stack");
        }
    }
}

/// Where data is kept of a root that the user may not reach that PostgreSQL runs as, as below `/root`: a directory of
/// its own in `/var/lib/tillroll`, which `<dir>/data` links to. A real directory of that name stays what it is.
fn elsewhere(dir: &Path) -> Result<PathBuf, StackError> {
    let link = dir.join("data");
    if let Ok(known) = link.read_link() {
        return Ok(known);
    }
    if link.exists() {
        return Ok(link);
    }
    let name: Vec<_> = dir.iter().skip(1).map(|part| part.to_string_lossy()).collect();
    let data = Path::new(ELSEWHERE).join(name.join("-"));
    std::os::unix::fs::symlink(&data, &link).map_err(StackError::io(format!("link {}", link.display())))?;
    tracing::info!(data = %data.display(), "data is kept there: the root is closed to PostgreSQL's user");
    Ok(data)
}

/// Creates a directory; with an account, one that this account may pass through (everything here belongs to the stack).
fn prepare(dir: &Path, account: Option<&Account>) -> Result<(), StackError> {
    std::fs::create_dir_all(dir).map_err(StackError::io(format!("create {}", dir.display())))?;
    let Some(_) = account else { return Ok(()) };
    let allow = || {
        let mut permissions = dir.metadata()?.permissions();
        permissions.set_mode(permissions.mode() | 0o011);
        std::fs::set_permissions(dir, permissions)
    };
    allow().map_err(StackError::io(format!("let others pass through {}", dir.display())))
}

/// A new, locked directory below `<root>/fresh`, or in the system's temporary directory where the root is closed to
/// the user that PostgreSQL runs as.
fn fresh(root: &Path, account: Option<&Account>) -> Result<(PathBuf, File), StackError> {
    let closed = account.is_some_and(|account| account.first_closed(root).is_some());
    let base = if closed { std::env::temp_dir() } else { root.join("fresh") };
    if !closed {
        prepare(&base, account)?;
    }
    sweep(&base);
    // The directory gets its real name only once it is locked, so that no sweep takes it for an abandoned one.
    let unlocked = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(&base)
        .map_err(StackError::io(format!("create a directory in {}", base.display())))?;
    let lock = lock(unlocked.path())?;
    prepare(unlocked.path(), account)?;
    let name = unlocked.path().file_name().unwrap_or_default().to_string_lossy().replace(".new-", FRESH_PREFIX);
    let dir = base.join(name);
    std::fs::rename(unlocked.path(), &dir).map_err(StackError::io(format!("create {}", dir.display())))?;
    // It has moved, so there is nothing left to remove.
    let _moved = unlocked.keep();
    Ok((dir, lock))
}

fn lock(dir: &Path) -> Result<File, StackError> {
    let path = dir.join(LOCK);
    let doing = || format!("lock {}", path.display());
    prepare(&dir.join("run"), None)?;
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(StackError::io(doing()))?;
    match lock_soon(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(StackError::io(doing()))?;
            return Err(StackError::Locked { root: dir.to_owned(), pid: pid.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(StackError::io(doing())(error)),
    }
    file.set_len(0).map_err(StackError::io(doing()))?;
    writeln!(file, "{}", std::process::id()).map_err(StackError::io(doing()))?;
    Ok(file)
}

/// A lock that was just let go may still be held for a moment: by a child that this process has forked for something
/// else and that has not come to its `exec` yet, which closes its copy.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < LET_GO_WITHIN => std::thread::sleep(LOOK_EVERY),
            locked => return locked,
        }
    }
}

/// Removes what killed processes of this user left in `base`. Best effort: whatever fails is tried again next time.
fn sweep(base: &Path) {
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    for dir in entries.map(|entry| entry.path()).filter(|dir| is_abandoned(dir)) {
        for server in kafka::DIRECTORIES.into_iter().chain(["postgres"]) {
            process_table::end_orphans(&dir.join("data").join(server));
        }
        let removed = std::fs::remove_dir_all(&dir);
        tracing::debug!(dir = %dir.display(), ?removed, "swept an abandoned stack");
    }
}

fn is_abandoned(dir: &Path) -> bool {
    let named = dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(FRESH_PREFIX));
    let Ok(meta) = dir.symlink_metadata() else { return false };
    if !named || !meta.is_dir() || meta.uid() != geteuid().as_raw() {
        return false;
    }
    let unlocked = File::open(dir.join(LOCK)).is_ok_and(|file| file.try_lock().is_ok());
    let old = meta.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > FAILED_LOGS));
    unlocked && (old || dir.join("data").exists())
}
