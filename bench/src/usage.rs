//! What processes cost: processor time and resident memory, from `/proc/PID/stat` and `/proc/PID/status` (proc(5)).

use crate::Failure;
use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// A clock tick of `/proc`: Linux counts processor time for programs in hundredths of a second (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// The processes that a measurement looks at, by the names of the report.
#[derive(Clone, Debug, Default)]
pub struct Watch(Vec<(&'static str, Who)>);

#[derive(Clone, Copy, Debug)]
enum Who {
    Alone(u32),
    WithChildren(u32),
}

/// What the watched processes had used at one moment, in the order in which they were named.
#[derive(Clone, Debug, Default)]
pub struct Usage(Vec<(&'static str, Used)>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    cpu: Duration,
    resident_kib: u64,
}

/// What one process cost over a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Which.
    pub process: &'static str,
    /// Processor time that it used.
    pub cpu: Duration,
    /// Its resident memory at the end, KiB.
    pub resident_kib: u64,
}

impl Watch {
    /// This process, which makes the load.
    pub fn load() -> Self {
        Self(vec![("load", Who::Alone(std::process::id()))])
    }

    /// And this one.
    pub fn and(mut self, name: &'static str, pid: u32) -> Self {
        self.0.push((name, Who::Alone(pid)));
        self
    }

    /// And this one with its children, as PostgreSQL has one for each connection.
    pub fn and_family(mut self, name: &'static str, pid: u32) -> Self {
        self.0.push((name, Who::WithChildren(pid)));
        self
    }

    /// Reads them all now. A process that has ended counts nothing.
    pub fn read(&self) -> Usage {
        let read = |who: Who| match who {
            Who::Alone(pid) => alone(pid),
            Who::WithChildren(pid) => family(pid),
        };
        Usage(self.0.iter().map(|(name, who)| (*name, read(*who))).collect())
    }
}

impl Usage {
    /// For costs from a process's own beginning on.
    pub fn nothing(watch: &Watch) -> Self {
        Self(watch.0.iter().map(|(name, _)| (*name, Used::default())).collect())
    }

    /// What was used from then to now.
    pub fn since(&self, earlier: &Self) -> Vec<Cost> {
        let costs = self.0.iter().zip(&earlier.0).map(|((process, now), (_, then))| Cost {
            process,
            cpu: now.cpu.saturating_sub(then.cpu),
            resident_kib: now.resident_kib,
        });
        costs.collect()
    }
}

/// How many threads of each name the process has.
pub fn threads(pid: u32) -> Result<BTreeMap<String, usize>, Failure> {
    let mut threads = BTreeMap::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while we look.
        if let Ok(name) = std::fs::read_to_string(task?.path().join("comm")) {
            *threads.entry(name.trim().to_owned()).or_default() += 1;
        }
    }
    Ok(threads)
}

/// The process's resident memory, KiB.
pub fn resident_kib(pid: u32) -> u64 {
    alone(pid).resident_kib
}

fn alone(pid: u32) -> Used {
    let stat = Stat::of(pid).unwrap_or_default();
    Used { cpu: TICK * (stat.own_ticks), resident_kib: kib(&status(pid), "VmRSS:") }
}

/// Memory that the family shares is counted once: every backend of PostgreSQL maps the same buffers.
fn family(root: u32) -> Used {
    let members: Vec<u32> = processes().filter(|(_, stat)| stat.parent == root).map(|(pid, _)| pid).collect();
    let (mut ticks, mut private, mut shared) = (Stat::of(root).unwrap_or_default().ended_children_ticks, 0, 0);
    for pid in members.into_iter().chain([root]) {
        let (stat, status) = (Stat::of(pid).unwrap_or_default(), status(pid));
        ticks += stat.own_ticks;
        private += kib(&status, "RssAnon:");
        shared = kib(&status, "RssShmem:").max(shared);
    }
    Used { cpu: TICK * ticks, resident_kib: private + shared }
}

fn processes() -> impl Iterator<Item = (u32, Stat)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::of(pid)?)))
}

fn status(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
}

fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// What is needed of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own_ticks: u32,
    ended_children_ticks: u32,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in brackets, and may hold spaces and brackets itself.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |nth: usize| fields.get(nth - 3)?.parse::<u32>().ok();
        Some(Self {
            parent: number(4)?,
            own_ticks: number(14)? + number(15)?,
            ended_children_ticks: number(16)? + number(17)?,
        })
    }
}
