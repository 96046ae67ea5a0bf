//! What `serve all` may hold: clients of Kafka, threads, memory, idle and under load. The numbers stand in
//! docs/performance.md too; a test compares them. Exceeding one fails the run.

use crate::Failure;
use crate::load::Load;
use crate::report::{Section, Target};
use crate::requests::receive;
use crate::scale::Scale;
use crate::shop::Shop;
use crate::usage::{resident_kib, threads};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[cfg(test)]
mod tests;

/// librdkafka has one thread of this name for each client, and one named `rdk:broker…` for each connection.
const CLIENT: &str = "rdk:main";
const LIBRDKAFKA: &str = "rdk:";
/// After the last start-up reader is gone.
const QUIET: Duration = Duration::from_secs(1);
const QUIET_WITHIN: Duration = Duration::from_secs(30);

/// What is counted, and the most that there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub clients: u64,
    pub librdkafka_threads: u64,
    /// Without the runtime's workers, of which there are as many as cores.
    pub threads: u64,
    pub resident_mib: u64,
}

/// Nobody asks anything.
pub const IDLE: Limits = Limits { clients: 9, librdkafka_threads: 45, threads: 110, resident_mib: 96 };
/// Commands come from as many clients as there are in other closed loops.
pub const LOADED: Limits = Limits { clients: 9, librdkafka_threads: 45, threads: 110, resident_mib: 256 };

pub async fn budget(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("budget");
    let pid = shop.tillroll.pid;
    until_quiet(pid).await?;
    hold(&mut section, "idle", pid, IDLE)?;
    shop.stock().await?;
    let (watch, clients, seconds) = (shop.watch(), scale.clients, scale.seconds);
    let target = receive(shop.gateway, shop.by_token()?, &shop.skus);
    let load = Load { clients, seconds, target, watch: &watch }.run();
    let counted = async {
        // In the middle of the counted time.
        sleep(seconds / 3 + seconds / 2).await;
        hold(&mut section, "under load", pid, LOADED)
    };
    let (loaded, counted) = tokio::join!(load, counted);
    counted?;
    section.loaded("commands, gateway", clients, loaded?);
    Ok(section)
}

fn hold(section: &mut Section, when: &str, pid: u32, limits: Limits) -> Result<(), Failure> {
    let threads = threads(pid)?;
    let count = |matches: fn(&str) -> bool| {
        let threads = threads.iter().filter(|(name, _)| matches(name)).map(|(_, count)| count);
        threads.fold(0, |sum, count| sum + u64::try_from(*count).unwrap_or(u64::MAX))
    };
    let mib = resident_kib(pid).div_ceil(1_024);
    let cores = u64::try_from(std::thread::available_parallelism()?.get())?;
    let targets = [
        ("librdkafka clients", count(|name| name == CLIENT), limits.clients, ""),
        ("threads of librdkafka", count(|name| name.starts_with(LIBRDKAFKA)), limits.librdkafka_threads, ""),
        ("threads besides a worker per core", count(|_| true).saturating_sub(cores), limits.threads, ""),
        ("resident memory", mib, limits.resident_mib, "MiB"),
    ];
    let targets = targets.map(|(what, found, most, unit)| Target::budget(format!("{when}: {what}"), found, most, unit));
    section.targets.extend(targets);
    section.remarks.push(format!("{when}: {}", names(&threads)));
    Ok(())
}

fn names(threads: &BTreeMap<String, usize>) -> String {
    threads.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Waits until the number of threads has stood still for a while: catching up has clients of its own.
async fn until_quiet(pid: u32) -> Result<(), Failure> {
    let begun = Instant::now();
    let (mut last, mut since) = (threads(pid)?, Instant::now());
    while since.elapsed() < QUIET && begun.elapsed() < QUIET_WITHIN {
        sleep(Duration::from_millis(50)).await;
        let now = threads(pid)?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}
