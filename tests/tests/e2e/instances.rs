//! Several instances of a role: whoever is asked, the owner answers; and whichever of them ends, in order or not, no
//! answered command is lost or doubled.

#[path = "instances/failover.rs"]
mod failover;
#[path = "instances/load.rs"]
mod load;

use crate::shop::add_product;
use e2e::{Outcome, System, own, until};
use load::{Load, SKUS};
use nix::sys::signal::Signal;
use std::time::Duration;

/// A planned hand-over takes less than a second; machines that test are busy.
const PLANNED: Duration = Duration::from_secs(3);
/// The session time-out of 6 s and one second, and as much again as a busy machine may take.
const KILLED: Duration = Duration::from_secs(11);
const INSTANCE: [&str; 2] = ["serve", "inventory"];

async fn stocked(system: &System) -> Outcome {
    for sku in SKUS {
        add_product(&system.http(), sku, 100, 1).await?;
    }
    Ok(())
}

/// Waits until every partition has been asked for and has answered.
async fn a_while(load: &Load, commands: usize) -> Outcome {
    let until_then = load.answered() + commands;
    until("commands are answered", Duration::from_secs(60), || async {
        Ok((load.answered() >= until_then).then_some(()))
    })
    .await
}

#[test]
fn a_rolling_restart_under_load_fails_no_command_and_hands_over_at_once() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let mut instances = vec![system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?];
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        for _ in 0..2 {
            instances.remove(0).stop().await?;
            a_while(&load, 200).await?;
            instances.push(system.serve(&INSTANCE).await?);
            a_while(&load, 200).await?;
        }
        let done = load.end().await?;
        eprintln!("rolling restart: {done}");
        assert_eq!(done.refused(), Vec::<String>::new(), "no command is refused, not even for a moment");
        assert!(done.longest() < PLANNED, "{done}");
        done.verify(&system).await
    })
}

#[test]
fn an_instance_that_is_killed_is_replaced_within_its_session_and_nothing_is_lost_or_doubled() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let (doomed, _other) = (system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?);
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        doomed.kill().await?;
        tokio::time::sleep(KILLED).await;
        a_while(&load, 200).await?;
        let done = load.end().await?;
        eprintln!("kill -9: {done}");
        assert!(done.longest() < KILLED, "{done}");
        done.verify(&system).await
    })
}

#[test]
fn an_instance_that_froze_and_thaws_loses_nothing_doubles_nothing_and_refuses_nothing_falsely() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let (frozen, _other) = (system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?);
        let before = system.topics()?.ends().await?;
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        frozen.signal(Signal::SIGSTOP)?;
        tokio::time::sleep(KILLED).await;
        frozen.signal(Signal::SIGCONT)?;
        a_while(&load, 500).await?;
        let done = load.end().await?;
        let stored = system.topics()?.added(&before, &system.topics()?.ends().await?).await?;
        let key = ("stock-item.events.v1".to_owned(), "stock-item.received.v1".to_owned());
        let stored = stored.get(&key).copied().unwrap_or_default();
        eprintln!("frozen and thawed: {done}; {} void records", stored.saturating_sub(done.commands()));
        assert!(stored >= done.commands(), "a console consumer shows every record, void ones too");
        done.verify(&system).await
    })
}
