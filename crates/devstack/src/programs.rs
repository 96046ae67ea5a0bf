//! Finds the programs that a stack starts: Java, and PostgreSQL's server wherever the distribution hides it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::StackError;

const OLDEST_POSTGRES: u32 = 15;
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// Java on PATH.
pub(crate) fn java() -> Result<PathBuf, StackError> {
    on_path("java").ok_or(StackError::NoJava)
}

/// The directory with `initdb` and `postgres`: on PATH, the newest of Debian's, or the one that `pg_config` names.
pub(crate) fn postgres_dir() -> Result<PathBuf, StackError> {
    let on_path = on_path("initdb").and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()));
    let candidates = on_path.into_iter().chain(debian_dirs()).chain(pg_config_dir());
    let mut too_old = Vec::new();
    for dir in candidates {
        match version(&dir) {
            Some(version) if version >= OLDEST_POSTGRES => return Ok(dir),
            Some(version) => too_old.push(format!("{version} in {}", dir.display())),
            None => {}
        }
    }
    let found = if too_old.is_empty() { String::new() } else { format!(" (only {})", too_old.join(", ")) };
    Err(StackError::NoPostgres { found })
}

/// By way of the shell, so that this crate does not read the environment.
fn on_path(program: &str) -> Option<PathBuf> {
    output(Command::new("/bin/sh").args(["-c", "command -v \"$1\"", "sh", program]))
}

fn pg_config_dir() -> Option<PathBuf> {
    output(Command::new("pg_config").arg("--bindir"))
}

fn debian_dirs() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN_VERSIONS).into_iter().flatten().flatten();
    let mut numbered: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    numbered.sort_unstable_by(|one, other| other.cmp(one));
    numbered.into_iter().map(|(_, dir)| dir).collect()
}

/// The major version, if both programs are there: `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
fn version(dir: &Path) -> Option<u32> {
    if !dir.join("initdb").exists() {
        return None;
    }
    let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    major(std::str::from_utf8(&output.stdout).ok()?)
}

fn major(text: &str) -> Option<u32> {
    let number = text.split_ascii_whitespace().nth(2)?;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn output(command: &mut Command) -> Option<PathBuf> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let path = output.stdout.trim_ascii();
    (!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path)))
}

#[cfg(test)]
mod tests;
