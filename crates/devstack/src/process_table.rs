//! What /proc says about processes: the children of one, and who works in a directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The names (comm) of the programs that work in data directories.
const SERVERS: [&str; 3] = ["java", "postgres", "initdb"];

/// A process, told apart from a later one with the same number by its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pid: i32,
    started: u64,
}

impl Process {
    /// The number, for messages.
    pub(crate) fn pid(self) -> i32 {
        self.pid
    }

    /// Sends a signal unless the process is gone.
    pub(crate) fn signal(self, signal: Signal) {
        if self.lives() {
            // It may end between the look and the signal; then there is nothing left to do.
            let _gone = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// A zombie has ended, unless it is the first thread of a process whose others are still closing their files.
    fn lives(self) -> bool {
        let ended = |stat: &Stat| stat.state == 'Z' && threads(self.pid).count() < 2;
        stat(self.pid).is_some_and(|stat| stat.started == self.started && !ended(&stat))
    }
}

struct Stat {
    state: char,
    parent: i32,
    started: u64,
}

/// Fields 3, 4 and 22 of `/proc/<pid>/stat` (proc(5)); the name in field 2 may hold spaces and brackets.
fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
    Some(Stat {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        started: fields.nth(17)?.parse().ok()?,
    })
}

fn all() -> impl Iterator<Item = i32> {
    std::fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn threads(pid: i32) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// The directory that a process works in; a process whose first thread has ended says so only by its others.
fn works_in(pid: i32, dir: &Path) -> bool {
    match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(cwd) => cwd == dir,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            threads(pid).any(|thread| std::fs::read_link(thread.join("cwd")).is_ok_and(|cwd| cwd == dir))
        }
        Err(_) => false,
    }
}

fn is_server(pid: i32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    SERVERS.contains(&name.trim_end())
}

/// The living children of a process.
pub(crate) fn children_of(parent: i32) -> Vec<Process> {
    all()
        .filter_map(|pid| stat(pid).map(|stat| (pid, stat)))
        .filter(|(_, stat)| stat.parent == parent && stat.state != 'Z')
        .map(|(pid, stat)| Process { pid, started: stat.started })
        .collect()
}

/// The living servers whose working directory is `dir`: every server of this crate, and PostgreSQL's children too,
/// work in their data directory. Somebody's shell or editor in there is none of our business.
pub(crate) fn working_in(dir: &Path) -> Vec<Process> {
    all()
        .filter(|pid| works_in(*pid, dir) && is_server(*pid))
        .filter_map(|pid| stat(pid).map(|stat| Process { pid, started: stat.started }))
        .filter(|process| process.lives())
        .collect()
}

/// Kills the servers that a dead stack left in `dir`. They are dying already, unless they were paused.
pub(crate) fn end_orphans(dir: &Path) -> Vec<Process> {
    let orphans = working_in(dir);
    orphans.iter().for_each(|process| process.signal(Signal::SIGKILL));
    orphans
}

/// Waits until all of them are gone. Returns the first that is not when the time is up.
pub(crate) async fn all_gone(processes: &[Process], within: Duration) -> Option<Process> {
    let deadline = tokio::time::Instant::now() + within;
    loop {
        let alive = processes.iter().copied().find(|process| process.lives())?;
        if tokio::time::Instant::now() >= deadline {
            return Some(alive);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
