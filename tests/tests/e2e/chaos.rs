//! Everything fails in turn, at random, under load; then all is quiet, and each promise gets its verdict.
//!
//! Not part of the usual tests: `scripts/chaos --seconds 300 --seed 7` is the way to it. `.ci/run` has a short one.

use crate::generated::{Dice, generate};
use crate::hostile::shown_are_those_that_exist;
use crate::load::{Journal, Load};
use e2e::proof::{Shown, Verdict, of_the_log, of_the_rows};
use e2e::{Outcome, Rows, System, own, seed, texts, until, variable};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tillroll_telemetry::{Crash, CrashPoint, Fate};
use tokio::time::sleep;

const SECONDS: u64 = 60;
/// Roles that write what clients ask for all the while.
const OWNERS: [&str; 2] = ["inventory", "orders"];
/// More than the session of 6 s.
const FROZEN_FROM_S: u64 = 7;
/// Kinds of faults, by number.
const KINDS: u64 = 7;
const OWNER_FREEZES: u64 = 5;
/// Its first appends are claims and marks.
const CLAIMED_BY: u32 = 20;
const FREEZES_WITHIN: Duration = Duration::from_secs(60);
const CLIENTS: u64 = 8;
const DIES_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After the last fault: an overdue step is waited for 160 s at last.
const SETTLES_WITHIN: Duration = Duration::from_secs(200);
const CHECKPOINTS: &str = "SELECT projection, topic, partition::text, next_offset::text FROM projection.checkpoint";

#[test]
#[ignore = "takes as long as it is told to: scripts/chaos"]
fn everything_fails_in_turn_and_every_promise_is_kept() -> Outcome {
    own(|system| async move {
        let seed = seed();
        let seconds = variable("TILLROLL_CHAOS_SECONDS").and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
        let ends = Instant::now() + Duration::from_secs(seconds);
        let stop = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Handle::current();
        let load = Load::start(&system.http(), "chaos", seed, CLIENTS).await?;
        let imports = runtime.spawn(import_again_and_again(system.clone(), seed, stop.clone()));
        let watch = runtime.spawn(checkpoints_that_moved_back(system.database_url().to_owned(), stop.clone()));

        let mut dice = Dice::of(seed);
        // What a short run must not leave to chance: nothing else tells an owner that he is one no more.
        let mut kind = OWNER_FREEZES;
        while Instant::now() < ends {
            sleep(Duration::from_millis(500 + dice.below(3_000))).await;
            fault(&system, &mut dice, kind).await?;
            kind = dice.below(KINDS);
        }
        eprintln!("now all is quiet");
        let journal = load.stop().await?;
        let served = journal.told.iter().filter(|one| one.status.is_some_and(|status| status < 300)).count();
        assert!(served > 0, "nobody was served");
        stop.store(true, Ordering::Relaxed);
        imports.await??;
        let moved_back = watch.await?;
        let _whatever_stands_then_is_judged = settled(&system, &journal).await;

        let verdicts = verdicts(&system, &journal, moved_back).await?;
        for verdict in &verdicts {
            eprintln!("{verdict}");
        }
        let broken = verdicts.iter().filter(|verdict| !verdict.breaches.is_empty()).count();
        let (commands, sent_away, void) = (journal.told.len(), journal.sent_away, system.roll().await?.void().len());
        eprintln!("seed {seed}, {seconds} s, {commands} commands, sent away {sent_away} times, {void} void records");
        assert_eq!(broken, 0, "{verdicts:#?}");
        Ok(())
    })
}

/// Waits until nothing of the log breaks a promise, and nothing is written any more.
async fn settled(system: &System, journal: &Journal) -> Outcome {
    until("every promise is kept", SETTLES_WITHIN, || async {
        let verdicts = of_the_log(&system.roll().await?, &journal.told);
        Ok(verdicts.iter().all(|verdict| verdict.breaches.is_empty()).then_some(()))
    })
    .await?;
    system.is_at_rest(SETTLES_WITHIN).await
}

/// One fault, from its beginning to its end.
async fn fault(system: &System, dice: &mut Dice, kind: u64) -> Outcome {
    let began = Instant::now();
    let what = match kind {
        0 => {
            let mut tillroll = system.tillroll().await;
            tillroll.kill().await?;
            tillroll.start_again().await?;
            "tillroll killed".to_owned()
        }
        1 | 2 => crash(system, dice).await?,
        3 => {
            system.kafka()?.kill().await?;
            sleep(Duration::from_millis(dice.below(3_000))).await;
            system.kafka()?.start_again().await?;
            "broker killed".to_owned()
        }
        4 => {
            let seconds = 5 + dice.below(16);
            system.kafka()?.pause()?;
            sleep(Duration::from_secs(seconds)).await;
            system.kafka()?.resume()?;
            format!("broker frozen for {seconds} s")
        }
        OWNER_FREEZES => freeze_an_owner(system, dice).await?,
        _ => {
            system.postgres()?.kill().await?;
            sleep(Duration::from_millis(dice.below(3_000))).await;
            system.postgres()?.start_again().await?;
            "PostgreSQL killed".to_owned()
        }
    };
    eprintln!("{what}: {} ms", began.elapsed().as_millis());
    Ok(())
}

/// Starts the process so that it dies at a point, and then for good. A point that is not passed in time is left alone.
async fn crash(system: &System, dice: &mut Dice) -> Outcome<String> {
    let point = CrashPoint::ALL[dice.below(CrashPoint::ALL.len() as u64) as usize];
    let crash = Crash { point, passing: 1 + dice.below(60) as u32, fate: Fate::Killed };
    let mut tillroll = system.tillroll().await;
    tillroll.kill().await?;
    tillroll.set("TILLROLL_CRASH", Some(crash.to_string()));
    tillroll.begin_again()?;
    let died = tillroll.dies(DIES_WITHIN).await?;
    tillroll.set("TILLROLL_CRASH", None);
    tillroll.kill().await?;
    tillroll.start_again().await?;
    Ok(format!("{} at {crash}", if died { "killed" } else { "not killed" }))
}

/// A second instance of a role takes part and freezes with a record that it has decided and not handed over, past its
/// session: it thaws when others own its partitions, and that record comes late. Then it is killed or stopped.
async fn freeze_an_owner(system: &System, dice: &mut Dice) -> Outcome<String> {
    let role = OWNERS[dice.below(OWNERS.len() as u64) as usize];
    let passing = CLAIMED_BY + dice.below(40) as u32;
    let freezes = Crash { point: CrashPoint::BeforeProduce, passing, fate: Fate::Frozen };
    let (seconds, killed) = (FROZEN_FROM_S + dice.below(6), dice.below(2) == 0);
    let instance = system.serve_with(&[("TILLROLL_CRASH", freezes.to_string())], &["serve", role]).await?;
    until("the second instance freezes", FREEZES_WITHIN, || async { Ok(instance.is_frozen()?.then_some(())) }).await?;
    sleep(Duration::from_secs(seconds)).await;
    instance.signal(Signal::SIGCONT)?;
    sleep(Duration::from_millis(dice.below(3_000))).await;
    let ended = if killed { "killed" } else { "stopped" };
    match killed {
        true => instance.kill().await?,
        false => instance.stop().await?,
    }
    Ok(format!("a second instance of {role} frozen for {seconds} s at {freezes}, thawed and {ended}"))
}

/// The same file is imported until it is time to stop, and then once more to its end.
async fn import_again_and_again(system: System, seed: u64, stop: Arc<AtomicBool>) -> Outcome {
    let path = system.home().join("chaos.csv");
    std::fs::write(&path, generate(seed, 2012, 200).csv)?;
    while !stop.load(Ordering::Relaxed) {
        // It may give up: then it is begun again.
        let _ended = system.run(&["import", "online-retail", &path.to_string_lossy()]).await?;
    }
    system.import(&path).await.map(drop)
}

/// Looks at the checkpoints all the while.
async fn checkpoints_that_moved_back(database_url: String, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut seen: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    let mut breaches = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        sleep(LOOK_EVERY).await;
        // The database may be away.
        for mut row in texts(&database_url, CHECKPOINTS).await.unwrap_or_default() {
            let next = row.pop().and_then(|next| next.parse().ok()).unwrap_or(-1);
            let before = seen.insert(row.clone(), next).unwrap_or(next);
            if next < before {
                breaches.push(format!("{row:?} from {before} to {next}"));
            }
        }
    }
    breaches
}

async fn verdicts(system: &System, journal: &Journal, moved_back: Vec<String>) -> Outcome<Vec<Verdict>> {
    system.caught_up().await?;
    let (roll, shown) = (system.roll().await?, Shown::read(system.database_url()).await?);
    let mut verdicts = of_the_log(&roll, &journal.told);
    verdicts.push(of_the_rows(&roll, &shown));
    for verdict in &mut verdicts {
        match verdict.number {
            2 => verdict.breaches.extend(journal.undocumented.iter().cloned()),
            3 => verdict.breaches.extend(journal.reused.iter().cloned()),
            _ => {}
        }
    }
    shown_are_those_that_exist(system, &roll).await?;
    let before = system.rows().await?;
    verdicts.push(Verdict::new(10, "a rebuild gives the same rows, byte for byte", rebuilt(system, &before).await?));
    verdicts.push(Verdict::new(11, "checkpoints only move forward", moved_back));
    verdicts.push(Verdict::new(12, "a query is never older than its token", journal.stale.clone()));
    verdicts.sort_by_key(|verdict| verdict.number);
    Ok(verdicts)
}

/// Tables that are not the same after they were made again.
async fn rebuilt(system: &System, before: &Rows) -> Outcome<Vec<String>> {
    system.tillroll().await.stop().await?;
    system.delete_read_models().await?;
    system.tillroll().await.start_again().await?;
    system.caught_up().await?;
    Ok(before.differences(&system.rows().await?))
}
